// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/topicindex.h"

#include "core/distributor/sequencer.h"

#include <algorithm>
#include <map>

namespace fairlead::core {

/// One topic level; children by their text, the two wildcards apart.
struct TopicIndex::Node
{
    using Children
        = std::unordered_map<std::string, std::unique_ptr<Node>, BytesHash, std::equal_to<>>;

    std::unique_ptr<Children> children;
    std::unique_ptr<Node> any; ///< `+`
    std::unique_ptr<Node> rest; ///< `#`
    std::vector<IndexedSubscription> direct;
    std::vector<std::shared_ptr<SharedGroup>> groups;

    bool isEmpty() const noexcept
    {
        return direct.empty() && groups.empty() && !any && !rest
            && (!children || children->empty());
    }
};

namespace {

// Cuts the first level off; false when there was none left.
bool nextLevel(ByteSpan *rest, bool *more, ByteSpan *level) noexcept
{
    if (!*more)
        return false;
    const std::size_t slash = rest->find('/');
    *level = rest->substr(0, slash);
    *more = slash != ByteSpan::npos;
    *rest = *more ? rest->substr(slash + 1) : ByteSpan();
    return true;
}

} // namespace

TopicIndex::TopicIndex(Sequencer &sequencer)
    : m_sequencer(sequencer)
    , m_root(std::make_unique<Node>())
{ }

TopicIndex::~TopicIndex()
{
    // Level by level: a filter may have more of them than the stack has room for.
    std::vector<std::unique_ptr<Node>> open;
    open.push_back(std::move(m_root));
    while (!open.empty()) {
        const std::unique_ptr<Node> node = std::move(open.back());
        open.pop_back();
        for (std::unique_ptr<Node> *child : {&node->any, &node->rest}) {
            if (*child)
                open.push_back(std::move(*child));
        }
        if (!node->children)
            continue;
        for (auto &[level, child] : *node->children)
            open.push_back(std::move(child));
    }
}

quint32 TopicIndex::levelSlot(ByteSpan topic) noexcept
{
    const ByteSpan level = topic.substr(0, topic.find('/'));
    return quint32(std::hash<std::string_view>()(level) % kLevelSlots);
}

TopicIndex::Stamp TopicIndex::stamp(quint32 slot) const noexcept
{
    return {m_wildcardGeneration.load(std::memory_order_acquire),
            m_levelGenerations[slot].load(std::memory_order_acquire)};
}

void TopicIndex::raiseLocked(const TopicFilter &filter) noexcept
{
    const ByteSpan pattern = filter.pattern();
    if (pattern.front() == '+' || pattern.front() == '#')
        m_wildcardGeneration.fetch_add(1, std::memory_order_release);
    else
        m_levelGenerations[levelSlot(pattern)].fetch_add(1, std::memory_order_release);
    m_changes.fetch_add(1, std::memory_order_release);
}

void TopicIndex::rehomeLocked(Subscriber &subscriber, int reactor) noexcept
{
    subscriber.home.store(reactor, std::memory_order_release);
    m_wildcardGeneration.fetch_add(1, std::memory_order_release);
    m_changes.fetch_add(1, std::memory_order_release);
}

bool TopicIndex::subscribe(const SubscriberPtr &subscriber,
                           const TopicFilter &filter,
                           const SubscriptionOptions &options,
                           quint64 *from)
{
    std::unique_lock writing(m_lock);
    Node *node = m_root.get();
    ByteSpan rest = filter.pattern();
    ByteSpan level;
    bool more = true;
    while (nextLevel(&rest, &more, &level)) {
        std::unique_ptr<Node> *next = nullptr;
        if (level == "+") {
            next = &node->any;
        } else if (level == "#") {
            next = &node->rest;
        } else {
            if (!node->children)
                node->children = std::make_unique<Node::Children>();
            auto found = node->children->find(level);
            if (found == node->children->end())
                found = node->children->emplace(std::string(level), nullptr).first;
            next = &found->second;
        }
        if (!*next) {
            *next = std::make_unique<Node>();
            m_levelCount.fetch_add(1, std::memory_order_relaxed);
        }
        node = next->get();
    }

    const auto sequencing = m_sequencer.lock();
    bool existed = false;
    *from = m_sequencer.nextSequenceLocked();
    if (filter.isShared()) {
        auto group = std::find_if(node->groups.begin(), node->groups.end(), [&](const auto &g) {
            return g->filter == filter;
        });
        if (group == node->groups.end()) {
            auto made = std::make_shared<SharedGroup>();
            made->filter = filter;
            made->members = std::make_shared<const std::vector<SharedMemberPtr>>();
            group = node->groups.insert(node->groups.end(), std::move(made));
        }
        auto members = std::make_shared<std::vector<SharedMemberPtr>>(*(*group)->members);
        auto member = std::make_shared<SharedMember>();
        member->subscriber = subscriber;
        member->filter = filter;
        member->options = options;
        member->terms = termsOf(options);
        const auto mine = std::find_if(members->begin(), members->end(), [&](const auto &m) {
            return m->subscriber->number == subscriber->number;
        });
        existed = mine != members->end();
        member->since = existed ? (*mine)->since : *from;
        if (existed)
            *mine = std::move(member);
        else
            members->push_back(std::move(member));
        (*group)->members = std::move(members);
    } else {
        const auto mine
            = std::find_if(node->direct.begin(), node->direct.end(), [&](const auto &s) {
                  return s.subscriber->number == subscriber->number;
              });
        existed = mine != node->direct.end();
        if (existed) {
            // Its place in the history stays: a replacement loses nothing.
            mine->options = options;
        } else {
            node->direct.push_back({subscriber, options, *from});
        }
    }
    if (!existed) {
        m_count.fetch_add(1, std::memory_order_relaxed);
        if (filter.isShared())
            m_sharedCount.fetch_add(1, std::memory_order_relaxed);
    }
    raiseLocked(filter);
    return existed;
}

std::shared_ptr<SharedGroup> TopicIndex::group(const TopicFilter &filter) const
{
    const auto reading = readLock();
    const Node *node = find(filter.pattern(), nullptr);
    if (!node)
        return {};
    for (const std::shared_ptr<SharedGroup> &group : node->groups) {
        if (group->filter == filter)
            return group;
    }
    return {};
}

TopicIndex::Node *TopicIndex::find(ByteSpan pattern,
                                   std::vector<std::pair<Node *, std::string>> *path) const
{
    Node *node = m_root.get();
    ByteSpan level;
    bool more = true;
    while (node && nextLevel(&pattern, &more, &level)) {
        if (path)
            path->emplace_back(node, std::string(level));
        if (level == "+") {
            node = node->any.get();
        } else if (level == "#") {
            node = node->rest.get();
        } else if (node->children) {
            const auto found = node->children->find(level);
            node = found == node->children->end() ? nullptr : found->second.get();
        } else {
            node = nullptr;
        }
    }
    return node;
}

bool TopicIndex::unsubscribe(const Subscriber &subscriber, const TopicFilter &filter)
{
    std::unique_lock writing(m_lock);
    std::vector<std::pair<Node *, std::string>> path;
    Node *node = find(filter.pattern(), &path);
    if (!node)
        return false;

    bool removed = false;
    {
        const auto sequencing = m_sequencer.lock();
        if (filter.isShared()) {
            const auto group = std::find_if(node->groups.begin(),
                                            node->groups.end(),
                                            [&](const auto &g) { return g->filter == filter; });
            if (group != node->groups.end()) {
                auto members = std::make_shared<std::vector<SharedMemberPtr>>(*(*group)->members);
                removed = std::erase_if(*members,
                                        [&](const auto &m) {
                                            return m->subscriber->number == subscriber.number;
                                        })
                    > 0;
                const bool deserted = members->empty();
                (*group)->members = std::move(members);
                if (deserted)
                    node->groups.erase(group);
            }
        } else {
            removed = std::erase_if(
                          node->direct,
                          [&](const auto &s) { return s.subscriber->number == subscriber.number; })
                > 0;
        }
        if (removed)
            raiseLocked(filter);
    }
    if (!removed)
        return false;
    m_count.fetch_sub(1, std::memory_order_relaxed);
    if (filter.isShared())
        m_sharedCount.fetch_sub(1, std::memory_order_relaxed);
    for (auto step = path.rbegin(); step != path.rend() && node->isEmpty(); ++step) {
        Node *parent = step->first;
        m_levelCount.fetch_sub(1, std::memory_order_relaxed);
        if (step->second == "+")
            parent->any.reset();
        else if (step->second == "#")
            parent->rest.reset();
        else
            parent->children->erase(parent->children->find(step->second));
        if (parent->children && parent->children->empty())
            parent->children.reset();
        node = parent;
    }
    return true;
}

TopicIndex::Stamp TopicIndex::match(ByteSpan topic, Matches *out) const
{
    const auto reading = readLock();
    return matchLocked(topic, out);
}

TopicIndex::Stamp TopicIndex::matchLocked(ByteSpan topic, Matches *out) const
{
    const auto take = [out](const Node &node) {
        out->direct.insert(out->direct.end(), node.direct.begin(), node.direct.end());
        out->groups.insert(out->groups.end(), node.groups.begin(), node.groups.end());
    };

    struct Step
    {
        const Node *node;
        std::size_t offset; ///< of the level to look at; past the end: all levels are done
    };

    std::vector<Step> open;
    open.reserve(16);
    open.push_back({m_root.get(), 0});
    // A filter that starts with a wildcard does not select `$` topics.
    const bool dollar = !topic.empty() && topic.front() == '$';
    while (!open.empty()) {
        const Step step = open.back();
        open.pop_back();
        const bool wild = !(dollar && step.node == m_root.get());
        if (step.node->rest && wild)
            take(*step.node->rest);
        if (step.offset > topic.size()) {
            take(*step.node);
            continue;
        }
        const std::size_t slash = topic.find('/', step.offset);
        const std::size_t end = slash == ByteSpan::npos ? topic.size() : slash;
        const std::size_t next = slash == ByteSpan::npos ? topic.size() + 1 : slash + 1;
        if (step.node->any && wild)
            open.push_back({step.node->any.get(), next});
        if (step.node->children) {
            const auto found
                = step.node->children->find(topic.substr(step.offset, end - step.offset));
            if (found != step.node->children->end())
                open.push_back({found->second.get(), next});
        }
    }
    return stamp(levelSlot(topic));
}

} // namespace fairlead::core
