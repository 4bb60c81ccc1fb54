// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "peeroptions.h"

#include <QtCore/QJsonArray>

#include <fairlead/bytes.h>
#include <fairlead/topic.h>

#include <cmath>

namespace fairlead::loopback {

namespace {

constexpr QLatin1String kSubscribe("subscribe");
constexpr QLatin1String kPublishTopic("publish_topic");
constexpr QLatin1String kQos("qos");
constexpr QLatin1String kSessionExpiry("session_expiry");
constexpr QLatin1String kHeartbeat("heartbeat");
constexpr quint32 kLongestHeartbeat = 86400;

Error wrong(ErrorCode code, QLatin1String key, const QString &why)
{
    return Error(code, key + QLatin1Char(' ') + why).setDetail(QStringLiteral("key"), QString(key));
}

Result<> checkUrl(const EndpointConfig &config)
{
    if (config.url.host().isEmpty()) {
        return wrong(ErrorCode::ConfigRange,
                     QLatin1String("url"),
                     QStringLiteral("names no listener; write it as in loopback://hub"));
    }
    return {};
}

/// A whole number of @p key into @p out; untouched when the key is missing.
template <typename Number>
Result<> readNumber(const QJsonObject &options, QLatin1String key, quint32 maximum, Number *out)
{
    const QJsonValue value = options.value(key);
    if (value.isUndefined())
        return {};
    const double number = value.toDouble(-1);
    if (!value.isDouble() || number != std::floor(number))
        return wrong(ErrorCode::ConfigType, key, QStringLiteral("must be a whole number"));
    if (number < 0 || number > double(maximum))
        return wrong(
            ErrorCode::ConfigRange, key, QStringLiteral("must be from 0 to %1").arg(maximum));
    *out = Number(number);
    return {};
}

Result<> readFilters(const QJsonValue &value, PeerOptions *options)
{
    if (value.isUndefined())
        return wrong(ErrorCode::ConfigMissing, kSubscribe, QStringLiteral("is missing"));
    if (!value.isArray())
        return wrong(ErrorCode::ConfigType, kSubscribe, QStringLiteral("must be a list of texts"));
    const QJsonArray list = value.toArray();
    for (const auto &item : list) {
        const QByteArray filter = item.toString().toUtf8();
        const Result<TopicFilter> parsed = TopicFilter::parse(spanOf(filter));
        if (!parsed) {
            return wrong(
                ErrorCode::ConfigRange,
                kSubscribe,
                QStringLiteral("holds \"%1\", which is no topic filter").arg(item.toString()));
        }
        // What it publishes would come back to it, for ever.
        if (parsed->matches(spanOf(options->publishTopic))) {
            return wrong(ErrorCode::ConfigRange,
                         kSubscribe,
                         QStringLiteral("holds \"%1\", which selects the publish_topic")
                             .arg(item.toString()));
        }
        options->filters.append(filter);
    }
    if (options->filters.isEmpty())
        return wrong(ErrorCode::ConfigRange, kSubscribe, QStringLiteral("must name a filter"));
    return {};
}

} // namespace

Result<PeerOptions> parsePeerOptions(const EndpointConfig &config)
{
    if (const Result<> good = checkUrl(config); !good)
        return good.error();
    PeerOptions options;
    options.name = config.name.toUtf8();
    if (!isValidTopicName(spanOf(options.name))) {
        return wrong(ErrorCode::ConfigRange,
                     QLatin1String("name"),
                     QStringLiteral("must be able to stand in a topic"));
    }
    const QJsonValue topic = config.options.value(kPublishTopic);
    if (topic.isUndefined())
        return wrong(ErrorCode::ConfigMissing, kPublishTopic, QStringLiteral("is missing"));
    options.publishTopic = topic.toString().toUtf8();
    if (!isValidTopicName(spanOf(options.publishTopic)))
        return wrong(ErrorCode::ConfigRange, kPublishTopic, QStringLiteral("must be a topic name"));
    for (const Result<> &read :
         {readFilters(config.options.value(kSubscribe), &options),
          readNumber(config.options, kQos, 1, &options.qos),
          readNumber(config.options, kSessionExpiry, kNever, &options.sessionExpiry),
          readNumber(config.options, kHeartbeat, kLongestHeartbeat, &options.heartbeat)}) {
        if (!read)
            return read.error();
    }
    return options;
}

Result<> checkListenerConfig(const EndpointConfig &config)
{
    for (const QLatin1String key : {kSubscribe, kPublishTopic, kQos, kSessionExpiry, kHeartbeat}) {
        if (config.options.contains(key)) {
            return wrong(ErrorCode::ConfigUnknownKey,
                         key,
                         QStringLiteral("belongs to endpoints with role = \"dial\""));
        }
    }
    return checkUrl(config);
}

} // namespace fairlead::loopback
