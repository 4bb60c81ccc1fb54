// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "protocol/jsontext.h"

namespace fairlead::ship {

namespace {

constexpr char32_t kReplacement = 0xFFFD;

unsigned hexValue(char digit) noexcept
{
    const unsigned code = static_cast<unsigned char>(digit);
    return digit <= '9' ? code - '0' : (code | 0x20U) - 'a' + 10;
}

char32_t hexUnit(Bytes digits) noexcept
{
    char32_t unit = 0;
    for (const char digit : digits.substr(0, 4))
        unit = unit << 4 | hexValue(digit);
    return unit;
}

constexpr bool isHigh(char32_t unit) noexcept
{
    return unit >= 0xD800 && unit < 0xDC00;
}

constexpr bool isLow(char32_t unit) noexcept
{
    return unit >= 0xDC00 && unit < 0xE000;
}

void appendUtf8(QByteArray &out, char32_t code)
{
    const auto tail
        = [code](int shift) { return static_cast<char>(0x80U | ((code >> shift) & 0x3FU)); };
    if (code < 0x80) {
        out.append(static_cast<char>(code));
    } else if (code < 0x800) {
        out.append(static_cast<char>(0xC0U | code >> 6)).append(tail(0));
    } else if (code < 0x10000) {
        out.append(static_cast<char>(0xE0U | code >> 12)).append(tail(6)).append(tail(0));
    } else {
        out.append(static_cast<char>(0xF0U | code >> 18));
        out.append(tail(12)).append(tail(6)).append(tail(0));
    }
}

/// Reads the digits of a \u, and a second \u where the first is half of a pair.
void appendUnit(QByteArray &out, Bytes &rest)
{
    const char32_t unit = hexUnit(rest);
    rest.remove_prefix(4);
    if (isHigh(unit) && rest.starts_with("\\u") && isLow(hexUnit(rest.substr(2)))) {
        const char32_t low = hexUnit(rest.substr(2));
        rest.remove_prefix(6);
        appendUtf8(out, 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
        return;
    }
    appendUtf8(out, isHigh(unit) || isLow(unit) ? kReplacement : unit);
}

char simpleEscape(char letter) noexcept
{
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return letter; // quote, backslash, slash
    }
}

} // namespace

void appendQuoted(QByteArray &out, Bytes text)
{
    static constexpr char kHex[] = "0123456789abcdef";
    out.append('"');
    for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out.append('\\').append(c);
        } else if (code < 0x20) {
            out.append("\\u00").append(kHex[code >> 4]).append(kHex[code & 0x0F]);
        } else {
            out.append(c);
        }
    }
    out.append('"');
}

QByteArray unescaped(Bytes raw)
{
    QByteArray out;
    out.reserve(static_cast<qsizetype>(raw.size()));
    while (!raw.empty()) {
        const std::size_t plain = raw.find('\\');
        append(out, raw.substr(0, plain));
        if (plain == Bytes::npos)
            break;
        const char letter = raw[plain + 1];
        raw.remove_prefix(plain + 2);
        if (letter == 'u')
            appendUnit(out, raw);
        else
            out.append(simpleEscape(letter));
    }
    return out;
}

QByteArray stringOf(const JsonValue &value)
{
    const Bytes text = value.text();
    return unescaped(text.substr(1, text.size() - 2));
}

bool hasKey(const JsonValue &member, Bytes name)
{
    const Bytes raw = member.rawKey();
    if (raw.find('\\') == Bytes::npos)
        return raw == name;
    return viewOf(unescaped(raw)) == name;
}

} // namespace fairlead::ship
