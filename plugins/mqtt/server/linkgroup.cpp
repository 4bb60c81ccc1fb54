// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "server/linkgroup.h"

#include "server/closing.h"
#include "server/linkcore.h"
#include "server/quiesce.h"

#include <fairlead/clock.h>
#include <fairlead/linkdriver.h>

#include <algorithm>

namespace fairlead::mqtt {

namespace {

/// Other work of the reactor gets its turn, whatever the pace.
constexpr int kTurnLinks = 256;

} // namespace

LinkGroup::Member::~Member()
{
    leave();
}

void LinkGroup::Member::join(const std::shared_ptr<LinkGroup> &group) noexcept
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

void LinkGroup::Member::leave() noexcept
{
    if (!m_joined)
        return;
    m_joined = false;
    (m_before ? m_before->m_after : m_group->m_first) = m_after;
    (m_after ? m_after->m_before : m_group->m_last) = m_before;
    m_before = nullptr;
    m_after = nullptr;
}

LinkGroup::LinkGroup(Quiesce &quiesce, const Clock &clock, Timers &timers)
    : m_quiesce(quiesce)
    , m_clock(clock)
    , m_timers(timers)
    , m_timer([](void *self) noexcept { static_cast<LinkGroup *>(self)->handleTimeout(); }, this)
{
    // Queued when the listener is on another thread, so the call comes on this reactor.
    connect(&quiesce, &Quiesce::changed, this, [this] { handleChanged(); });
}

LinkGroup::~LinkGroup() = default;

void LinkGroup::schedule() noexcept
{
    if (m_first && !m_timer.isArmed() && m_quiesce.asksToLeave())
        m_timers.arm(m_timer, m_quiesce.claim(m_clock.now()));
}

void LinkGroup::handleChanged() noexcept
{
    if (m_quiesce.asksToLeave()) {
        schedule();
    } else if (m_timer.isArmed()) {
        m_timers.disarm(m_timer);
    }
}

void LinkGroup::handleTimeout() noexcept
{
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
    m_timers.arm(m_timer, place);
}

std::shared_ptr<LinkGroup> LinkGroups::groupOf(const LinkContext &context)
{
    const std::lock_guard lock(m_mutex);
    m_groups.erase(std::remove_if(m_groups.begin(),
                                  m_groups.end(),
                                  [](const auto &known) { return known.second.expired(); }),
                   m_groups.end());
    for (const auto &[timers, known] : m_groups) {
        if (timers != &context.timers)
            continue;
        if (auto group = known.lock())
            return group;
    }
    auto group = std::make_shared<LinkGroup>(m_quiesce, context.clock, context.timers);
    m_groups.emplace_back(&context.timers, group);
    return group;
}

} // namespace fairlead::mqtt
