// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QList>
#include <QtCore/QString>
#include <QtCore/QVersionNumber>

#include <optional>

namespace fairlead::core {

/// Comparisons of versions that must all hold: ">=1.0 <2.0". Empty means any. Thread: a value.
class VersionRange
{
public:
    /// Nothing for a text that is no range.
    static std::optional<VersionRange> fromText(const QString &text);

    bool contains(const QVersionNumber &version) const;

private:
    enum class Comparison : quint8 {
        Less,
        LessOrEqual,
        Equal,
        GreaterOrEqual,
        Greater
    };

    struct Bound
    {
        Comparison comparison;
        QVersionNumber version;
    };

    QList<Bound> m_bounds;
};

/// The version in a text that is nothing else, as in "1.2.3".
std::optional<QVersionNumber> versionFromText(const QString &text);

} // namespace fairlead::core
