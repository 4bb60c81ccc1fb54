// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "trust/qrtext.h"

#include <algorithm>

namespace fairlead::ship {

namespace {

constexpr Bytes kBegin = "SHIP;";
constexpr Bytes kEnd = "ENDSHIP";
constexpr Bytes kSkiKey = "SKI";

struct Field
{
    Bytes key;
    QByteArray QrText::*value;
};

constexpr Field kFields[] = {{"ID", &QrText::id},
                             {"BRAND", &QrText::brand},
                             {"TYPE", &QrText::type},
                             {"MODEL", &QrText::model},
                             {"SERIAL", &QrText::serial},
                             {"CAT", &QrText::categories}};

void writeField(QByteArray &out, Bytes key, QByteArray value)
{
    value.replace(';', "");
    if (value.isEmpty())
        return;
    append(out, key);
    out.append(':').append(value).append(';');
}

/// The text up to the next semicolon, which goes with it.
Bytes takePart(Bytes &rest)
{
    const std::size_t cut = std::min(rest.find(';'), rest.size());
    const Bytes part = rest.substr(0, cut);
    rest.remove_prefix(std::min(cut + 1, rest.size()));
    return part;
}

} // namespace

QByteArray write(const QrText &text)
{
    QByteArray out = copyOf(kBegin);
    writeField(out, kSkiKey, text.ski.toHex());
    for (const Field &field : kFields)
        writeField(out, field.key, text.*field.value);
    append(out, kEnd);
    return out.append(';');
}

std::optional<QrText> readQrText(Bytes text)
{
    if (!text.starts_with(kBegin))
        return std::nullopt;
    text.remove_prefix(kBegin.size());
    std::optional<Ski> ski;
    QrText found{Ski(Ski::Raw{}), {}, {}, {}, {}, {}, {}};
    while (!text.empty()) {
        const Bytes part = takePart(text);
        if (part == kEnd)
            break;
        const std::size_t colon = part.find(':');
        if (colon == Bytes::npos)
            continue;
        const Bytes key = part.substr(0, colon);
        const Bytes value = part.substr(colon + 1);
        if (key == kSkiKey)
            ski = Ski::fromText(value);
        for (const Field &field : kFields) {
            if (key == field.key)
                found.*field.value = copyOf(value);
        }
    }
    if (!ski)
        return std::nullopt;
    found.ski = *ski;
    return found;
}

} // namespace fairlead::ship
