// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "idletracker.h"

#include <QtCore/QPointer>

#include <limits>
#include <utility>
#include <vector>

namespace fairlead::core {

IdleTracker::IdleTracker(const Clock &clock, Timers &timers, qint64 timeout, QObject *parent)
    : QObject(parent)
    , m_clock(clock)
    , m_timers(timers)
    , m_timeout(std::max(timeout, kNsPerMs))
    , m_timer([](void *self) noexcept { static_cast<IdleTracker *>(self)->handleTimeout(); }, this)
{ }

void IdleTracker::watch(const QString &id, quint64 generation)
{
    watch(id, generation, m_timeout);
}

void IdleTracker::watch(const QString &id, quint64 generation, qint64 timeout, LastUse asked)
{
    timeout = std::max(timeout, kNsPerMs);
    m_watched[id] = {generation, timeout, m_clock.now(), std::move(asked), false};
    armFor(m_clock.now() + timeout);
}

void IdleTracker::forget(const QString &id)
{
    m_watched.remove(id);
    if (m_watched.isEmpty())
        m_timers.disarm(m_timer);
}

void IdleTracker::touch(const QString &id)
{
    // The timer stays where it is: it looks at this when it fires.
    const auto found = m_watched.find(id);
    if (found != m_watched.end() && !found->told)
        found->lastUse = m_clock.now();
}

bool IdleTracker::rearm(const QString &id, quint64 generation)
{
    const auto found = m_watched.find(id);
    if (found == m_watched.end() || found->generation != generation) {
        ++m_stale;
        return false;
    }
    found->told = false;
    found->lastUse = m_clock.now();
    armFor(found->lastUse + found->timeout);
    return true;
}

void IdleTracker::armFor(qint64 deadline) noexcept
{
    if (!m_timer.isArmed() || deadline < m_timer.deadline())
        m_timers.arm(m_timer, deadline);
}

void IdleTracker::handleTimeout() noexcept
{
    const qint64 now = m_clock.now();
    qint64 next = std::numeric_limits<qint64>::max();
    std::vector<std::pair<QString, quint64>> due;
    for (auto it = m_watched.begin(); it != m_watched.end(); ++it) {
        if (it->told)
            continue;
        const qint64 deadline = it->deadline();
        if (deadline <= now) {
            it->told = true;
            due.emplace_back(it.key(), it->generation);
        } else {
            next = std::min(next, deadline);
        }
    }
    if (next != std::numeric_limits<qint64>::max())
        armFor(next);
    std::sort(due.begin(), due.end()); // a hash has no order to rely on
    const QPointer<IdleTracker> self = this;
    for (const auto &[id, generation] : due) {
        // A slot may have changed what holds for those that follow.
        const auto found = m_watched.constFind(id);
        if (found != m_watched.constEnd() && found->generation == generation && found->told)
            Q_EMIT idleDue(id, generation);
        if (!self)
            return;
    }
}

} // namespace fairlead::core
