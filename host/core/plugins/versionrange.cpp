// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/plugins/versionrange.h"

#include <QtCore/QRegularExpression>

namespace fairlead::core {

std::optional<QVersionNumber> versionFromText(const QString &text)
{
    static const QRegularExpression pattern(QStringLiteral("\\A[0-9]{1,9}(\\.[0-9]{1,9}){0,3}\\z"));
    if (!pattern.match(text).hasMatch())
        return std::nullopt;
    return QVersionNumber::fromString(text);
}

std::optional<VersionRange> VersionRange::fromText(const QString &text)
{
    static const QRegularExpression pattern(QStringLiteral("\\A(<=|>=|<|>|==?)(.*)\\z"));
    VersionRange range;
    const QStringList parts = text.simplified().split(QLatin1Char(' '), Qt::SkipEmptyParts);
    for (const QString &part : parts) {
        const QRegularExpressionMatch match = pattern.match(part);
        const std::optional<QVersionNumber> version = versionFromText(match.captured(2));
        if (!match.hasMatch() || !version)
            return std::nullopt;
        const QString sign = match.captured(1);
        Comparison comparison = Comparison::Equal;
        if (sign == QLatin1String("<"))
            comparison = Comparison::Less;
        else if (sign == QLatin1String("<="))
            comparison = Comparison::LessOrEqual;
        else if (sign == QLatin1String(">="))
            comparison = Comparison::GreaterOrEqual;
        else if (sign == QLatin1String(">"))
            comparison = Comparison::Greater;
        range.m_bounds.append({comparison, version->normalized()});
    }
    return range;
}

bool VersionRange::contains(const QVersionNumber &version) const
{
    for (const Bound &bound : m_bounds) {
        // Normalized, because Qt holds 1.0 to be older than 1.0.0.
        const int order = QVersionNumber::compare(version.normalized(), bound.version);
        const bool holds = bound.comparison == Comparison::Less ? order < 0
            : bound.comparison == Comparison::LessOrEqual       ? order <= 0
            : bound.comparison == Comparison::Equal             ? order == 0
            : bound.comparison == Comparison::GreaterOrEqual    ? order >= 0
                                                                : order > 0;
        if (!holds)
            return false;
    }
    return true;
}

} // namespace fairlead::core
