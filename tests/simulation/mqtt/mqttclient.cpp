// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "mqttclient.h"

#include <algorithm>

namespace fairlead::sim {

using namespace mqtt;

namespace {

constexpr std::size_t kMaxInFlight = 12;
constexpr quint16 kSubscribeId = 60'000;
constexpr quint16 kOwnAliases = 3;
constexpr std::uint32_t kSessionSeconds = 3600;

template <typename Packet>
std::string encodedBytes(const Packet &packet, Version version)
{
    std::string bytes(encodedSize(packet, version), '\0');
    Writer out(bytes.data(), bytes.size());
    encode(out, packet, version);
    return bytes;
}

} // namespace

MqttClient::MqttClient(SimHost &host, MqttListener &listener, Setup setup)
    : m_host(&host)
    , m_listener(&listener)
    , m_setup(std::move(setup))
{ }

void MqttClient::fail(const std::string &what)
{
    if (m_failure.empty())
        m_failure = m_setup.id + ": " + what;
}

template <typename Packet>
void MqttClient::write(const Packet &packet)
{
    m_now.out += encodedBytes(packet, m_setup.version);
}

void MqttClient::leave()
{
    // A CONNECT that is still on its way would take over from the one that follows.
    if (m_phase == Phase::Connecting)
        return breakOff();
    if (m_now.link)
        m_old.push_back(std::move(m_now));
    m_now = Connection();
    forget();
}

// What belongs to a connection ends with it.
void MqttClient::forget()
{
    m_phase = Phase::Offline;
    m_wire.clear();
    m_in.clear();
    m_answers.clear();
    m_unfinished.clear();
    m_aliases.clear();
    m_ownAliases.clear();
}

void MqttClient::connect(int reactor)
{
    open(reactor, true);
}

void MqttClient::connectForTheLastTime(int reactor)
{
    open(reactor, false);
    m_hasSession = false;
    m_queue.clear();
    m_inFlight.clear();
    m_receiving.clear();
}

void MqttClient::endOld()
{
    for (const Connection &old : m_old) {
        if (old.link->stream)
            old.link->stream->endInput();
    }
    m_old.clear();
}

void MqttClient::open(int reactor, bool lasting)
{
    leave();
    m_now.link = m_host->open(reactor, [this](const LinkContext &context, SimLink &) {
        return m_listener->createDriver(context);
    });
    m_phase = Phase::Connecting;
    Connect packet;
    packet.version = m_setup.version;
    packet.cleanStart = !lasting;
    packet.clientId = m_setup.id;
    if (m_setup.version == Version::V5) {
        packet.sessionExpiry = lasting ? kSessionSeconds : 0;
        packet.receiveMaximum = m_setup.receiveMaximum;
        packet.topicAliasMaximum = m_setup.topicAliasMaximum;
    }
    std::string bytes(encodedSize(packet), '\0');
    Writer out(bytes.data(), bytes.size());
    encode(out, packet);
    m_now.out = bytes;
}

void MqttClient::breakOff()
{
    if (m_now.link && m_now.link->stream)
        m_now.link->stream->breakOff();
    m_now = Connection();
    forget();
}

void MqttClient::disconnect()
{
    write(Disconnect());
    leave();
}

void MqttClient::loseServer()
{
    if (m_now.link && m_now.link->stream)
        m_wire += m_now.link->stream->takeSent();
    m_in += m_wire.substr(0, random().below(m_wire.size() + 1));
    m_wire.clear();
    handleInput();
    m_old.clear();
    breakOff();
}

void MqttClient::serveBy(SimHost &host, MqttListener &listener)
{
    m_host = &host;
    m_listener = &listener;
}

quint64 MqttClient::publish(const std::string &topic,
                            const std::string &payload,
                            quint8 qos,
                            bool retain)
{
    Outgoing message;
    message.topic = topic;
    message.payload = payload;
    message.number = ++m_published;
    message.qos = qos;
    message.retain = retain;
    m_queue.push_back(std::move(message));
    sendQueued();
    return m_published;
}

quint16 MqttClient::freeId() const
{
    for (;;) {
        const auto id = quint16(1 + random().below(40));
        if (std::none_of(m_inFlight.begin(), m_inFlight.end(), [&](const Outgoing &one) {
                return one.id == id;
            })) {
            return id;
        }
    }
}

void MqttClient::sendQueued()
{
    while (m_phase == Phase::Connected && !m_queue.empty()) {
        if (m_queue.front().qos == 0) {
            writePublish(m_queue.front(), false);
            m_queue.pop_front();
            continue;
        }
        if (m_inFlight.size() >= kMaxInFlight)
            return;
        m_queue.front().id = freeId();
        m_inFlight.push_back(std::move(m_queue.front()));
        m_queue.pop_front();
        writePublish(m_inFlight.back(), false);
    }
}

void MqttClient::writePublish(const Outgoing &message, bool again)
{
    PublishHead head;
    head.topic = message.topic;
    head.payloadSize = message.payload.size();
    head.packetId = message.id;
    head.qos = message.qos;
    head.dup = again;
    head.retain = message.retain;
    if (m_setup.version == Version::V5 && random().chance(50)) {
        const auto known = m_ownAliases.find(message.topic);
        if (known != m_ownAliases.end()) {
            head.topicAlias = known->second;
            if (random().chance(80))
                head.topic = {};
        } else {
            // An alias is taken from whoever has it.
            head.topicAlias = quint16(1 + random().below(kOwnAliases));
            std::erase_if(m_ownAliases,
                          [&](const auto &one) { return one.second == head.topicAlias; });
            m_ownAliases[message.topic] = head.topicAlias;
        }
    }
    std::string bytes(publishHeadSize(head, m_setup.version), '\0');
    Writer out(bytes.data(), bytes.size());
    writePublishHead(out, head, m_setup.version);
    m_now.out += bytes + message.payload;
}

void MqttClient::moveOld()
{
    SimRandom &random = m_host->random();
    for (Connection &old : m_old) {
        if (!old.link->stream || old.out.empty())
            continue;
        const std::size_t size = 1 + random.below(old.out.size());
        old.link->stream->arrive(old.out.substr(0, size));
        old.out.erase(0, size);
    }
    // An end without bytes to send is noticed some time.
    std::erase_if(m_old, [&](Connection &old) {
        if (old.link->stream && (!old.out.empty() || !random.chance(20)))
            return false;
        if (old.link->stream)
            old.link->stream->endInput();
        return true;
    });
}

void MqttClient::exchange()
{
    moveOld();
    if (m_phase == Phase::Offline)
        return;
    SimRandom &random = m_host->random();
    SimStream *stream = m_now.link->stream;
    if (stream) {
        if (!m_now.out.empty()) {
            const std::size_t size = std::min<std::size_t>(m_now.out.size(), 1 + random.below(80));
            stream->arrive(m_now.out.substr(0, size));
            m_now.out.erase(0, size);
        }
        if (random.chance(5))
            stream->setRoom(qint64(random.below(100)));
        else if (random.chance(30))
            stream->setRoom(-1);
        m_wire += stream->takeSent();
    }
    if (!m_wire.empty()) {
        const std::size_t size = std::min<std::size_t>(m_wire.size(), 1 + random.below(80));
        m_in += m_wire.substr(0, size);
        m_wire.erase(0, size);
        handleInput();
    } else if (!stream && m_phase != Phase::Offline) {
        fail("the server closed the connection");
    }
    if (m_phase == Phase::Connected && random.chance(50))
        answerSome();
}

void MqttClient::handleInput()
{
    while (m_phase != Phase::Offline) {
        const FrameHeader header = peekFrame(m_in, kMaxPacketSize, m_setup.version);
        if (header.status == FrameStatus::NeedMore)
            return;
        if (header.status != FrameStatus::Complete) {
            fail(std::string("a malformed packet: ") + header.error.text);
            return breakOff();
        }
        const std::string packet = m_in.substr(0, header.totalSize);
        m_in.erase(0, header.totalSize);
        handleFrame(frameOf(packet, header));
    }
}

void MqttClient::handleFrame(const Frame &frame)
{
    if ((m_phase == Phase::Connecting) != (frame.type == PacketType::Connack))
        return fail(std::string("unexpected ") + toText(frame.type));
    switch (frame.type) {
    case PacketType::Connack:
        return handleConnack(frame);
    case PacketType::Publish:
        return handlePublish(frame);
    case PacketType::Suback: {
        Suback packet;
        if (const auto error = decodeSuback(frame, m_setup.version, packet))
            return fail(std::string("SUBACK: ") + error.text);
        if (packet.packetId != kSubscribeId || packet.codes.size() != 1
            || quint8(packet.codes[0]) != m_setup.filterQos) {
            return fail("a wrong SUBACK");
        }
        m_subscribed = true;
        return;
    }
    case PacketType::Puback:
    case PacketType::Pubrec:
    case PacketType::Pubrel:
    case PacketType::Pubcomp: {
        Ack packet;
        if (const auto error = decodeAck(frame, m_setup.version, packet))
            return fail(std::string(toText(frame.type)) + ": " + error.text);
        return handleAck(packet);
    }
    default:
        return fail(std::string("unexpected ") + toText(frame.type));
    }
}

void MqttClient::handleConnack(const Frame &frame)
{
    Connack packet;
    if (const auto error = decodeConnack(frame, m_setup.version, packet))
        return fail(std::string("CONNACK: ") + error.text);
    if (packet.reason != ReasonCode::Success)
        return fail("refused with " + std::to_string(int(packet.reason)));
    if (m_hasSession && !packet.sessionPresent)
        return fail("the session is lost");
    m_phase = Phase::Connected;
    m_hasSession = true;
    if (!isSubscribed()) {
        std::string filters(m_setup.filter.size() + 3, '\0');
        Writer out(filters.data(), filters.size());
        Subscription subscription;
        subscription.filter = m_setup.filter;
        subscription.qos = m_setup.filterQos;
        writeSubscription(out, subscription, m_setup.version);
        Subscribe subscribe;
        subscribe.packetId = kSubscribeId;
        subscribe.filters = out.bytes();
        write(subscribe);
    }
    // [MQTT-4.4.0-1]: in the order in which they were sent first.
    for (const Outgoing &message : m_inFlight) {
        if (message.released) {
            Ack release;
            release.type = PacketType::Pubrel;
            release.packetId = message.id;
            write(release);
        } else {
            writePublish(message, true);
        }
    }
    sendQueued();
}

void MqttClient::handlePublish(const Frame &frame)
{
    Publish packet;
    if (const auto error = decodePublish(frame, m_setup.version, Sender::Server, packet))
        return fail(std::string("PUBLISH: ") + error.text);
    std::string topic(packet.topic);
    if (packet.topicAlias > 0) {
        if (packet.topicAlias > m_setup.topicAliasMaximum)
            return fail("a topic alias above the maximum");
        std::string &known = m_aliases[packet.topicAlias];
        if (!topic.empty())
            known = topic;
        topic = known;
    }
    if (topic.empty())
        return fail("a PUBLISH without a topic");
    const Received message = {topic, std::string(packet.payload), packet.qos};
    if (packet.qos == 0) {
        m_received.push_back(message);
        return;
    }
    if (!m_unfinished.insert(packet.packetId).second)
        return fail("packet id " + std::to_string(packet.packetId) + " is used twice at once");
    // [MQTT-3.3.4-9]
    if (m_setup.version == Version::V5 && m_unfinished.size() > m_setup.receiveMaximum)
        return fail("more in flight than the receive maximum");
    Ack answer;
    answer.packetId = packet.packetId;
    if (packet.qos == 1) {
        m_received.push_back(message);
        answer.type = PacketType::Puback;
    } else {
        if (m_receiving.insert(packet.packetId).second)
            m_received.push_back(message);
        else if (!packet.dup)
            return fail("a second QoS 2 PUBLISH of one packet id without DUP");
        answer.type = PacketType::Pubrec;
    }
    m_answers.push_back(answer);
}

void MqttClient::handleAck(const Ack &ack)
{
    // The server may have forgotten the id already, when its PUBCOMP was lost.
    const bool forgotten
        = ack.type == PacketType::Pubcomp && ack.reason == ReasonCode::PacketIdentifierNotFound;
    if (isError(ack.reason) && ack.type != PacketType::Pubrel && !forgotten)
        return fail(std::string(toText(ack.type)) + " with an error");
    Ack answer;
    answer.packetId = ack.packetId;
    if (ack.type == PacketType::Pubrel) {
        m_receiving.erase(ack.packetId);
        m_unfinished.insert(ack.packetId);
        answer.type = PacketType::Pubcomp;
        m_answers.push_back(answer);
        return;
    }
    const auto message = std::find_if(m_inFlight.begin(),
                                      m_inFlight.end(),
                                      [&](const Outgoing &one) { return one.id == ack.packetId; });
    const bool expected = message != m_inFlight.end()
        && (ack.type == PacketType::Puback
                ? message->qos == 1
                : message->qos == 2 && message->released == (ack.type == PacketType::Pubcomp));
    if (!expected)
        return fail(std::string(toText(ack.type)) + " for nothing");
    if (ack.type == PacketType::Pubrec) {
        message->released = true;
        noteAccepted(*message);
        answer.type = PacketType::Pubrel;
        write(answer);
        return;
    }
    if (message->qos == 1)
        noteAccepted(*message);
    m_inFlight.erase(message);
    sendQueued();
}

void MqttClient::noteAccepted(const Outgoing &message) const
{
    if (m_setup.accepted)
        m_setup.accepted(message.number);
}

void MqttClient::answerSome()
{
    for (auto left = 1 + random().below(4); left > 0 && !m_answers.empty(); --left) {
        const Ack answer = m_answers.front();
        m_answers.pop_front();
        if (answer.type != PacketType::Pubrec)
            m_unfinished.erase(answer.packetId);
        write(answer);
    }
}

bool MqttClient::isIdle() const
{
    return m_phase == Phase::Connected && m_queue.empty() && m_inFlight.empty()
        && m_receiving.empty() && m_answers.empty() && m_now.out.empty() && m_wire.empty()
        && m_in.empty();
}

} // namespace fairlead::sim
