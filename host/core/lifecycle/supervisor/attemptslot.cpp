// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/supervisor/attemptslot.h"

#include "core/plantedbug.h"

#include <limits>
#include <utility>

namespace fairlead::core {

AttemptSlot::Claim::~Claim()
{
    if (m_slot && !isPlanted(PlantedBug::SV11))
        m_slot->release();
}

AttemptSlot::AttemptSlot(Timers &timers,
                         Timer::Callback onTimer,
                         void *owner,
                         std::function<void(quint64 generation)> abort)
    : m_timers(timers)
    , m_timer(onTimer, owner)
    , m_abort(std::move(abort))
{ }

AttemptSlot::Claim AttemptSlot::claim(quint64 generation) noexcept
{
    if (m_phase != Phase::Free)
        return Claim(nullptr);
    m_phase = Phase::Claimed;
    m_generation = generation;
    return Claim(this);
}

void AttemptSlot::wait(qint64 deadline) noexcept
{
    Q_ASSERT(m_phase == Phase::Claimed);
    m_phase = Phase::Waiting;
    m_timers.arm(m_timer, deadline);
}

void AttemptSlot::dial(DialPermit permit, qint64 deadline) noexcept
{
    Q_ASSERT(m_phase == Phase::Claimed);
    m_phase = Phase::Dialling;
    m_permit = std::move(permit);
    m_timers.arm(m_timer, deadline);
}

void AttemptSlot::markIssued() noexcept
{
    Q_ASSERT(m_phase == Phase::Dialling);
    m_issued = true;
}

void AttemptSlot::handshake(qint64 deadline) noexcept
{
    Q_ASSERT(isBusy());
    m_phase = Phase::Handshaking;
    m_timers.arm(m_timer, deadline);
}

void AttemptSlot::finish() noexcept
{
    m_issued = false;
    m_phase = Phase::Free;
    m_permit.release();
    m_timers.disarm(m_timer);
}

void AttemptSlot::release()
{
    const bool mustAbort = m_issued;
    finish();
    if (mustAbort && !isPlanted(PlantedBug::SH04))
        m_abort(m_generation);
}

void AttemptSlot::countAttempt() noexcept
{
    if (m_count < quint32(std::numeric_limits<qint32>::max()))
        ++m_count;
}

} // namespace fairlead::core
