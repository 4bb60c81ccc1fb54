// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "harness.h"

#include <QtTest/QTest>

namespace fairlead::test {

Harness::Harness(const ListenerOptions &options, Version dialect)
    : version(dialect)
    , hooks(stream)
    , link(1, Link::Direction::Accepted, hooks)
    , listener(options)
    , driver(listener.createDriver(
          {link, stream, bus, clock, timers, random, logger, QByteArrayLiteral("127.0.0.1:1")}))
{
    driver->handleStarted();
}

Harness::~Harness() = default;

void Harness::receive(const QByteArray &bytes)
{
    unused += bytes;
    offerRest();
}

void Harness::offerRest()
{
    if (isClosed() || unused.isEmpty())
        return;
    // A copy of its own, so that a sanitizer sees whoever keeps a view.
    const std::vector<char> input(unused.cbegin(), unused.cend());
    consumed = driver->handleBytes({input.data(), input.size()});
    unused.remove(0, qsizetype(consumed.used));
}

QByteArray Harness::publishBytes(PublishHead head, const QByteArray &payload) const
{
    head.payloadSize = std::size_t(payload.size());
    QByteArray out(qsizetype(publishHeadSize(head, version)), Qt::Uninitialized);
    Writer writer(out.data(), std::size_t(out.size()));
    writePublishHead(writer, head, version);
    return out + payload;
}

void Harness::publish(const QByteArray &topic, quint8 qos, quint16 id, const QByteArray &payload)
{
    PublishHead head;
    head.topic = bytesOf(topic);
    head.qos = qos;
    head.packetId = id;
    receive(publishBytes(head, payload));
}

void Harness::ack(PacketType type, quint16 id, ReasonCode reason)
{
    Ack packet;
    packet.type = type;
    packet.packetId = id;
    packet.reason = reason;
    send(packet, version);
}

QByteArray Harness::subscribeBytes(quint16 id,
                                   const std::vector<Subscription> &filters,
                                   quint32 subscriptionId) const
{
    QByteArray memory(1 << 20, Qt::Uninitialized);
    Writer writer(memory.data(), std::size_t(memory.size()));
    for (const Subscription &filter : filters)
        writeSubscription(writer, filter, version);
    Subscribe packet;
    packet.packetId = id;
    packet.subscriptionIdentifier = subscriptionId;
    packet.filters = writer.bytes();
    return encoded(packet, version);
}

void Harness::subscribe(quint16 id,
                        const std::vector<Subscription> &filters,
                        quint32 subscriptionId)
{
    receive(subscribeBytes(id, filters, subscriptionId));
}

void Harness::authenticated(const Error &error)
{
    driver->handleAuthenticated(error);
    offerRest();
}

void Harness::granted(bool resumed, std::optional<quint32> expiry)
{
    link.setPeerKey(bus.acquisitions.back().peerKey);
    QVERIFY(link.succeed());
    LeaseGrant grant;
    grant.lease = &lease;
    grant.resumed = resumed;
    grant.expirySeconds = expiry.value_or(bus.acquisitions.back().expirySeconds);
    driver->handleLease(grant);
    offerRest();
}

void Harness::completed(Completion::Kind kind, quint32 tag, Outcome outcome)
{
    const Completion completion{tag, kind, outcome};
    driver->handleCompletions(&completion, 1);
}

void Harness::completed(std::size_t index, Outcome outcome)
{
    completed(Completion::Kind::Publish, bus.published[index].view.completionTag, outcome);
}

void Harness::pull()
{
    driver->handlePull(lease);
}

Connect Harness::connectPacket(const char *clientId) const
{
    Connect packet;
    packet.version = version;
    packet.clientId = clientId;
    return packet;
}

void Harness::connect()
{
    connect(connectPacket());
}

void Harness::connect(const Connect &packet)
{
    send(packet);
    authenticated();
    granted();
    stream.written.clear();
}

std::vector<Packet> Harness::takePackets()
{
    std::vector<Packet> packets;
    QByteArray bytes = std::exchange(stream.written, {});
    while (!bytes.isEmpty()) {
        const FrameHeader header = peekFrame(bytesOf(bytes), kMaxPacketSize, version);
        if (header.status != FrameStatus::Complete) {
            packets.push_back({});
            break;
        }
        packets.push_back({header.type,
                           header.flags,
                           bytes.mid(header.headerSize, header.totalSize - header.headerSize)});
        bytes.remove(0, header.totalSize);
    }
    return packets;
}

Packet Harness::takeOne(PacketType type)
{
    const std::vector<Packet> packets = takePackets();
    if (packets.size() != 1 || packets[0].type != type)
        return {};
    m_last = packets[0].body;
    return {type, packets[0].flags, m_last};
}

Ack Harness::takeAck(PacketType type)
{
    Ack out;
    out.type = PacketType::Reserved;
    const Packet packet = takeOne(type);
    if (packet.type == type) {
        if (decodeAck({type, packet.flags, false, bytesOf(m_last)}, version, out))
            out.type = PacketType::Reserved;
    }
    return out;
}

Publish Harness::takePublish()
{
    Publish out;
    const Packet packet = takeOne(PacketType::Publish);
    if (packet.type != PacketType::Publish
        || decodePublish(
            {packet.type, packet.flags, false, bytesOf(m_last)}, version, Sender::Server, out)) {
        return {};
    }
    return out;
}

ReasonCode Harness::endReason()
{
    if (!isClosed())
        return ReasonCode::Success;
    const std::vector<Packet> packets = takePackets();
    Disconnect out;
    if (packets.empty() || packets.back().type != PacketType::Disconnect
        || decodeDisconnect(packets.back().frame(), version, Sender::Server, out)) {
        return ReasonCode::Success;
    }
    return out.reason;
}

Connack Harness::takeConnack()
{
    Connack out;
    out.reason = ReasonCode::ContinueAuthentication; // no CONNACK has it
    const Packet packet = takeOne(PacketType::Connack);
    if (packet.type == PacketType::Connack) {
        const auto error
            = decodeConnack({packet.type, packet.flags, false, bytesOf(m_last)}, version, out);
        if (error)
            out.reason = ReasonCode::ContinueAuthentication;
    }
    return out;
}

Message makeMessage(const QByteArray &topic,
                    const QByteArray &payload,
                    quint64 sequence,
                    const QByteArray &properties)
{
    MessageFields fields;
    fields.topic = bytesOf(topic);
    fields.payload = bytesOf(payload);
    fields.properties = bytesOf(properties);
    Message message(fields);
    message.setPosition({1, sequence});
    return message;
}

} // namespace fairlead::test
