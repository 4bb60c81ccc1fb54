// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "link/shipoptions.h"

#include "protocol/pin.h"

#include <QtCore/QJsonArray>

#include <fairlead/message.h>
#include <fairlead/optionreader.h>
#include <fairlead/topic.h>

#include <algorithm>
#include <optional>

namespace fairlead::ship {

namespace {

constexpr qsizetype kSkiDigits = 2 * qsizetype(kSkiSize);

/// "<SKI> label": the first 40 digits, however they are grouped.
std::optional<TrustedPeer> peerIn(const QByteArray &text)
{
    qsizetype digits = 0;
    qsizetype at = 0;
    for (; at < text.size() && digits < kSkiDigits; ++at) {
        if (isHexDigit(text[at]))
            ++digits;
        else if (text[at] != ' ' && text[at] != '-' && text[at] != ':')
            return std::nullopt;
    }
    const std::optional<Ski> ski = Ski::fromText(viewOf(text.left(at)));
    const bool isCut = at == text.size() || text[at] == ' ';
    if (!ski || !isCut)
        return std::nullopt;
    return TrustedPeer{*ski, TrustSource::Configuration, text.mid(at).trimmed(), {}, 0, 0};
}

void readTrusted(OptionReader &in, const QJsonObject &options, ShipOptions &out)
{
    constexpr char kKey[] = "trusted";
    const QJsonArray texts = options.value(QLatin1String(kKey)).toArray();
    if (out.role == Role::Client && !texts.isEmpty()) {
        in.fail(ErrorCode::ConfigRange,
                kKey,
                QStringLiteral("is for listeners; peer_key_id says who is dialled, and trusted"));
    }
    for (const auto &text : texts) {
        const std::optional<TrustedPeer> peer = peerIn(text.toString().trimmed().toUtf8());
        if (!peer) {
            in.fail(ErrorCode::ConfigRange,
                    kKey,
                    QStringLiteral("has an entry \"%1\" that does not begin with a SKI: 40 hex "
                                   "digits, then a blank and a label, if any")
                        .arg(text.toString()));
            return;
        }
        if (peer->ski == out.own) {
            in.fail(ErrorCode::ConfigRange,
                    kKey,
                    QStringLiteral("names this host itself, %1")
                        .arg(QString::fromLatin1(out.own.toHex())));
            return;
        }
        out.trusted.push_back(*peer);
    }
}

/// Who is dialled is who was meant.
void trustDialled(const EndpointConfig &config, ShipOptions &out)
{
    const std::optional<Ski> peer = Ski::fromText(viewOf(config.peer));
    if (out.role == Role::Client && peer)
        out.trusted.push_back({*peer, TrustSource::Configuration, out.endpoint, {}, 0, 0});
}

void readPin(OptionReader &in, const char *key, QByteArray &out)
{
    in.read(key, out);
    if (!out.isEmpty() && !isPin(viewOf(out)))
        in.fail(ErrorCode::ConfigRange, key, QStringLiteral("must be 8 to 16 hex digits"));
}

void readShipId(OptionReader &in, ShipOptions &out)
{
    constexpr qsizetype kLongest = 63;
    out.shipId = "Fairlead-" + out.own.toHex();
    QByteArray own;
    in.read("ship_id", own);
    if (own.isEmpty())
        return;
    const bool isPlain
        = std::all_of(own.cbegin(), own.cend(), [](char c) { return c > ' ' && c != '\x7f'; });
    if (own.size() > kLongest || !isPlain) {
        in.fail(ErrorCode::ConfigRange,
                "ship_id",
                QStringLiteral("must be at most 63 bytes without blanks"));
    }
    out.shipId = own;
}

void readRoot(OptionReader &in, ShipOptions &out)
{
    in.read("topic_root", out.root);
    const ByteSpan root = viewOf(out.root);
    if (!isValidTopicName(root) || out.root.startsWith('$') || out.root.startsWith('/')
        || out.root.endsWith('/')) {
        in.fail(ErrorCode::ConfigRange,
                "topic_root",
                QStringLiteral("must be a topic name that does not begin with $ or a slash, nor "
                               "end with one"));
    }
}

} // namespace

Result<ShipOptions> parseShipOptions(const EndpointConfig &config, Role role)
{
    const std::optional<Ski> own = Ski::fromText(viewOf(config.identity));
    if (!own) {
        return Error(ErrorCode::NotSupported,
                     QStringLiteral("the host gives its endpoints no identity of their own"));
    }
    ShipOptions out;
    out.endpoint = config.name.toUtf8();
    out.role = role;
    out.own = *own;
    OptionReader in(config.options);
    readShipId(in, out);
    readTrusted(in, config.options, out);
    trustDialled(config, out);
    in.read("strangers", out.asksPeople, {{"pending", true}, {"refused", false}});
    readRoot(in, out);
    in.read("json", out.form, {{"plain", JsonForm::Plain}, {"eebus", JsonForm::Eebus}});
    in.read("qos", out.qos, 0, 1);
    in.read("session_expiry", out.sessionExpiry, 0, kNever);
    readPin(in, "pin", out.pin);
    readPin(in, "peer_pin", out.peerPin);
    if (!in.error().isNull())
        return in.error();
    return out;
}

} // namespace fairlead::ship
