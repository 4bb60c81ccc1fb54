// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>

#include <fairlead/result.h>

namespace fairlead {
class Heartbeat;
class MessageStream;
} // namespace fairlead

namespace fairlead::ship {

/// How long a peer may be silent. It is asked by a ping after 50 s and lost after 60 s, or asked at once
/// and lost after 10 s when it announces itself at another place: a device that moved says nothing on the
/// connection it left. One that answers is well, wherever it is said to be.
///
/// Thread: the link's reactor. Ownership: the link's.
class PeerWatch
{
public:
    static constexpr qint64 kPingMs = 50'000;
    static constexpr qint64 kSilenceMs = 60'000;
    static constexpr qint64 kAnswerMs = 10'000;

    /// @p heartbeat: null when the host has none; then nothing is watched.
    PeerWatch(Heartbeat *heartbeat, MessageStream *messages) noexcept
        : m_heartbeat(heartbeat)
        , m_messages(messages)
    { }

    /// @p places: where the peer is said to be. Errors: as Heartbeat::watch().
    Result<> begin(const QByteArray &places);
    /// It is said to be at @p places now; nothing when they are the same. Errors: as Heartbeat::watch().
    Result<> follow(const QByteArray &places);
    /// It was silent for as long as it may be without being asked. Errors: as Heartbeat::watch().
    Result<> handleProbeDue();

private:
    bool hasAnswered() const noexcept;
    Result<> watch(qint64 probeMs, qint64 timeoutMs);

    Heartbeat *const m_heartbeat;
    MessageStream *const m_messages;
    QByteArray m_places;
    quint64 m_pongs = 0; ///< when it was doubted last
    bool m_isDoubted = false;
};

} // namespace fairlead::ship
