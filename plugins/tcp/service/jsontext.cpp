// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "service/jsontext.h"

#include <algorithm>
#include <charconv>

namespace fairlead::tcp {

namespace {

constexpr quint32 kHighSurrogate = 0xD800;
constexpr quint32 kLowSurrogate = 0xDC00;

quint32 hexUnit(const char *digits) noexcept
{
    quint32 unit = 0;
    std::from_chars(digits, digits + 4, unit, 16);
    return unit;
}

void appendUtf8(QByteArray &out, quint32 code)
{
    const auto rest = [&out](quint32 bits) { out.append(char(0x80 | (bits & 0x3F))); };
    if (code < 0x80) {
        out.append(char(code));
    } else if (code < 0x800) {
        out.append(char(0xC0 | (code >> 6)));
        rest(code);
    } else if (code < 0x10000) {
        out.append(char(0xE0 | (code >> 12)));
        rest(code >> 6);
        rest(code);
    } else {
        out.append(char(0xF0 | (code >> 18)));
        rest(code >> 12);
        rest(code >> 6);
        rest(code);
    }
}

char meaningOf(char escape) noexcept
{
    switch (escape) {
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
        return escape;
    }
}

/// The letter that stands for @p c behind a backslash, 0: none does.
char escapeOf(char c) noexcept
{
    switch (c) {
    case '"':
    case '\\':
        return c;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return '\0';
    }
}

} // namespace

QByteArray unescaped(Bytes raw)
{
    QByteArray out;
    out.reserve(qsizetype(raw.size()));
    while (!raw.empty()) {
        const std::size_t plain = std::min(raw.find('\\'), raw.size());
        out.append(raw.data(), qsizetype(plain));
        raw.remove_prefix(plain);
        if (raw.empty())
            break;
        if (raw[1] != 'u') {
            out.append(meaningOf(raw[1]));
            raw.remove_prefix(2);
            continue;
        }
        quint32 code = hexUnit(raw.data() + 2);
        raw.remove_prefix(6);
        if (code >= kHighSurrogate && code < kLowSurrogate) {
            const quint32 low = hexUnit(raw.data() + 2);
            raw.remove_prefix(6);
            code = 0x10000 + ((code - kHighSurrogate) << 10) + (low - kLowSurrogate);
        }
        appendUtf8(out, code);
    }
    return out;
}

QByteArray stringOf(const JsonValue &value)
{
    return unescaped(value.rawString());
}

void appendQuoted(QByteArray &out, Bytes text)
{
    constexpr char kHex[] = "0123456789abcdef";
    out.append('"');
    std::size_t done = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool isControl = static_cast<unsigned char>(c) < 0x20;
        if (!isControl && c != '"' && c != '\\')
            continue;
        out.append(text.data() + done, qsizetype(i - done));
        done = i + 1;
        out.append('\\');
        if (const char letter = escapeOf(c)) {
            out.append(letter);
        } else {
            out.append("u00");
            out.append(kHex[c >> 4]);
            out.append(kHex[c & 15]);
        }
    }
    out.append(text.data() + done, qsizetype(text.size() - done));
    out.append('"');
}

void appendCompact(QByteArray &out, Bytes json)
{
    bool inString = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (!inString && (c == ' ' || c == '\t' || c == '\r' || c == '\n'))
            continue;
        out.append(c);
        if (inString && c == '\\')
            out.append(json[++i]);
        else if (c == '"')
            inString = !inString;
    }
}

} // namespace fairlead::tcp
