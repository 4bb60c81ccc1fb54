// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/reasons.h"
#include "mqttclient/message.h"

#include <deque>
#include <functional>
#include <vector>

namespace fairlead::cli {

/// What is published and not yet finished: the queue, the packet ids and the state of every QoS 1
/// and 2 exchange, in the order of publishing. Survives the connection, like the session it is.
class OutgoingFlow
{
public:
    using Handle = quint64;

    enum class Stage : quint8 {
        Queued,
        AwaitingAck, ///< PUBLISH is out: PUBACK or PUBREC is due
        AwaitingComp ///< PUBREL is out: PUBCOMP is due
    };

    struct Entry
    {
        Handle handle = 0;
        OutgoingMessage message;
        quint16 packetId = 0;
        Stage stage = Stage::Queued;
        bool dup = false; ///< the exchange began on an earlier connection
    };

    enum class Verdict : quint8 {
        Unknown, ///< no exchange with that id is in that state
        Continue, ///< PUBREL is due
        Finished
    };

    struct Outcome
    {
        Verdict verdict = Verdict::Unknown;
        Handle handle = 0;
    };

    explicit OutgoingFlow(quint16 maxInflight) noexcept
        : m_maxInflight(maxInflight)
    { }

    Handle add(OutgoingMessage message);

    /// The next message that may be sent now, with its packet id, or null. It is then awaiting its
    /// acknowledgement, or with QoS 0 gone: take what is needed before the next call.
    [[nodiscard]] Entry *next();
    /// Drops the entry that next() returned, because it was of QoS 0 or could not be sent.
    void drop(Handle handle);

    Outcome acknowledged(quint16 packetId);
    Outcome received(quint16 packetId, mqtt::ReasonCode reason);
    Outcome completed(quint16 packetId);

    /// A connection is there. With the session, every exchange goes on where it was; without it,
    /// what was not taken over by the broker begins anew. Returns the exchanges to resume in order,
    /// and the handles that need no more.
    void resume(bool sessionPresent,
                quint16 receiveMaximum,
                const std::function<void(const Entry &)> &again,
                const std::function<void(Handle)> &finished);

    /// A packet id that no exchange has, for SUBSCRIBE and UNSUBSCRIBE as well.
    [[nodiscard]] quint16 takePacketId();
    void releasePacketId(quint16 packetId);

    [[nodiscard]] std::size_t size() const noexcept { return m_entries.size(); }

    [[nodiscard]] quint16 inFlight() const noexcept { return m_inFlight; }

private:
    [[nodiscard]] std::deque<Entry>::iterator find(quint16 packetId, quint8 qos, Stage stage);
    Outcome finish(const std::deque<Entry>::iterator &it);

    std::deque<Entry> m_entries;
    std::vector<bool> m_ids = std::vector<bool>(65'536, false);
    Handle m_lastHandle = 0;
    quint16 m_lastId = 0;
    quint16 m_maxInflight;
    quint16 m_window = m_maxInflight;
    quint16 m_inFlight = 0;
    std::size_t m_firstQueued = 0; ///< everything before it was sent
};

} // namespace fairlead::cli
