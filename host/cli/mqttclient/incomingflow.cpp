// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "mqttclient/incomingflow.h"

namespace fairlead::cli {

using mqtt::DecodeError;
using mqtt::ErrorKind;
using mqtt::ReasonCode;

DecodeError IncomingFlow::resolveTopic(IncomingMessage &message)
{
    if (message.topicAlias == 0) {
        return {};
    }
    if (message.topicAlias > m_aliasMaximum) {
        return {"topic alias beyond the maximum",
                ReasonCode::TopicAliasInvalid,
                ErrorKind::BadTopicAlias};
    }
    if (!message.topic.isEmpty()) {
        m_aliases[message.topicAlias] = message.topic;
        return {};
    }
    const auto known = m_aliases.find(message.topicAlias);
    if (known == m_aliases.end()) {
        return {"unknown topic alias", ReasonCode::ProtocolError, ErrorKind::BadTopicAlias};
    }
    message.topic = known->second;
    return {};
}

DecodeError IncomingFlow::hold(IncomingMessage message)
{
    const quint16 packetId = message.packetId;
    if (m_held.contains(packetId)) {
        return {};
    }
    if (m_held.size() >= m_receiveMaximum) {
        return {"more messages in flight than the receive maximum",
                ReasonCode::ReceiveMaximumExceeded,
                ErrorKind::BadPacketId};
    }
    m_held.emplace(packetId, std::move(message));
    return {};
}

std::optional<IncomingMessage> IncomingFlow::release(quint16 packetId)
{
    auto node = m_held.extract(packetId);
    if (node.empty()) {
        return std::nullopt;
    }
    return std::move(node.mapped());
}

void IncomingFlow::resume(bool sessionPresent)
{
    m_aliases.clear();
    if (!sessionPresent) {
        m_held.clear();
    }
}

} // namespace fairlead::cli
