// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "options/propertyoption.h"

#include "codec/topic.h"
#include "options/values.h"

namespace fairlead::cli {

using namespace fairlead::mqtt;

namespace {

struct Name
{
    const char *text;
    PropertyId id;
};

constexpr Name kNames[] = {
    {"payload-format-indicator", PropertyId::PayloadFormatIndicator},
    {"message-expiry-interval", PropertyId::MessageExpiryInterval},
    {"content-type", PropertyId::ContentType},
    {"response-topic", PropertyId::ResponseTopic},
    {"correlation-data", PropertyId::CorrelationData},
    {"subscription-identifier", PropertyId::SubscriptionIdentifier},
    {"session-expiry-interval", PropertyId::SessionExpiryInterval},
    {"assigned-client-identifier", PropertyId::AssignedClientIdentifier},
    {"server-keep-alive", PropertyId::ServerKeepAlive},
    {"authentication-method", PropertyId::AuthenticationMethod},
    {"authentication-data", PropertyId::AuthenticationData},
    {"request-problem-information", PropertyId::RequestProblemInformation},
    {"will-delay-interval", PropertyId::WillDelayInterval},
    {"request-response-information", PropertyId::RequestResponseInformation},
    {"response-information", PropertyId::ResponseInformation},
    {"server-reference", PropertyId::ServerReference},
    {"reason-string", PropertyId::ReasonString},
    {"receive-maximum", PropertyId::ReceiveMaximum},
    {"topic-alias-maximum", PropertyId::TopicAliasMaximum},
    {"topic-alias", PropertyId::TopicAlias},
    {"maximum-qos", PropertyId::MaximumQos},
    {"retain-available", PropertyId::RetainAvailable},
    {"user-property", PropertyId::UserProperty},
    {"maximum-packet-size", PropertyId::MaximumPacketSize},
    {"wildcard-subscription-available", PropertyId::WildcardSubscriptionAvailable},
    {"subscription-identifier-available", PropertyId::SubscriptionIdentifierAvailable},
    {"shared-subscription-available", PropertyId::SharedSubscriptionAvailable},
};

struct Packet
{
    const char *text;
    PropertyMask allowed; ///< what this client puts into such a packet
};

constexpr PropertyMask kMessage
    = kForwardableProperties | maskOf(PropertyId::MessageExpiryInterval);

constexpr Packet kPackets[] = {
    {"connect",
     maskOf(PropertyId::SessionExpiryInterval,
            PropertyId::ReceiveMaximum,
            PropertyId::MaximumPacketSize,
            PropertyId::TopicAliasMaximum,
            PropertyId::RequestResponseInformation,
            PropertyId::RequestProblemInformation,
            PropertyId::AuthenticationMethod,
            PropertyId::AuthenticationData,
            PropertyId::UserProperty)},
    {"publish", kMessage | maskOf(PropertyId::TopicAlias)},
    {"subscribe", maskOf(PropertyId::SubscriptionIdentifier, PropertyId::UserProperty)},
    {"unsubscribe", maskOf(PropertyId::UserProperty)},
    {"disconnect",
     maskOf(PropertyId::SessionExpiryInterval, PropertyId::ReasonString, PropertyId::UserProperty)},
    {"will", kMessage | maskOf(PropertyId::WillDelayInterval)},
    {"puback", 0},
    {"pubrec", 0},
    {"pubrel", 0},
    {"pubcomp", 0},
    {"auth", 0},
};

struct Range
{
    qint64 least;
    qint64 most;
};

[[nodiscard]] constexpr Range rangeOf(PropertyId id, PropertyType type) noexcept
{
    switch (id) {
    case PropertyId::PayloadFormatIndicator:
    case PropertyId::RequestProblemInformation:
    case PropertyId::RequestResponseInformation:
        return {0, 1};
    case PropertyId::ReceiveMaximum:
    case PropertyId::TopicAlias:
        return {1, 0xFFFF};
    case PropertyId::MaximumPacketSize:
        return {1, 0xFFFF'FFFF};
    case PropertyId::SubscriptionIdentifier:
        return {1, kMaxSubscriptionIdentifier};
    default:
        return type == PropertyType::TwoByte ? Range{0, 0xFFFF} : Range{0, 0xFFFF'FFFF};
    }
}

[[nodiscard]] Failure failure(const char *name, const QString &text)
{
    return {exitcode::kUsage, QByteArray(name), QStringLiteral("-D: ") + text};
}

[[nodiscard]] PropertySet &setOf(const QByteArray &packet, Options &options)
{
    if (packet == "connect") {
        return options.connectProperties;
    }
    if (packet == "publish") {
        return options.publishProperties;
    }
    if (packet == "subscribe") {
        return options.subscribeProperties;
    }
    if (packet == "unsubscribe") {
        return options.unsubscribeProperties;
    }
    if (packet == "disconnect") {
        return options.disconnectProperties;
    }
    if (!options.will) {
        options.will.emplace();
    }
    return options.will->properties;
}

[[nodiscard]] Failure checkText(PropertyId id, const QByteArray &name, const QByteArray &value)
{
    if (value.size() > static_cast<qsizetype>(kMaxStringSize)) {
        return failure("value-out-of-range",
                       QStringLiteral("the value of %1 is longer than 65535 bytes")
                           .arg(QString::fromUtf8(name)));
    }
    if (typeOf(id) != PropertyType::Binary && !isValidUtf8(view(value))) {
        return failure("malformed-utf8",
                       QStringLiteral("the value of %1 is not UTF-8").arg(QString::fromUtf8(name)));
    }
    if (id == PropertyId::ResponseTopic && checkTopicName(view(value)) != TopicCheck::Ok) {
        return failure("invalid-topic",
                       QStringLiteral("invalid response topic '%1'").arg(QString::fromUtf8(value)));
    }
    return {};
}

} // namespace

qsizetype propertyArgumentCount(std::span<const QByteArray> arguments) noexcept
{
    return arguments.size() > 1 && arguments[1].toLower() == "user-property" ? 4 : 3;
}

Failure addProperty(std::span<const QByteArray> arguments, Options &options)
{
    if (static_cast<qsizetype>(arguments.size()) < propertyArgumentCount(arguments)) {
        return failure("missing-argument",
                       QStringLiteral("needs a packet, a property name and its value"));
    }
    const QByteArray packetName = arguments[0].toLower();
    const Packet *packet = nullptr;
    for (const Packet &one : kPackets) {
        packet = packetName == one.text ? &one : packet;
    }
    if (packet == nullptr) {
        return failure("unknown-packet",
                       QStringLiteral("unknown packet '%1'").arg(QString::fromUtf8(arguments[0])));
    }
    const QByteArray name = arguments[1].toLower();
    const Name *known = nullptr;
    for (const Name &one : kNames) {
        known = name == one.text ? &one : known;
    }
    if (known == nullptr) {
        return failure(
            "unknown-property",
            QStringLiteral("unknown property '%1'").arg(QString::fromUtf8(arguments[1])));
    }
    if ((packet->allowed & maskOf(known->id)) == 0) {
        return failure("property-not-allowed",
                       QStringLiteral("%1 cannot be set on %2")
                           .arg(QLatin1String(name), QLatin1String(packetName)));
    }
    PropertySet &set = setOf(packetName, options);
    if (known->id != PropertyId::UserProperty && set.has(known->id)) {
        return failure("duplicate-property",
                       QStringLiteral("%1 is given twice").arg(QLatin1String(name)));
    }
    PropertySet::Entry entry;
    entry.id = known->id;
    const PropertyType type = typeOf(known->id);
    if (type == PropertyType::String || type == PropertyType::Binary
        || type == PropertyType::Pair) {
        entry.value = arguments[type == PropertyType::Pair ? 3 : 2];
        if (type == PropertyType::Pair) {
            entry.name = arguments[2];
            if (Failure bad = checkText(known->id, name, entry.name)) {
                return bad;
            }
        }
        if (Failure bad = checkText(known->id, name, entry.value)) {
            return bad;
        }
    } else {
        const Range range = rangeOf(known->id, type);
        const std::optional<qint64> number = parseInteger(arguments[2], range.least, range.most);
        if (!number) {
            return failure("value-out-of-range",
                           QStringLiteral("%1 is a number from %2 to %3, not '%4'")
                               .arg(QLatin1String(name))
                               .arg(range.least)
                               .arg(range.most)
                               .arg(QString::fromUtf8(arguments[2])));
        }
        entry.number = static_cast<quint32>(*number);
    }
    set.add(std::move(entry));
    options.version = Version::V5;
    return {};
}

} // namespace fairlead::cli
