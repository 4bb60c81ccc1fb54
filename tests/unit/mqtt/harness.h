// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/codec.h"
#include "hostdouble.h"
#include "server/mqttlistener.h"

#include <fairlead/linkdriver.h>

#include <optional>

namespace fairlead::test {

using namespace fairlead::mqtt;

/// A packet the driver wrote.
struct Packet
{
    PacketType type = PacketType::Reserved;
    quint8 flags = 0;
    QByteArray body;

    Frame frame() const
    {
        return {type, flags, false, {body.constData(), std::size_t(body.size())}};
    }
};

inline Bytes bytesOf(const QByteArray &bytes)
{
    return {bytes.constData(), std::size_t(bytes.size())};
}

/// "10 0c": octets as they are written in documents.
inline QByteArray hex(const char *text)
{
    return QByteArray::fromHex(text);
}

/// One MQTT client, made of bytes, on one driver on a host double.
class Harness
{
public:
    explicit Harness(const ListenerOptions &options = {}, Version version = Version::V5);
    ~Harness();

    /// The bytes arrive; what the driver does not use is kept, as the host does.
    void receive(const QByteArray &bytes);
    /// Shows the driver what it left, as the host does after an answer.
    void offerRest();

    template <typename Packet, typename... Rest>
    void send(const Packet &packet, Rest... rest)
    {
        receive(encoded(packet, rest...));
    }

    template <typename Packet, typename... Rest>
    static QByteArray encoded(const Packet &packet, Rest... rest)
    {
        QByteArray out(qsizetype(encodedSize(packet, rest...)), Qt::Uninitialized);
        Writer writer(out.data(), std::size_t(out.size()));
        encode(writer, packet, rest...);
        return out;
    }

    QByteArray publishBytes(PublishHead head, const QByteArray &payload) const;
    void publish(const QByteArray &topic, quint8 qos, quint16 id, const QByteArray &payload = "x");
    void ack(PacketType type, quint16 id, ReasonCode reason = ReasonCode::Success);
    void subscribe(quint16 id,
                   const std::vector<Subscription> &filters,
                   quint32 subscriptionId = 0);
    QByteArray subscribeBytes(quint16 id,
                              const std::vector<Subscription> &filters,
                              quint32 subscriptionId = 0) const;

    // The host's answers.
    void authenticated(const Error &error = {});
    void granted(bool resumed = false, std::optional<quint32> expiry = {});
    void completed(Completion::Kind kind, quint32 tag, Outcome outcome = Outcome::Done);
    /// Completes the publish that came as number @p index.
    void completed(std::size_t index, Outcome outcome = Outcome::Done);
    void pull();

    /// CONNECT up to CONNACK, with what is written so far dropped.
    void connect();
    void connect(const Connect &packet);
    Connect connectPacket(const char *clientId = "c1") const;

    /// What was written since the last call, as packets.
    std::vector<Packet> takePackets();
    /// Exactly one packet of that type was written; else Reserved.
    Packet takeOne(PacketType type);
    Ack takeAck(PacketType type);
    Publish takePublish();
    /// The reason of the DISCONNECT that ended the link; UnspecifiedError when there is none.
    ReasonCode endReason();
    Connack takeConnack();

    bool isClosed() const { return link.state() == Link::State::Closed; }

    void advance(int seconds) { timers.advance(clock, seconds * kNsPerSecond); }

    quint64 count(Event event) const { return listener.endpoint().counters.total(event); }

    quint64 count(ErrorKind kind) const { return listener.endpoint().counters.total(kind); }

    Version version;
    FakeStream stream;
    FakeBus bus;
    FakeLease lease;
    FakeClock clock;
    FakeTimers timers;
    FakeRandom random;
    FakeLogger logger;
    FakeHooks hooks;
    Link link;
    MqttListener listener;
    std::unique_ptr<LinkDriver> driver;
    QByteArray unused; ///< input the driver left
    Consumed consumed; ///< of the last handleBytes()

private:
    QByteArray m_last; ///< holds what takeAck() and the like point to
};

/// A message with a place in the history.
Message makeMessage(const QByteArray &topic,
                    const QByteArray &payload,
                    quint64 sequence,
                    const QByteArray &properties = {});

} // namespace fairlead::test
