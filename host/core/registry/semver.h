// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QString>
#include <QtCore/QStringList>

#include <compare>
#include <optional>

namespace fairlead::core {

/// A semantic version, "1.4.0-rc.2+build7", with its full order: a pre-release comes before its
/// release, numeric parts compare as numbers of any length, build metadata does not count (AD-03).
/// Thread: a value.
class SemVer
{
public:
    /// Nothing for a text that is no semantic version.
    static std::optional<SemVer> fromText(const QString &text);

    QString toString() const;

    quint64 major() const noexcept { return m_numbers[0]; }

    quint64 minor() const noexcept { return m_numbers[1]; }

    quint64 patch() const noexcept { return m_numbers[2]; }

    bool isPreRelease() const noexcept { return !m_preRelease.isEmpty(); }

    /// The part behind "+", empty where there is none.
    QString build() const { return m_build; }

    std::weak_ordering operator<=>(const SemVer &other) const;

    /// Of the same rank; build metadata may differ.
    bool operator==(const SemVer &other) const { return std::is_eq(*this <=> other); }

private:
    quint64 m_numbers[3] = {}; // NOLINT(modernize-avoid-c-arrays): a value of three
    QStringList m_preRelease;
    QString m_build;
};

} // namespace fairlead::core
