// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "options/optionchecks.h"

#include <QCoreApplication>
#include <QRandomGenerator>

#include <algorithm>

namespace fairlead::cli {

using mqtt::PropertyId;
using mqtt::Version;

namespace {

constexpr quint32 kReceiveMaximum = 20;
constexpr quint16 kTlsPort = 8883;

[[nodiscard]] Failure failure(const char *name, const char *text)
{
    return {exitcode::kUsage, QByteArray(name), QLatin1String(text)};
}

[[nodiscard]] Failure checkSession(Options &options)
{
    const bool v5 = options.version == Version::V5;
    if (!v5 && options.password && !options.userName) {
        return failure("invalid-argument", "MQTT 3 has no password (-P) without a user name (-u)");
    }
    const bool hasId = options.clientId && !options.clientId->isEmpty();
    if (!v5) {
        return options.cleanStart || hasId
            ? Failure{}
            : failure("missing-option", "to keep a session (-c) takes a client identifier (-i)");
    }
    const bool byProperty = options.connectProperties.has(PropertyId::SessionExpiryInterval);
    if (byProperty && options.sessionExpiry) {
        return failure("duplicate-property",
                       "the session expiry interval is given twice, -x and -D");
    }
    if (!byProperty) {
        if (!options.sessionExpiry && !options.cleanStart) {
            options.sessionExpiry = mqtt::kSessionNeverExpires;
        }
        if (options.sessionExpiry) {
            options.connectProperties.add(
                {PropertyId::SessionExpiryInterval, *options.sessionExpiry, {}, {}});
        }
    }
    const quint32 expiry = options.connectProperties.number(PropertyId::SessionExpiryInterval, 0);
    if (expiry == mqtt::kSessionNeverExpires && !hasId) {
        return failure("missing-option",
                       "a session that never expires takes a client identifier (-i)");
    }
    return {};
}

[[nodiscard]] Failure checkWill(Options &options)
{
    if (!options.will || !options.will->topic.isEmpty()) {
        return {};
    }
    const bool wanted = !options.will->payload.isNull() || options.will->retain;
    options.will.reset();
    return wanted ? failure("missing-option", "a will takes a topic, --will-topic") : Failure{};
}

[[nodiscard]] Failure checkSub(const Options &options)
{
    if (options.filters.isEmpty() && options.unsubscribes.isEmpty()) {
        return failure("missing-option",
                       "a topic to subscribe to (-t) or to unsubscribe from (-U) is needed");
    }
    if (options.noRetained && options.retainedOnly) {
        return failure("invalid-argument", "-R together with --retained-only leaves nothing");
    }
    const bool lacksHistory
        = std::any_of(options.filters.begin(), options.filters.end(), [](const QByteArray &filter) {
              return filter.startsWith('$');
          });
    if (!options.replay.isEmpty() && lacksHistory) {
        return failure("invalid-argument",
                       "shared subscriptions and topics that start with '$' have no history");
    }
    if (options.watch && (options.output != OutputStyle::Text || options.messageRate)) {
        return failure("invalid-argument", "--watch goes neither with --output nor --message-rate");
    }
    return {};
}

[[nodiscard]] Failure checkRr(Options &options)
{
    if (options.topic.isEmpty() || options.source == MessageSource::None
        || options.responseTopic.isEmpty()) {
        return failure("missing-option",
                       "a topic (-t), a message (-m, -f, -n or -s) and a response topic (-e) are "
                       "needed");
    }
    if (options.publishProperties.has(PropertyId::ResponseTopic)) {
        return failure("duplicate-property", "the response topic is given twice, -e and -D");
    }
    options.publishProperties.add({PropertyId::ResponseTopic, 0, {}, options.responseTopic});
    return {};
}

[[nodiscard]] Failure checkOutput(const Options &options)
{
    if (options.output == OutputStyle::Text) {
        return {};
    }
    if (options.format) {
        return failure("invalid-argument", "-F and --output exclude each other");
    }
    if (!options.lineEnd) {
        return failure("invalid-argument", "-N and --output exclude each other");
    }
    return {};
}

[[nodiscard]] QByteArray randomName()
{
    // 23 characters at most: more than that an MQTT 3.1 server may refuse.
    constexpr char kLetters[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    QByteArray name = QByteArrayLiteral("fairlead-");
    for (int i = 0; i < 14; ++i) {
        name += kLetters[QRandomGenerator::global()->bounded(36)];
    }
    return name;
}

} // namespace

Failure checkOptions(Options &options, bool versionGiven)
{
    if (options.port == kTlsPort && !options.noTls) {
        return {exitcode::kNotSupported,
                QByteArrayLiteral("not-supported"),
                QStringLiteral("port 8883 means TLS, which is not available in this version; "
                               "--no-tls connects there without")};
    }
    if (options.showOrigin) {
        if (versionGiven && options.version != Version::V5) {
            return failure("invalid-argument", "--show-origin needs MQTT 5");
        }
        options.version = Version::V5;
    }
    if (Failure bad = checkSession(options)) {
        return bad;
    }
    if (Failure bad = checkWill(options)) {
        return bad;
    }
    if (Failure bad = checkOutput(options)) {
        return bad;
    }
    if (options.tool == Tool::Pub) {
        return options.topic.isEmpty() || options.source == MessageSource::None ? failure(
                   "missing-option", "a topic (-t) and a message (-m, -f, -l, -n or -s) are needed")
                                                                                : Failure{};
    }
    if (const auto asked = options.connectProperties.number(PropertyId::ReceiveMaximum)) {
        options.enforcedReceiveMaximum = static_cast<quint16>(*asked);
    } else {
        // No more under way than will be wanted: the rest stays with the broker.
        const quint32 most = options.messageCount > 0
            ? std::min(options.messageCount, kReceiveMaximum)
            : kReceiveMaximum;
        options.connectProperties.add({PropertyId::ReceiveMaximum, most, {}, {}});
    }
    return options.tool == Tool::Sub ? checkSub(options) : checkRr(options);
}

ClientSettings Options::clientSettings() const
{
    ClientSettings settings;
    settings.host = host;
    settings.port = port;
    settings.bindAddress = bindAddress;
    settings.noDelay = noDelay;
    settings.version = version;
    settings.cleanStart = cleanStart;
    settings.keepAlive = keepAlive;
    settings.userName = userName;
    settings.password = password;
    settings.will = will;
    settings.connectProperties = connectProperties;
    settings.disconnectProperties = disconnectProperties;
    settings.enforcedReceiveMaximum = enforcedReceiveMaximum;
    settings.maxInflight = maxInflight;
    if (clientIdPrefix) {
        settings.clientId
            = *clientIdPrefix + QByteArray::number(QCoreApplication::applicationPid());
    } else if (clientId) {
        settings.clientId = *clientId;
    } else if (version == Version::V31) {
        settings.clientId = randomName();
    }
    return settings;
}

} // namespace fairlead::cli
