// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "framed/framedoptions.h"

#include "framed/escapedbytes.h"

#include <fairlead/bytes.h>
#include <fairlead/message.h>
#include <fairlead/optionreader.h>
#include <fairlead/topic.h>

namespace fairlead::tcp {

namespace {

constexpr quint32 kLargestFrame = 16 * 1024 * 1024;
constexpr quint32 kLongestDay = 86400;
constexpr double kLongestGap = 60;

constexpr char kEndpointPlace[] = "{endpoint}";
constexpr char kPeerPlace[] = "{peer}";

void readDelimiter(OptionReader &in, const char *key, std::string &out)
{
    QString text;
    in.read(key, text);
    const std::optional<std::string> bytes = parseEscapedBytes(text);
    if (!bytes) {
        in.fail(ErrorCode::ConfigRange,
                key,
                QStringLiteral("has a backslash that begins none of \\r, \\n, \\t, \\0, \\\\ and "
                               "\\xHH"));
        return;
    }
    if (bytes->size() > Framing::kMaxDelimiter) {
        in.fail(ErrorCode::ConfigRange,
                key,
                QStringLiteral("must be at most %1 bytes").arg(Framing::kMaxDelimiter));
        return;
    }
    out = *bytes;
}

/// Keys without a default belong to one framing; whoever wrote one for another counts on it.
void refuseUnused(OptionReader &in, FramingKind kind)
{
    if (kind != FramingKind::Fixed && in.has("frame_size")) {
        in.fail(
            ErrorCode::ConfigRange, "frame_size", QStringLiteral("belongs to framing = \"fixed\""));
    }
    for (const char *key : {"frame_start", "frame_end"}) {
        if (kind != FramingKind::Delimiter && in.has(key)) {
            in.fail(
                ErrorCode::ConfigRange, key, QStringLiteral("belongs to framing = \"delimiter\""));
        }
    }
}

void readFraming(OptionReader &in, Framing &out)
{
    in.read("framing",
            out.kind,
            {{"line", FramingKind::Line},
             {"length-prefix", FramingKind::LengthPrefix},
             {"delimiter", FramingKind::Delimiter},
             {"fixed", FramingKind::Fixed},
             {"raw", FramingKind::Raw}});
    in.read("max_frame", out.maxFrame, 1, kLargestFrame);
    in.read("line_ending", out.lineEnding, {{"lf", LineEnding::Lf}, {"crlf", LineEnding::CrLf}});
    in.read("length_size", out.lengthSize, 1, 4);
    if (out.lengthSize == 3)
        in.fail(ErrorCode::ConfigRange, "length_size", QStringLiteral("must be 1, 2 or 4"));
    in.read(
        "length_order", out.lengthOrder, {{"big", ByteOrder::Big}, {"little", ByteOrder::Little}});
    in.read("length_counts_itself", out.lengthCountsItself);
    readDelimiter(in, "frame_start", out.start);
    readDelimiter(in, "frame_end", out.end);
    in.read("frame_size", out.fixedSize, 1, kLargestFrame);
    if (out.kind == FramingKind::Delimiter && out.start.empty() && out.end.empty()) {
        in.fail(ErrorCode::ConfigMissing,
                "frame_end",
                QStringLiteral("is required with framing = \"delimiter\", or frame_start"));
    }
    if (out.kind == FramingKind::Fixed && out.fixedSize == 0) {
        in.fail(ErrorCode::ConfigMissing,
                "frame_size",
                QStringLiteral("is required with framing = \"fixed\""));
    }
    refuseUnused(in, out.kind);
}

void readTopic(OptionReader &in, const char *key, const QByteArray &endpoint, QByteArray &out)
{
    QString text = QString::fromUtf8(out);
    in.read(key, text);
    out = text.toUtf8();
    if (out.isEmpty())
        return;
    const QByteArray sample = expandTopic(out, endpoint, QByteArrayLiteral("x"));
    if (!isValidTopicName(spanOf(sample)) || sample.startsWith('$') || sample.contains('{')
        || sample.contains('}')) {
        in.fail(ErrorCode::ConfigRange,
                key,
                QStringLiteral("must be a topic name that does not begin with $, in which "
                               "{endpoint} and {peer} are the only braces"));
    }
}

void readTopics(OptionReader &in, FramedOptions &out)
{
    readTopic(in, "rx_topic", out.endpoint, out.rxTopic);
    readTopic(in, "tx_topic", out.endpoint, out.txTopic);
    readTopic(in, "state_topic", out.endpoint, out.stateTopic);
    if (!out.isDialled() && !out.stateTopic.isEmpty() && !out.stateTopic.contains(kPeerPlace)) {
        in.fail(ErrorCode::ConfigRange,
                "state_topic",
                QStringLiteral("must hold {peer}: the peers of a listener each have a state"));
    }
    if (!out.stateTopic.isEmpty()
        && (out.stateTopic == out.rxTopic || out.stateTopic == out.txTopic)) {
        in.fail(ErrorCode::ConfigRange,
                "state_topic",
                QStringLiteral("must differ from rx_topic and tx_topic"));
    }
}

void readNaming(OptionReader &in, const EndpointConfig &config, FramedOptions &out)
{
    in.read("peer_name",
            out.naming,
            {{"address", PeerNaming::Address},
             {"certificate", PeerNaming::Certificate},
             {"first-frame", PeerNaming::FirstFrame}});
    if (out.naming != PeerNaming::Certificate)
        return;
    if (out.isDialled()) {
        in.fail(ErrorCode::ConfigRange,
                "peer_name",
                QStringLiteral("cannot be \"certificate\" for who is dialled: that is verified "
                               "against the URL"));
    } else if (config.url.scheme() != QLatin1String("tcps")) {
        in.fail(ErrorCode::ConfigRange,
                "peer_name",
                QStringLiteral("can be \"certificate\" with tcps only"));
    }
}

/// The name of who is dialled; a program that is launched has no address, but its endpoint's name.
QByteArray remoteOf(const EndpointConfig &config)
{
    const QByteArray host = config.url.host(QUrl::EncodeUnicode).toUtf8();
    if (host.isEmpty())
        return config.name.toUtf8();
    const QByteArray port = QByteArray::number(config.url.port());
    return host.contains(':') ? '[' + host + "]:" + port : host + ':' + port;
}

} // namespace

QByteArray expandTopic(const QByteArray &pattern,
                       const QByteArray &endpoint,
                       const QByteArray &peer)
{
    QByteArray topic = pattern;
    topic.replace(kEndpointPlace, endpoint);
    topic.replace(kPeerPlace, peer);
    return topic;
}

Result<FramedOptions> parseFramedOptions(const EndpointConfig &config, Role role)
{
    FramedOptions out;
    out.endpoint = config.name.toUtf8();
    if (role == Role::Dial)
        out.remote = remoteOf(config);
    OptionReader in(config.options);
    readFraming(in, out.framing);
    in.readSeconds("idle_gap", out.idleGapNs, 0.001, kLongestGap);
    readNaming(in, config, out);
    readTopics(in, out);
    in.read("text_check",
            out.textCheck,
            {{"off", TextCheck::Off}, {"drop", TextCheck::Drop}, {"close", TextCheck::Close}});
    in.read("qos", out.qos, 0, 1);
    in.read("rx_retain", out.retain);
    in.read("session_expiry", out.sessionExpiry, 0, kNever);
    in.read("state_interval", out.stateInterval, 0, kLongestDay);
    in.read("state_expiry", out.stateExpiry, 1, kNever);
    in.read("heartbeat", out.heartbeat, 0, kLongestDay);
    if (!in.error().isNull())
        return in.error();
    return out;
}

} // namespace fairlead::tcp
