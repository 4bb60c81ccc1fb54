// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "linkregistry.h"

#include "core/plantedbug.h"

#include <algorithm>
#include <utility>

namespace fairlead::core {

namespace {

/// Every repetition means that another thread changed the slot meanwhile, or the policy did.
constexpr int kMaxDecisions = 1000;
/// The observer only posts; more than this means that it hangs.
constexpr std::size_t kMaxWaitingEvents = 65536;

SwapResult rejected(Error error, const DoubleLinkDecision &decision = DoubleLinkDecision())
{
    SwapResult result;
    result.outcome = SwapResult::Outcome::Rejected;
    result.error = std::move(error);
    result.decision = decision;
    return result;
}

} // namespace

LinkFacts factsOf(const LinkRef &link, qint64 now)
{
    LinkFacts facts;
    facts.generation = link.generation;
    facts.direction = link.direction;
    facts.phase = link.liveness ? link.liveness->state() : Link::State::Ready;
    facts.ageNs = std::max<qint64>(0, now - link.since);
    facts.live = link.isLive(now);
    return facts;
}

LinkRegistry::LinkRegistry(Observer observer, qsizetype limit)
    : m_observer(std::move(observer))
    , m_limit(limit)
{ }

SwapResult LinkRegistry::swap(const SwapRequest &request)
{
    if (request.key.isEmpty() || request.candidate.generation == 0 || !request.policy)
        return rejected(Error(ErrorCode::InvalidArgument,
                              QStringLiteral("a link registers with key, generation and policy")));

    std::optional<LinkRef> judged;
    DoubleLinkDecision decision;
    for (int round = 0; round < kMaxDecisions; ++round) {
        LinkRef present;
        std::optional<SwapResult> result;
        {
            const std::lock_guard lock(m_mutex);
            if (round > 1)
                ++m_stats.decisionsRetried;
            result = trySwap(request, judged, decision, &present);
        }
        if (result) {
            if (result->outcome == SwapResult::Outcome::Kept && request.build)
                build(request);
            tell();
            return *std::move(result);
        }
        decision = request.policy({request.ownId,
                                   request.peerId,
                                   factsOf(present, request.now),
                                   factsOf(request.candidate, request.now)});
        judged = std::move(present);
    }

    const std::lock_guard lock(m_mutex);
    ++m_stats.rejectedOther;
    return rejected(Error(ErrorCode::Internal,
                          QStringLiteral("the slot changed with every decision about it")));
}

void LinkRegistry::build(const SwapRequest &request)
{
    try {
        request.build(request.candidate);
    } catch (...) {
        remove(request.key, request.candidate.generation);
        throw;
    }
}

/// One round under the lock: the result, or nothing and the holder that the policy is to judge.
std::optional<SwapResult> LinkRegistry::trySwap(const SwapRequest &request,
                                                const std::optional<LinkRef> &judged,
                                                const DoubleLinkDecision &decision,
                                                LinkRef *present)
{
    if (!request.candidate.isLive(request.now)) {
        ++m_stats.rejectedOther;
        return rejected(
            Error(ErrorCode::Cancelled, QStringLiteral("the link ended before it was registered")));
    }

    const auto held = m_slots.find(request.key);
    const LinkRef *holder = held == m_slots.end() ? nullptr : &held->link;
    const bool holderLives = holder && (holder->isLive(request.now) || isPlanted(PlantedBug::RG04));
    if (holder && holder->generation == request.candidate.generation)
        return rejected(Error(ErrorCode::AlreadyExists,
                              QStringLiteral("the link is registered under this key already")));

    if (holderLives) {
        if (!judged || judged->generation != holder->generation) {
            *present = *holder;
            return std::nullopt;
        }
        if (decision.verdict == DoubleLinkVerdict::Wait) {
            ++m_stats.deferred;
            SwapResult result;
            result.outcome = SwapResult::Outcome::Deferred;
            result.decision = decision;
            return result;
        }
        if (decision.verdict == DoubleLinkVerdict::KeepPresent) {
            ++m_stats.rejectedByPolicy;
            return rejected(Error(ErrorCode::AlreadyExists,
                                  QStringLiteral("the peer is connected by another link")),
                            decision);
        }
    }

    if (const Error full = checkLimits(request, holder); !full.isNull()) {
        ++m_stats.rejectedByLimit;
        return rejected(full, decision);
    }
    SwapResult result;
    result.outcome = SwapResult::Outcome::Kept;
    result.decision = decision;
    if (holderLives && !isPlanted(PlantedBug::RG01))
        result.evicted = *holder;
    commit(request, held);
    return result;
}

Error LinkRegistry::checkLimits(const SwapRequest &request, const LinkRef *held)
{
    const bool replaces = held && held->isLive(request.now);
    if (!replaces && !hasPlace(m_host, m_limit, nullptr, request.now)) {
        Error error(ErrorCode::LimitReached,
                    QStringLiteral("the host has its %1 links").arg(m_limit));
        error.setDetail(QStringLiteral("limit"), QStringLiteral("host"));
        return error;
    }

    const int endpoint = request.candidate.endpoint;
    if (replaces && held->endpoint == endpoint)
        return {};
    const auto place = m_endpoints.find(endpoint);
    const bool full = place == m_endpoints.end()
        ? request.endpointLimit <= 0
        : !hasPlace(*place, request.endpointLimit, &endpoint, request.now);
    if (full) {
        Error error(ErrorCode::LimitReached,
                    QStringLiteral("the endpoint has its %1 links").arg(request.endpointLimit));
        error.setDetail(QStringLiteral("limit"), QStringLiteral("endpoint"));
        return error;
    }
    return {};
}

/// Whether one more fits. Stale ones do not count (RG-09).
bool LinkRegistry::hasPlace(Place &place, qsizetype limit, const int *endpoint, qint64 now)
{
    if (place.count < limit)
        return true;
    const quint64 ended = LinkLiveness::endedCount();
    if (place.noneStale.ended == ended && now < place.noneStale.until)
        return false;

    qsizetype live = 0;
    qint64 until = LinkLiveness::kNoDeadline;
    for (const Slot &slot : std::as_const(m_slots)) {
        if ((endpoint && slot.link.endpoint != *endpoint) || !slot.link.isLive(now))
            continue;
        ++live;
        if (slot.link.liveness)
            until = std::min(until, slot.link.liveness->deadline());
    }
    if (live < limit)
        return true;
    if (live == place.count)
        place.noneStale = {ended, until};
    return false;
}

void LinkRegistry::commit(const SwapRequest &request, Slots::iterator held)
{
    LinkRef previous;
    auto kind = LinkEvent::Kind::Registered;
    if (held != m_slots.end()) {
        kind = LinkEvent::Kind::Replaced;
        previous = std::exchange(held->link, request.candidate);
        dropFromPlaces(previous);
    } else {
        held = m_slots.insert(request.key, Slot{request.candidate, 0});
    }
    held->order = m_nextOrder++;
    addToPlaces(request.candidate);
    if (kind == LinkEvent::Kind::Registered)
        ++m_stats.registered;
    else
        ++m_stats.replaced;
    record(kind, request.key, request.candidate, std::move(previous));
}

void LinkRegistry::addToPlaces(const LinkRef &link)
{
    const qint64 deadline = link.liveness ? link.liveness->deadline() : LinkLiveness::kNoDeadline;
    for (Place *place : {&m_host, &m_endpoints[link.endpoint]}) {
        ++place->count;
        place->noneStale.until = std::min(place->noneStale.until, deadline);
    }
}

void LinkRegistry::dropFromPlaces(const LinkRef &link)
{
    --m_host.count;
    if (--m_endpoints[link.endpoint].count == 0)
        m_endpoints.remove(link.endpoint);
}

void LinkRegistry::eraseSlot(Slots::iterator at)
{
    const QByteArray key = at.key();
    const LinkRef link = std::move(at->link);
    m_slots.erase(at);
    dropFromPlaces(link);
    ++m_stats.removed;
    record(LinkEvent::Kind::Removed, key, link, {});
}

void LinkRegistry::record(LinkEvent::Kind kind,
                          const QByteArray &key,
                          const LinkRef &link,
                          LinkRef previous)
{
    ++m_revision;
    if (!m_observer)
        return;
    if (m_outbox.size() >= kMaxWaitingEvents) {
        ++m_stats.eventsLost;
        return;
    }
    m_outbox.push_back({kind, m_revision, key, link, std::move(previous), m_slots.size()});
}

/// Hands the waiting events to the observer. If another call does so already, here or on another
/// thread, that one takes these too: so they keep their order.
void LinkRegistry::tell()
{
    std::unique_lock lock(m_mutex);
    if (m_telling)
        return;
    m_telling = true;
    std::vector<LinkEvent> batch;
    while (!m_outbox.empty()) {
        batch.clear();
        batch.swap(m_outbox);
        lock.unlock();
        m_observer(batch);
        lock.lock();
    }
    m_telling = false;
}

bool LinkRegistry::remove(const QByteArray &key, quint64 generation)
{
    {
        const std::lock_guard lock(m_mutex);
        const auto at = m_slots.find(key);
        if (at == m_slots.end()
            || (at->link.generation != generation && !isPlanted(PlantedBug::RG03))) {
            ++m_stats.stale[std::size_t(StaleKind::Close)];
            return false;
        }
        eraseSlot(at);
    }
    tell();
    return true;
}

bool LinkRegistry::accepts(const QByteArray &key, quint64 generation, StaleKind kind)
{
    const std::lock_guard lock(m_mutex);
    const auto at = m_slots.constFind(key);
    if (at != m_slots.cend() && (at->link.generation == generation || isPlanted(PlantedBug::RG14)))
        return true;
    ++m_stats.stale[std::size_t(kind)];
    return false;
}

std::optional<LinkRef> LinkRegistry::find(const QByteArray &key, qint64 now) const
{
    const std::lock_guard lock(m_mutex);
    const auto at = m_slots.constFind(key);
    if (at == m_slots.cend() || !at->link.isLive(now))
        return std::nullopt;
    return at->link;
}

std::vector<LinkEntry> LinkRegistry::inOrder(std::vector<Numbered> entries)
{
    std::sort(entries.begin(), entries.end(), [](const Numbered &a, const Numbered &b) {
        return a.order < b.order;
    });
    std::vector<LinkEntry> values;
    values.reserve(entries.size());
    for (Numbered &entry : entries)
        values.push_back(std::move(entry.entry));
    return values;
}

std::vector<LinkEntry> LinkRegistry::snapshot() const
{
    std::vector<Numbered> entries;
    {
        const std::lock_guard lock(m_mutex);
        entries.reserve(std::size_t(m_slots.size()));
        for (auto at = m_slots.cbegin(); at != m_slots.cend(); ++at)
            entries.push_back({at->order, {at.key(), at->link}});
    }
    return inOrder(std::move(entries));
}

std::vector<LinkEntry> LinkRegistry::prune(qint64 now)
{
    std::vector<LinkEntry> removed;
    {
        const std::lock_guard lock(m_mutex);
        std::vector<Numbered> stale;
        for (auto at = m_slots.cbegin(); at != m_slots.cend(); ++at) {
            if (!at->link.isLive(now))
                stale.push_back({at->order, {at.key(), at->link}});
        }
        removed = inOrder(std::move(stale));
        for (const LinkEntry &entry : removed)
            eraseSlot(m_slots.find(entry.key));
    }
    tell();
    return removed;
}

void LinkRegistry::setLimit(qsizetype limit)
{
    const std::lock_guard lock(m_mutex);
    m_limit = limit;
}

qsizetype LinkRegistry::size() const
{
    const std::lock_guard lock(m_mutex);
    return m_slots.size();
}

RegistryStats LinkRegistry::stats() const
{
    const std::lock_guard lock(m_mutex);
    RegistryStats stats = m_stats;
    stats.size = m_slots.size();
    return stats;
}

} // namespace fairlead::core
