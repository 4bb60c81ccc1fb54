// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "service/jsontree.h"

#include <fairlead/service.h>

#include <map>
#include <set>

namespace fairlead::tcp {

class JsonLine;
class PeerCore;

/// The peer as a service: its place in the registry, the host's operations, and calls in both
/// directions. Thread: the link's reactor.
class ServicePart final : public ServiceDriver
{
public:
    explicit ServicePart(PeerCore &core)
        : m_core(core)
    { }

    ~ServicePart() override;

    /// Watches the link of a peer that has not registered.
    void begin();
    /// The heartbeat that is watched for, as a member of @p line.
    void writeSetting(JsonLine &line) const;
    /// A message came, whatever it says.
    void noteMessage();
    /// Nothing is answered any more. @p inOrder: the peer said goodbye.
    void end(bool inOrder);

    // Good messages of these operations.
    void registerService(const JsonValue &message, quint32 id);
    void heartbeat(const JsonValue &message, quint32 id);
    void call(const JsonValue &message, quint32 id);
    void answer(const JsonValue &message);
    void acknowledgeBroadcast(const JsonValue &message);
    void failBroadcast(const JsonValue &message);

    void handleRegistered(const ServiceGrant &grant) override;
    void handleOperation(const Operation &operation, OperationReply reply) override;
    void handleResume() override;
    void handleCall(const ServiceCall &call) override;
    void handleCallDropped(quint64 id) override;
    void handleResult(quint32 tag, const Result<QByteArray> &result) override;

private:
    enum class State : quint8 {
        None,
        Registering,
        Registered,
        Ended
    };

    void resolve(qint64 timeoutMs, qint64 intervalMs);
    void watch();
    bool hasRoom() const;
    qint64 leftMs(qint64 deadline) const;
    /// Empty and told to the peer when there is no such broadcast.
    OperationReply takeReply(const JsonValue &message);
    void forgetOldReplies();

    PeerCore &m_core;
    std::map<quint64, OperationReply> m_replies; ///< by correlation
    std::set<quint64> m_calls; ///< to be answered
    qint64 m_timeoutMs = 0;
    qint64 m_intervalMs = 0;
    quint64 m_generation = 0;
    quint32 m_registerId = 0;
    State m_state = State::None;
};

} // namespace fairlead::tcp
