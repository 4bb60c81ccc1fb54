// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "mqttclient/packets.h"

namespace fairlead::cli {

using namespace fairlead::mqtt;

namespace {

constexpr PropertyMask kUserProperty = maskOf(PropertyId::UserProperty);

template <typename Packet, typename... Rest>
[[nodiscard]] QByteArray encoded(const Packet &packet, Rest... rest)
{
    const std::size_t size = encodedSize(packet, rest...);
    QByteArray octets(static_cast<qsizetype>(size), Qt::Uninitialized);
    Writer writer(octets.data(), size);
    if (size == 0 || !encode(writer, packet, rest...)) {
        return {};
    }
    return octets;
}

[[nodiscard]] std::optional<std::uint8_t> byteOf(const PropertySet &set, PropertyId id)
{
    const std::optional<quint32> number = set.number(id);
    return number ? std::optional<std::uint8_t>(static_cast<std::uint8_t>(*number)) : std::nullopt;
}

[[nodiscard]] Will willOf(const WillSettings &settings, const QByteArray &userProperties)
{
    const PropertySet &set = settings.properties;
    Will will;
    will.topic = view(settings.topic);
    will.payload = view(settings.payload);
    will.qos = settings.qos;
    will.retain = settings.retain;
    will.delayInterval = set.number(PropertyId::WillDelayInterval, 0);
    will.messageExpiry = set.number(PropertyId::MessageExpiryInterval);
    will.payloadFormat = byteOf(set, PropertyId::PayloadFormatIndicator);
    will.contentType = set.text(PropertyId::ContentType);
    will.responseTopic = set.text(PropertyId::ResponseTopic);
    will.correlationData = set.text(PropertyId::CorrelationData);
    will.properties = PropertyBlock::ofUserProperties(view(userProperties));
    return will;
}

} // namespace

QByteArray connectPacket(const ClientSettings &settings, bool cleanStart)
{
    const PropertySet &set = settings.connectProperties;
    Connect packet;
    packet.version = settings.version;
    packet.cleanStart = cleanStart;
    packet.keepAlive = settings.keepAlive;
    packet.clientId = view(settings.clientId);
    if (settings.userName) {
        packet.userName = view(*settings.userName);
    }
    if (settings.password) {
        packet.password = view(*settings.password);
    }
    QByteArray willProperties;
    if (settings.will) {
        willProperties = settings.will->properties.encoded(kUserProperty);
        packet.will = willOf(*settings.will, willProperties);
    }
    packet.sessionExpiry = set.number(PropertyId::SessionExpiryInterval, 0);
    packet.receiveMaximum = static_cast<std::uint16_t>(
        set.number(PropertyId::ReceiveMaximum, kDefaultReceiveMaximum));
    packet.topicAliasMaximum
        = static_cast<std::uint16_t>(set.number(PropertyId::TopicAliasMaximum, 0));
    packet.maximumPacketSize = set.number(PropertyId::MaximumPacketSize, 0);
    packet.requestResponseInformation = set.number(PropertyId::RequestResponseInformation, 0) != 0;
    packet.requestProblemInformation = set.number(PropertyId::RequestProblemInformation, 1) != 0;
    packet.authenticationMethod = set.text(PropertyId::AuthenticationMethod);
    packet.authenticationData = set.text(PropertyId::AuthenticationData);
    const QByteArray userProperties = set.encoded(kUserProperty);
    packet.properties = PropertyBlock::ofUserProperties(view(userProperties));
    return encoded(packet);
}

QByteArray disconnectPacket(const ClientSettings &settings,
                            ReasonCode reason,
                            const QByteArray &reasonString)
{
    const PropertySet &set = settings.disconnectProperties;
    Disconnect packet;
    packet.reason = reason;
    packet.sessionExpiry = set.number(PropertyId::SessionExpiryInterval);
    packet.reasonString = set.text(PropertyId::ReasonString);
    if (!reasonString.isEmpty()) {
        packet.reasonString = view(reasonString);
    }
    const QByteArray userProperties = set.encoded(kUserProperty);
    packet.properties = PropertyBlock::ofUserProperties(view(userProperties));
    return encoded(packet, settings.version);
}

QByteArray publishPacket(
    const OutgoingMessage &message, quint16 packetId, bool dup, bool topicKnown, Version version)
{
    PublishHead head;
    head.topic = topicKnown ? Bytes() : view(message.topic);
    head.payloadSize = static_cast<std::size_t>(message.payload.size());
    head.packetId = packetId;
    head.topicAlias = message.topicAlias;
    head.qos = message.qos;
    head.dup = dup;
    head.retain = message.retain;
    head.hasMessageExpiry = message.expiry.has_value();
    head.messageExpiry = message.expiry.value_or(0);
    head.forwardable = view(message.properties);
    const std::size_t headSize = publishHeadSize(head, version);
    if (headSize == 0) {
        return {};
    }
    QByteArray octets(static_cast<qsizetype>(headSize), Qt::Uninitialized);
    octets.reserve(static_cast<qsizetype>(headSize) + message.payload.size());
    Writer writer(octets.data(), headSize);
    if (writePublishHead(writer, head, version).size == 0) {
        return {};
    }
    octets.append(message.payload);
    return octets;
}

QByteArray ackPacket(PacketType type, quint16 packetId, ReasonCode reason, Version version)
{
    Ack packet;
    packet.type = type;
    packet.packetId = packetId;
    packet.reason = reason;
    return encoded(packet, version);
}

QByteArray subscribePacket(quint16 packetId,
                           const QList<FilterOptions> &filters,
                           const PropertySet &properties,
                           Version version)
{
    qsizetype room = 0;
    for (const FilterOptions &one : filters) {
        room += one.filter.size() + 3;
    }
    QByteArray list(room, Qt::Uninitialized);
    Writer writer(list.data(), static_cast<std::size_t>(room));
    for (const FilterOptions &one : filters) {
        Subscription subscription;
        subscription.filter = view(one.filter);
        subscription.qos = one.qos;
        subscription.noLocal = one.noLocal;
        subscription.retainAsPublished = one.retainAsPublished;
        subscription.retainHandling = one.retainHandling;
        writeSubscription(writer, subscription, version);
    }
    if (writer.failed()) {
        return {};
    }
    const QByteArray userProperties = properties.encoded(kUserProperty);
    Subscribe packet;
    packet.packetId = packetId;
    packet.subscriptionIdentifier = properties.number(PropertyId::SubscriptionIdentifier, 0);
    packet.filters = writer.bytes();
    packet.properties = PropertyBlock::ofUserProperties(view(userProperties));
    return encoded(packet, version);
}

QByteArray unsubscribePacket(quint16 packetId,
                             const QList<QByteArray> &filters,
                             const PropertySet &properties,
                             Version version)
{
    qsizetype room = 0;
    for (const QByteArray &filter : filters) {
        room += filter.size() + 2;
    }
    QByteArray list(room, Qt::Uninitialized);
    Writer writer(list.data(), static_cast<std::size_t>(room));
    for (const QByteArray &filter : filters) {
        writeFilter(writer, view(filter));
    }
    if (writer.failed()) {
        return {};
    }
    const QByteArray userProperties = properties.encoded(kUserProperty);
    Unsubscribe packet;
    packet.packetId = packetId;
    packet.filters = writer.bytes();
    packet.properties = PropertyBlock::ofUserProperties(view(userProperties));
    return encoded(packet, version);
}

QByteArray pingPacket()
{
    char octets[kPingSize];
    Writer writer(octets);
    encodePingreq(writer);
    return copyOf(writer.bytes());
}

} // namespace fairlead::cli
