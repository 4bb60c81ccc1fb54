// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "server/listeneroptions.h"

#include "codec/topic.h"
#include "codec/types.h"

#include <algorithm>
#include <cmath>

namespace fairlead::mqtt {

namespace {

/// Reads keys one after another and keeps the first failure.
class OptionReader
{
public:
    explicit OptionReader(const QJsonObject &options)
        : m_options(options)
    { }

    void read(const char *key, bool &out)
    {
        const QJsonValue value = valueOf(key);
        if (value.isUndefined())
            return;
        if (!value.isBool())
            return fail(ErrorCode::ConfigType, key, QStringLiteral("must be true or false"));
        out = value.toBool();
    }

    template <typename Number>
    void read(const char *key, Number &out, quint32 minimum, quint32 maximum)
    {
        const QJsonValue value = valueOf(key);
        if (value.isUndefined())
            return;
        const double number = value.toDouble(-1.0);
        if (!value.isDouble() || number != std::floor(number))
            return fail(ErrorCode::ConfigType, key, QStringLiteral("must be a whole number"));
        if (number < double(minimum) || number > double(maximum)) {
            return fail(ErrorCode::ConfigRange,
                        key,
                        QStringLiteral("must be from %1 to %2").arg(minimum).arg(maximum));
        }
        out = static_cast<Number>(number);
    }

    void read(const char *key, QByteArray &out)
    {
        const QJsonValue value = valueOf(key);
        if (value.isUndefined())
            return;
        if (!value.isString())
            return fail(ErrorCode::ConfigType, key, QStringLiteral("must be a text"));
        out = value.toString().toUtf8();
    }

    void fail(ErrorCode code, const char *key, const QString &why)
    {
        if (m_error.isNull()) {
            m_error = Error(code, QStringLiteral("%1 %2").arg(QLatin1String(key), why));
            m_error.setDetail(QStringLiteral("key"), QString::fromLatin1(key));
        }
    }

    Error error() const { return m_error; }

private:
    QJsonValue valueOf(const char *key) const { return m_options.value(QLatin1String(key)); }

    const QJsonObject &m_options;
    Error m_error;
};

constexpr quint32 kSmallestMaxPacketSize = 256;
constexpr quint32 kFastestQuiesce = 100000;
constexpr qsizetype kLongestResponsePrefix = 1024;
constexpr qsizetype kLongestReference = 1024;

bool isPlainText(const QString &text)
{
    return std::all_of(text.begin(), text.end(), [](QChar letter) {
        return letter.category() != QChar::Other_Control && letter != QChar::ReplacementCharacter;
    });
}

void readRedirect(OptionReader &in, ListenerOptions &out)
{
    in.read("server_moved", out.serverMoved);
    in.read("server_reference", out.serverReference);
    if (out.serverReference.size() > kLongestReference
        || !isPlainText(QString::fromUtf8(out.serverReference))) {
        in.fail(ErrorCode::ConfigRange,
                "server_reference",
                QStringLiteral("must be a text without control characters, of at most %1 bytes")
                    .arg(kLongestReference));
    }
    if (out.serverMoved && out.serverReference.isEmpty()) {
        in.fail(ErrorCode::ConfigMissing,
                "server_reference",
                QStringLiteral("is required with server_moved"));
    }
}

} // namespace

Result<ListenerOptions> parseListenerOptions(const QJsonObject &options)
{
    ListenerOptions out;
    OptionReader in(options);
    in.read("allow_mqtt31", out.allowMqtt31);
    in.read("receive_maximum", out.receiveMaximum, 1, 65535);
    in.read("max_packet_size", out.maxPacketSize, kSmallestMaxPacketSize, kMaxPacketSize);
    in.read("topic_alias_max", out.topicAliasMax, 0, 65535);
    in.read("topic_alias_max_outgoing", out.topicAliasMaxOutgoing, 0, 65535);
    in.read("max_keep_alive", out.maxKeepAlive, 0, 65535);
    in.read("max_qos", out.maxQos, 0, 2);
    in.read("retain_available", out.retainAvailable);
    in.read("wildcard_available", out.wildcardAvailable);
    in.read("shared_available", out.sharedAvailable);
    in.read("validate_payload_format", out.validatePayloadFormat);
    in.read("quiesce_rate", out.quiesceRate, 1, kFastestQuiesce);
    readRedirect(in, out);

    QByteArray enforcement = QByteArrayLiteral("strict");
    in.read("receive_maximum_enforcement", enforcement);
    if (enforcement != "strict" && enforcement != "warn") {
        in.fail(ErrorCode::ConfigRange,
                "receive_maximum_enforcement",
                QStringLiteral("must be \"strict\" or \"warn\""));
    }
    out.strictReceiveMaximum = enforcement == "strict";

    in.read("response_information", out.responseInformation);
    const Bytes prefix(out.responseInformation.constData(),
                       std::size_t(out.responseInformation.size()));
    if (!prefix.empty()
        && (out.responseInformation.size() > kLongestResponsePrefix
            || checkTopicName(prefix) != TopicCheck::Ok)) {
        in.fail(
            ErrorCode::ConfigRange,
            "response_information",
            QStringLiteral("must be a topic name of at most %1 bytes").arg(kLongestResponsePrefix));
    }
    if (!in.error().isNull())
        return in.error();
    return out;
}

} // namespace fairlead::mqtt
