// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "framed/escapedbytes.h"

#include <QtCore/QByteArray>

namespace fairlead::tcp {

namespace {

std::optional<int> hexDigit(char digit) noexcept
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return std::nullopt;
}

std::optional<char> hexByte(const QByteArray &digits) noexcept
{
    if (digits.size() != 2)
        return std::nullopt;
    const std::optional<int> high = hexDigit(digits.at(0));
    const std::optional<int> low = hexDigit(digits.at(1));
    if (!high || !low)
        return std::nullopt;
    return char(*high << 4 | *low);
}

} // namespace

std::optional<std::string> parseEscapedBytes(const QString &text)
{
    const QByteArray utf8 = text.toUtf8();
    std::string bytes;
    for (qsizetype i = 0; i < utf8.size(); ++i) {
        if (utf8.at(i) != '\\') {
            bytes += utf8.at(i);
            continue;
        }
        if (++i == utf8.size())
            return std::nullopt;
        switch (utf8.at(i)) {
        case 'r':
            bytes += '\r';
            break;
        case 'n':
            bytes += '\n';
            break;
        case 't':
            bytes += '\t';
            break;
        case '0':
            bytes += '\0';
            break;
        case '\\':
            bytes += '\\';
            break;
        case 'x': {
            const std::optional<char> byte = hexByte(utf8.mid(i + 1, 2));
            if (!byte)
                return std::nullopt;
            bytes += *byte;
            i += 2;
            break;
        }
        default:
            return std::nullopt;
        }
    }
    return bytes;
}

} // namespace fairlead::tcp
