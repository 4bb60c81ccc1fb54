// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "server/linkgroup.h"

#include "server/closing.h"
#include "server/linkcore.h"
#include "server/quiesce.h"

#include <fairlead/clock.h>
#include <fairlead/linkdriver.h>

#include <algorithm>
#include <utility>

namespace fairlead::mqtt {

namespace {

/// Other work of the reactor gets its turn, whatever the pace.
constexpr int kTurnLinks = 256;

} // namespace

LinkGroup::Member::~Member()
{
    leave();
    // When its own turn to leave failed, the others have theirs all the same.
    if (m_group)
        m_group->schedule();
}

void LinkGroup::Member::join(const std::shared_ptr<LinkGroup> &group)
{
    if (m_joined)
        return;
    m_joined = true;
    m_group = group;
    m_before = m_group->m_last;
    (m_before ? m_before->m_after : m_group->m_first) = this;
    m_group->m_last = this;
    m_group->schedule();
}

void LinkGroup::Member::leave()
{
    if (!m_joined)
        return;
    m_joined = false;
    (m_before ? m_before->m_after : m_group->m_first) = m_after;
    (m_after ? m_after->m_before : m_group->m_last) = m_before;
    m_before = nullptr;
    m_after = nullptr;
    if (m_group->m_armedBy == this)
        m_group->handOver();
}

LinkGroup::LinkGroup(Quiesce &quiesce, const Clock &clock)
    : m_quiesce(quiesce)
    , m_clock(clock)
    , m_timer([](void *self) { static_cast<LinkGroup *>(self)->handleTimeout(); }, this)
{
    // Queued when the listener is on another thread, so the call comes on this reactor.
    connect(&quiesce, &Quiesce::changed, this, [this] { handleChanged(); });
}

LinkGroup::~LinkGroup() = default;

void LinkGroup::schedule()
{
    if (m_first && !m_armedBy && m_quiesce.asksToLeave())
        arm(m_quiesce.claim(m_clock.now()));
}

// By the timers of the one whose turn it is, which end with its link.
void LinkGroup::arm(qint64 deadline)
{
    m_armedBy = m_first;
    m_armedBy->m_core.context.timers.arm(m_timer, deadline);
}

void LinkGroup::handOver()
{
    const qint64 deadline = m_timer.deadline();
    std::exchange(m_armedBy, nullptr)->m_core.context.timers.disarm(m_timer);
    if (m_first)
        arm(deadline);
}

void LinkGroup::handleChanged()
{
    if (m_quiesce.asksToLeave())
        schedule();
    else if (m_armedBy)
        std::exchange(m_armedBy, nullptr)->m_core.context.timers.disarm(m_timer);
}

void LinkGroup::handleTimeout()
{
    m_armedBy = nullptr;
    const std::shared_ptr<LinkGroup> self = shared_from_this();
    const qint64 now = m_clock.now();
    qint64 place = now;
    for (int asked = 0; place <= now && asked < kTurnLinks;) {
        const QuiesceReason reason = m_quiesce.reason();
        if (!m_first || !m_quiesce.asksToLeave())
            return;
        Member &member = *m_first;
        member.leave();
        if (!member.m_core.isRunning())
            continue;
        askToLeave(member.m_core, reason);
        ++asked;
        if (m_first)
            place = m_quiesce.claim(now);
    }
    if (m_first)
        arm(place);
}

std::shared_ptr<LinkGroup> LinkGroups::groupOf(const LinkContext &context)
{
    const std::lock_guard lock(m_mutex);
    m_groups.erase(std::remove_if(m_groups.begin(),
                                  m_groups.end(),
                                  [](const auto &known) { return known.second.expired(); }),
                   m_groups.end());
    // Each reactor has its own clock.
    for (const auto &[clock, known] : m_groups) {
        if (clock != &context.clock)
            continue;
        if (auto group = known.lock())
            return group;
    }
    auto group = std::make_shared<LinkGroup>(m_quiesce, context.clock);
    m_groups.emplace_back(&context.clock, group);
    return group;
}

} // namespace fairlead::mqtt
