// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "link/protocoltimers.h"

namespace fairlead::ship {

ProtocolTimers::Place::Place(ProtocolTimersUser &placeUser, TimerId timerId) noexcept
    : user(placeUser)
    , id(timerId)
    , timer(
          [](void *self) {
              const auto *place = static_cast<Place *>(self);
              place->user.handleTimer(place->id);
          },
          this)
{ }

ProtocolTimers::ProtocolTimers(ProtocolTimersUser &user, Timers &timers)
    : m_timers(timers)
    , m_places{{{user, TimerId::Init},
                {user, TimerId::HelloWait},
                {user, TimerId::HelloSend},
                {user, TimerId::HelloReply},
                {user, TimerId::Protocol},
                {user, TimerId::PinState},
                {user, TimerId::PinReply},
                {user, TimerId::PinEntry},
                {user, TimerId::PinPenalty},
                {user, TimerId::Close}}}
{ }

void ProtocolTimers::arm(TimerId timer, qint64 deadline) noexcept
{
    m_timers.arm(place(timer).timer, deadline);
}

void ProtocolTimers::disarm(TimerId timer) noexcept
{
    m_timers.disarm(place(timer).timer);
}

} // namespace fairlead::ship
