// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "server/listeneroptions.h"

#include "codec/topic.h"
#include "codec/types.h"

#include <fairlead/optionreader.h>

#include <algorithm>

namespace fairlead::mqtt {

namespace {

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
