// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "server/publishin.h"

#include "codec/topic.h"
#include "server/ackwriter.h"
#include "server/forwardedproperties.h"
#include "server/linkcore.h"

#include <fairlead/logger.h>

namespace fairlead::mqtt {

namespace {

// Completion tags hold the packet id and these.
constexpr quint32 kQos2Tag = 0x10000;
constexpr quint32 kIgnoredTag = 0x20000;

constexpr std::size_t kMostRefusals = 1024;

ReasonCode reasonOf(Outcome outcome)
{
    switch (outcome) {
    case Outcome::Done:
    case Outcome::Duplicate:
        return ReasonCode::Success;
    case Outcome::NoReceiver:
        return ReasonCode::NoMatchingSubscribers;
    case Outcome::NotAuthorized:
        return ReasonCode::NotAuthorized;
    case Outcome::Quota:
        return ReasonCode::QuotaExceeded;
    case Outcome::Invalid:
        return ReasonCode::TopicNameInvalid;
    case Outcome::Failed:
        break;
    }
    return ReasonCode::UnspecifiedError;
}

} // namespace

bool isReservedTopic(Bytes topic) noexcept
{
    if (!topic.starts_with('$'))
        return false;
    const Bytes root = topic.substr(0, topic.find('/'));
    return root == "$SYS" || root == "$notice" || root == "$replay" || root == "$share";
}

Flow PublishIn::handlePublish(const Frame &frame)
{
    Publish packet;
    if (const auto error = decodePublish(frame, m_core.version, Sender::Client, packet)) {
        m_core.reject(error, PacketType::Publish);
        return Flow::Continue;
    }
    if (packet.topicAlias != 0 && !resolveAlias(packet))
        return Flow::Continue;
    if (packet.qos > 0 && !isWithinReceiveMaximum(packet))
        return Flow::Continue;
    return isAcceptable(packet) ? publish(packet) : Flow::Continue;
}

bool PublishIn::resolveAlias(Publish &packet)
{
    if (packet.topicAlias > m_core.options().topicAliasMax) {
        m_core.reject({"a topic alias exceeds the topic alias maximum",
                       ReasonCode::TopicAliasInvalid,
                       ErrorKind::BadTopicAlias},
                      PacketType::Publish);
        return false;
    }
    if (!m_aliases)
        m_aliases = std::make_unique<IncomingAliases>();
    if (!packet.topic.empty()) {
        m_aliases->set(packet.topicAlias, packet.topic);
        return true;
    }
    packet.topic = m_aliases->find(packet.topicAlias);
    if (packet.topic.empty()) {
        m_core.reject({"a topic alias was used before it was set",
                       ReasonCode::ProtocolError,
                       ErrorKind::BadTopicAlias},
                      PacketType::Publish);
        return false;
    }
    return true;
}

bool PublishIn::isWithinReceiveMaximum(const Publish &packet)
{
    const bool enforced = m_core.isV5() && m_core.options().strictReceiveMaximum;
    // A repetition holds no further place.
    if (enforced && packet.qos == 2 && !m_qos2.insert(packet.packetId))
        return true;
    if (m_core.isV5() && m_open >= m_core.options().receiveMaximum) {
        constexpr const char *kText = "more publishes in flight than the receive maximum allows";
        if (enforced) {
            m_core.count(Event::ReceiveMaximumExceeded, LogLevel::Info, kText);
            m_core.end(ReasonCode::ReceiveMaximumExceeded, kText);
            return false;
        }
        if (m_warned) {
            m_core.count(Event::ReceiveMaximumExceeded);
        } else {
            m_core.count(Event::ReceiveMaximumExceeded, LogLevel::Warning, kText);
        }
        m_warned = true;
    }
    ++m_open;
    return true;
}

bool PublishIn::isAcceptable(const Publish &packet)
{
    const ListenerOptions &options = m_core.options();
    if (packet.qos > options.maxQos) {
        m_core.end(ReasonCode::QosNotSupported, "the QoS is higher than the maximum QoS");
        return false;
    }
    if (packet.retain && !options.retainAvailable) {
        m_core.end(ReasonCode::RetainNotSupported, "retained messages are not available");
        return false;
    }
    if (isReservedTopic(packet.topic)) {
        m_core.count(Event::ReservedTopic, LogLevel::Info, "publish to a topic of the host");
        refuse(packet, ReasonCode::TopicNameInvalid);
        return false;
    }
    if (options.validatePayloadFormat && packet.payloadFormat == 1
        && !isValidUtf8(packet.payload)) {
        m_core.count(
            Event::PayloadFormatInvalid, LogLevel::Info, "the payload is not the UTF-8 it claims");
        refuse(packet, ReasonCode::PayloadFormatInvalid);
        return false;
    }
    return true;
}

void PublishIn::refuse(const Publish &packet, ReasonCode reason)
{
    if (packet.qos == 0)
        return;
    const PacketType type = packet.qos == 1 ? PacketType::Puback : PacketType::Pubrec;
    // Before MQTT 5 an acknowledgement cannot refuse: the message is taken and goes nowhere.
    if (!m_core.isV5())
        reason = ReasonCode::Success;
    if (m_submitted == m_completed) {
        StreamWriter out(m_core.stream());
        acknowledge(out, type, packet.packetId, reason);
        return;
    }
    m_refusals.push_back({m_submitted, packet.packetId, type, reason});
    if (m_refusals.size() == kMostRefusals)
        m_core.hold(Hold::Refusals);
}

Flow PublishIn::publish(const Publish &packet)
{
    const ForwardedProperties properties(packet.properties);
    PublishView view;
    view.topic = packet.topic;
    view.properties = properties.bytes();
    view.payload = packet.payload;
    if (packet.hasMessageExpiry)
        view.expirySeconds = packet.messageExpiry;
    view.qos = packet.qos;
    view.retain = packet.retain;
    if (packet.qos > 0) {
        ++m_submitted;
        view.completionTag = packet.packetId;
        if (packet.qos == 2) {
            view.completionTag |= kQos2Tag;
            view.receiveKey = packet.packetId;
        }
    }
    return m_core.context.bus.publish(view);
}

void PublishIn::handlePubrel(const Ack &packet) const
{
    m_core.lease->forgetKey(packet.packetId, packet.packetId);
}

void PublishIn::handleCompletion(const Completion &completion, StreamWriter &out)
{
    if (completion.kind == Completion::Kind::Publish) {
        completePublish(completion, out);
    } else if ((completion.tag & kIgnoredTag) == 0) {
        completeRelease(completion, out);
    }
}

void PublishIn::completePublish(const Completion &completion, StreamWriter &out)
{
    const auto id = quint16(completion.tag);
    const bool qos2 = (completion.tag & kQos2Tag) != 0;
    ReasonCode reason = reasonOf(completion.outcome);
    if (isError(reason)) {
        m_core.count(Event::PublishRefused, LogLevel::Info, toText(reason));
        if (m_core.isV5()) {
            // The exchange is over. A key that an earlier link left would swallow the next message
            // with this id.
            if (qos2)
                m_core.lease->forgetKey(id, id | kIgnoredTag);
        } else if (completion.outcome == Outcome::NotAuthorized
                   || completion.outcome == Outcome::Invalid) {
            // A later attempt would fare no better, so the client is let off.
            reason = ReasonCode::Success;
        } else {
            // Only a close without acknowledgement tells the client to keep the message.
            out.flush();
            m_core.end(reason, "a message could not be accepted");
            return;
        }
    }
    ++m_completed;
    acknowledge(out, qos2 ? PacketType::Pubrec : PacketType::Puback, id, reason);
    if (!m_refusals.empty())
        flushRefusals(out);
}

void PublishIn::completeRelease(const Completion &completion, StreamWriter &out)
{
    ReasonCode reason = ReasonCode::Success;
    if (completion.outcome == Outcome::NoReceiver) {
        reason = ReasonCode::PacketIdentifierNotFound;
    } else if (completion.outcome != Outcome::Done) {
        out.flush();
        m_core.end(reasonOf(completion.outcome), "a received message could not be released");
        return;
    }
    acknowledge(out, PacketType::Pubcomp, quint16(completion.tag), reason);
}

void PublishIn::acknowledge(StreamWriter &out, PacketType type, quint16 id, ReasonCode reason)
{
    writeAck(out, type, id, reason, m_core.version);
    if (type == PacketType::Pubrec && !isError(reason))
        return;
    if (type != PacketType::Puback)
        m_qos2.erase(id);
    // The client counts in the same way: an answer to what an earlier link sent never lifts its
    // quota above the receive maximum.
    if (m_open > 0)
        --m_open;
}

void PublishIn::flushRefusals(StreamWriter &out)
{
    auto next = m_refusals.begin();
    while (next != m_refusals.end() && qint32(m_completed - next->after) >= 0) {
        acknowledge(out, next->type, next->id, next->reason);
        ++next;
    }
    m_refusals.erase(m_refusals.begin(), next);
    if (m_refusals.empty()) {
        m_refusals.shrink_to_fit();
        m_core.release(Hold::Refusals);
    }
}

} // namespace fairlead::mqtt
