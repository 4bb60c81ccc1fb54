// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/action.h"
#include "protocol/settings.h"

#include <memory>

namespace fairlead::ship {

enum class SendVerdict : quint8 {
    Sent,
    NotInDataExchange,
    TooLarge
};

/// One SHIP connection from the open websocket to its end, for either role.
///
/// Pure: an event comes in with the time (monotonic nanoseconds), what has to be done is appended to
/// @p out. Single use, for no state survives a connection. After End every event is ignored, late
/// timers included. Not thread-safe; nothing in it calls back.
class Machine
{
public:
    explicit Machine(Settings settings);
    ~Machine();
    Machine(const Machine &) = delete;
    Machine &operator=(const Machine &) = delete;
    Machine(Machine &&) noexcept;
    Machine &operator=(Machine &&) noexcept;

    [[nodiscard]] State state() const noexcept;
    /// How often the peer entered a wrong PIN, earlier connections included.
    [[nodiscard]] quint32 wrongPins() const noexcept;

    /// The websocket is open, both certificates are known.
    void start(qint64 now, Actions &out);
    /// One whole binary message.
    void receive(Bytes message, qint64 now, Actions &out);
    /// A timer's deadline is reached. One that was disarmed or moved meanwhile is ignored.
    void expire(TimerId timer, qint64 now, Actions &out);
    /// The websocket was closed or lost.
    void peerGone(qint64 now, Actions &out);

    /// Somebody decided about the peer, or takes a decision back. Before the hello it counts when the
    /// hello begins; from then on Rejected ends the connection in every state.
    void decideTrust(Trust trust, qint64 now, Actions &out);
    /// The peer's PIN; kept for when the peer takes one, unused when it never asks. False: no PIN at
    /// all, see isPin().
    [[nodiscard]] bool enterPin(Bytes pin, qint64 now, Actions &out);
    /// @p payload must be JSON in EEBUS form; it is passed on untouched.
    [[nodiscard]] SendVerdict sendData(Bytes payload, qint64 now, Actions &out);
    void askAccessMethods(qint64 now, Actions &out);

    /// An orderly end, with the words of the state it comes in: LocalClose, Duplicate or
    /// TrustRemovedHere.
    void close(EndReason reason, qint64 now, Actions &out);
    /// The user gave up: as close(), but nothing is waited for.
    void abort(qint64 now, Actions &out);

private:
    class Private;
    std::unique_ptr<Private> d;
};

} // namespace fairlead::ship
