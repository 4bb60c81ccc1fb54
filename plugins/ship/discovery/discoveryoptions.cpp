// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "discovery/discoveryoptions.h"

#include <QtCore/QJsonArray>
#include <QtNetwork/QHostAddress>

#include <fairlead/optionreader.h>

#include <algorithm>

namespace fairlead::ship {

namespace {

void readText(OptionReader &in, const char *key, QByteArray &out)
{
    in.read(key, out);
    out = out.trimmed();
    const bool isPlain = std::none_of(out.cbegin(), out.cend(), [](char byte) {
        return static_cast<unsigned char>(byte) < ' ' || byte == '\x7f' || byte == ';'
            || byte == '=';
    });
    if (out.size() > kMaxTextSize || !isPlain) {
        in.fail(
            ErrorCode::ConfigRange,
            key,
            QStringLiteral("must be at most %1 bytes on one line, without semicolons and equals "
                           "signs")
                .arg(kMaxTextSize));
    }
}

} // namespace

Result<DiscoveryOptions> parseDiscoveryOptions(const EndpointConfig &config,
                                               const Ski &own,
                                               const QByteArray &id)
{
    DiscoveryOptions out{true, true, {own, id, {}, false, {}, {}, {}, {}, {}}};
    OptionReader in(config.options);
    in.read("mdns", out.isOn);
    readText(in, "brand", out.own.brand);
    readText(in, "type", out.own.type);
    readText(in, "model", out.own.model);
    readText(in, "serial", out.own.serial);
    QByteArrayList categories;
    const QJsonArray numbers = config.options.value(QLatin1String("categories")).toArray();
    for (const auto &number : numbers)
        categories.append(QByteArray::number(number.toInt()));
    out.own.categories = categories.join(',');
    out.own.path = config.url.path(QUrl::FullyEncoded).toUtf8();
    if (out.isOn && out.own.path.size() > kMaxPathSize) {
        in.fail(ErrorCode::ConfigRange,
                "url",
                QStringLiteral("its path is announced, and may be %1 bytes; mdns = false does "
                               "without")
                    .arg(kMaxPathSize));
    }
    out.announces = !QHostAddress(config.url.host()).isLoopback();
    if (!in.error().isNull())
        return in.error();
    return out;
}

} // namespace fairlead::ship
