// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/registry/semver.h"

#include <algorithm>

namespace fairlead::core {

namespace {

constexpr qsizetype kMaxVersionText = 256;

bool isDigit(QChar c)
{
    return c >= QLatin1Char('0') && c <= QLatin1Char('9');
}

bool isPartChar(QChar c)
{
    return isDigit(c) || (c >= QLatin1Char('a') && c <= QLatin1Char('z'))
        || (c >= QLatin1Char('A') && c <= QLatin1Char('Z')) || c == QLatin1Char('-');
}

bool isNumeric(QStringView part)
{
    return !part.isEmpty() && std::all_of(part.begin(), part.end(), isDigit);
}

bool hasLeadingZero(QStringView part)
{
    return part.size() > 1 && part.front() == QLatin1Char('0');
}

/// The dotted parts of @p text; nothing when one is empty or holds a character it may not.
std::optional<QStringList> partsOf(QStringView text)
{
    QStringList parts;
    for (const QStringView part : text.split(QLatin1Char('.'))) {
        if (part.isEmpty() || !std::all_of(part.begin(), part.end(), isPartChar))
            return std::nullopt;
        parts.append(part.toString());
    }
    return parts;
}

std::weak_ordering order(int comparison)
{
    return comparison <=> 0;
}

std::weak_ordering comparePart(const QString &left, const QString &right)
{
    const bool leftNumeric = isNumeric(left);
    const bool rightNumeric = isNumeric(right);
    if (leftNumeric != rightNumeric)
        return leftNumeric ? std::weak_ordering::less : std::weak_ordering::greater;
    if (leftNumeric && left.size() != right.size())
        return left.size() <=> right.size(); // no leading zeros: the longer one is greater
    return order(QString::compare(left, right));
}

} // namespace

std::optional<SemVer> SemVer::fromText(const QString &text)
{
    if (text.size() > kMaxVersionText)
        return std::nullopt;
    QStringView rest(text);
    SemVer version;
    const qsizetype plus = rest.indexOf(QLatin1Char('+'));
    if (plus >= 0) {
        if (!partsOf(rest.mid(plus + 1)))
            return std::nullopt;
        version.m_build = rest.mid(plus + 1).toString();
        rest = rest.left(plus);
    }
    const qsizetype dash = rest.indexOf(QLatin1Char('-'));
    if (dash >= 0) {
        const std::optional<QStringList> parts = partsOf(rest.mid(dash + 1));
        if (!parts)
            return std::nullopt;
        for (const QString &part : *parts) {
            if (isNumeric(part) && hasLeadingZero(part))
                return std::nullopt;
        }
        version.m_preRelease = *parts;
        rest = rest.left(dash);
    }
    const auto numbers = rest.split(QLatin1Char('.'));
    if (numbers.size() != 3)
        return std::nullopt;
    for (qsizetype i = 0; i < 3; ++i) {
        bool fits = isNumeric(numbers[i]) && !hasLeadingZero(numbers[i]);
        if (fits)
            version.m_numbers[i] = numbers[i].toULongLong(&fits);
        if (!fits)
            return std::nullopt;
    }
    return version;
}

QString SemVer::toString() const
{
    QString text = QStringLiteral("%1.%2.%3").arg(major()).arg(minor()).arg(patch());
    if (isPreRelease())
        text += QLatin1Char('-') + m_preRelease.join(QLatin1Char('.'));
    if (!m_build.isEmpty())
        text += QLatin1Char('+') + m_build;
    return text;
}

std::weak_ordering SemVer::operator<=>(const SemVer &other) const
{
    for (std::size_t i = 0; i < 3; ++i) {
        if (m_numbers[i] != other.m_numbers[i])
            return m_numbers[i] <=> other.m_numbers[i];
    }
    if (isPreRelease() != other.isPreRelease())
        return isPreRelease() ? std::weak_ordering::less : std::weak_ordering::greater;
    const qsizetype common = std::min(m_preRelease.size(), other.m_preRelease.size());
    for (qsizetype i = 0; i < common; ++i) {
        const std::weak_ordering part = comparePart(m_preRelease[i], other.m_preRelease[i]);
        if (part != 0)
            return part;
    }
    return m_preRelease.size() <=> other.m_preRelease.size();
}

} // namespace fairlead::core
