// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "protocol/core_p.h"
#include "protocol/messagewriter.h"
#include "protocol/units.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace fairlead::ship {

namespace {

constexpr qint64 kNotArmed = std::numeric_limits<qint64>::max();

} // namespace

Core::Core(Settings settings)
    : m_settings(std::move(settings))
{
    m_deadlines.fill(kNotArmed);
}

void Core::begin(qint64 now, Actions &out) noexcept
{
    m_now = now;
    m_out = &out;
}

void Core::enter(State state)
{
    if (m_state == state)
        return;
    m_state = state;
    act(EnterState{state});
}

void Core::send(const Message &message)
{
    act(SendMessage{encode(message)});
}

void Core::act(Action action)
{
    m_out->push_back(std::move(action));
}

void Core::notice(NoticeKind kind)
{
    act(Notice{kind, {}});
}

void Core::discard(const DecodeError &error)
{
    act(Notice{NoticeKind::Discarded, error});
}

void Core::arm(TimerId timer, qint64 milliseconds)
{
    armAt(timer, m_now + milliseconds * kNsPerMs);
}

void Core::extend(TimerId timer, qint64 milliseconds)
{
    const qint64 from = isArmed(timer) ? deadline(timer) : m_now;
    armAt(timer, from + milliseconds * kNsPerMs);
}

void Core::armAt(TimerId timer, qint64 when)
{
    deadline(timer) = when;
    act(ArmTimer{timer, when});
}

void Core::disarm(TimerId timer)
{
    if (!isArmed(timer))
        return;
    deadline(timer) = kNotArmed;
    act(DisarmTimer{timer});
}

void Core::disarmAll()
{
    for (int i = 0; i < kTimerCount; ++i)
        disarm(static_cast<TimerId>(i));
}

bool Core::isArmed(TimerId timer) const noexcept
{
    return deadline(timer) != kNotArmed;
}

quint32 Core::remaining(TimerId timer) const noexcept
{
    if (!isArmed(timer))
        return 0;
    const qint64 left = (deadline(timer) - m_now) / kNsPerMs;
    return static_cast<quint32>(std::clamp<qint64>(left, 0, std::numeric_limits<quint32>::max()));
}

bool Core::takeExpired(TimerId timer) noexcept
{
    if (!isArmed(timer) || m_now < deadline(timer))
        return false;
    deadline(timer) = kNotArmed;
    return true;
}

void Core::end(EndReason reason, const char *text, bool peerIsGone)
{
    if (isClosed())
        return;
    disarmAll();
    enter(State::Closed);
    act(End{reason, text, closeFrameFor(reason), peerIsGone});
}

qint64 &Core::deadline(TimerId timer) noexcept
{
    return m_deadlines[static_cast<std::size_t>(timer)];
}

qint64 Core::deadline(TimerId timer) const noexcept
{
    return m_deadlines[static_cast<std::size_t>(timer)];
}

} // namespace fairlead::ship
