// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/error.h"
#include "mqttclient/message.h"

#include <map>

namespace fairlead::cli {

/// What is being received: QoS 2 messages that wait for their PUBREL, and the topic aliases of the
/// connection.
class IncomingFlow
{
public:
    /// @p receiveMaximum and @p aliasMaximum are what CONNECT announced.
    IncomingFlow(quint16 receiveMaximum, quint16 aliasMaximum) noexcept
        : m_receiveMaximum(receiveMaximum)
        , m_aliasMaximum(aliasMaximum)
    { }

    /// Gives @p message its topic if it came with an alias, and learns new ones.
    [[nodiscard]] mqtt::DecodeError resolveTopic(IncomingMessage &message);

    /// Keeps a QoS 2 message until its PUBREL; one that is here already is the same one sent again.
    [[nodiscard]] mqtt::DecodeError hold(IncomingMessage message);
    /// Gives out the message of that id, once.
    [[nodiscard]] std::optional<IncomingMessage> release(quint16 packetId);

    /// A connection is there: aliases begin anew, messages only if the session did.
    void resume(bool sessionPresent);

private:
    std::map<quint16, IncomingMessage> m_held;
    std::map<quint16, QByteArray> m_aliases;
    quint16 m_receiveMaximum;
    quint16 m_aliasMaximum;
};

} // namespace fairlead::cli
