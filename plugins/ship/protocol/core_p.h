// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/action.h"
#include "protocol/settings.h"

#include <array>

namespace fairlead::ship {

/// What all phases of a connection share: the settings, the state, the timers, and the way out.
class Core
{
public:
    explicit Core(Settings settings);

    /// Every event begins with this.
    void begin(qint64 now, Actions &out) noexcept;

    [[nodiscard]] const Settings &settings() const noexcept { return m_settings; }

    [[nodiscard]] const Times &times() const noexcept { return m_settings.times; }

    [[nodiscard]] State state() const noexcept { return m_state; }

    [[nodiscard]] bool isClosed() const noexcept { return m_state == State::Closed; }

    void enter(State state);
    void send(const Message &message);
    void act(Action action);
    void notice(NoticeKind kind);
    void discard(const DecodeError &error);

    void arm(TimerId timer, qint64 milliseconds);
    /// Adds to what is left; arms it if it is not.
    void extend(TimerId timer, qint64 milliseconds);
    void disarm(TimerId timer);
    void disarmAll();
    [[nodiscard]] bool isArmed(TimerId timer) const noexcept;
    /// Milliseconds; 0 when it is not armed.
    [[nodiscard]] quint32 remaining(TimerId timer) const noexcept;
    /// Whether the timer is due; it counts as disarmed then.
    bool takeExpired(TimerId timer) noexcept;

    void end(EndReason reason, const char *text, bool peerIsGone = false);

private:
    [[nodiscard]] qint64 &deadline(TimerId timer) noexcept;
    [[nodiscard]] qint64 deadline(TimerId timer) const noexcept;
    void armAt(TimerId timer, qint64 when);

    Settings m_settings;
    State m_state = State::Idle;
    qint64 m_now = 0;
    Actions *m_out = nullptr;
    std::array<qint64, kTimerCount> m_deadlines;
};

/// A message that nothing calls for in this state.
inline constexpr DecodeError kUnexpected
    = {DecodeErrorKind::Unexpected, "a message that has no place in this state"};

} // namespace fairlead::ship
