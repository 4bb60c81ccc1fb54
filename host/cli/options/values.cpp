// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "options/values.h"

#include <charconv>
#include <cmath>

namespace fairlead::cli {

std::optional<qint64> parseInteger(const QByteArray &text, qint64 least, qint64 most)
{
    const char *begin = text.constData();
    const char *const end = begin + text.size();
    const bool negative = begin != end && *begin == '-';
    begin += negative ? 1 : 0;
    int base = 10;
    if (end - begin > 2 && begin[0] == '0' && (begin[1] == 'x' || begin[1] == 'X')) {
        base = 16;
        begin += 2;
    }
    quint64 magnitude = 0;
    const auto [rest, error] = std::from_chars(begin, end, magnitude, base);
    if (error != std::errc() || rest != end || magnitude > quint64{1} << 62) {
        return std::nullopt;
    }
    const qint64 number
        = negative ? -static_cast<qint64>(magnitude) : static_cast<qint64>(magnitude);
    if (number < least || number > most) {
        return std::nullopt;
    }
    return number;
}

std::optional<double> parseDecimal(const QByteArray &text, double least, double most)
{
    bool ok = false;
    const double number = text.toDouble(&ok);
    if (!ok || !std::isfinite(number) || number < least || number > most) {
        return std::nullopt;
    }
    return number;
}

} // namespace fairlead::cli
