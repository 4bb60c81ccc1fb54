// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/registry/semver.h"

#include <QtCore/QList>

#include <fairlead/result.h>

#include <optional>

namespace fairlead::core {

/// Which versions of a peer or service are let in (AD-03): none below the floor, and where there is
/// an allow-list only those on it. Thread: a value.
class VersionGate
{
public:
    VersionGate() = default;

    /// Errors: InvalidArgument for a text that is no semantic version. An empty @p floor sets none,
    /// an empty @p allowed admits all above the floor. An allowed version with build metadata
    /// admits that build alone.
    static Result<VersionGate> create(const QString &floor, const QStringList &allowed);

    bool isOpen() const noexcept { return !m_floor && m_allowed.isEmpty(); }

    /// The version, or VersionRefused with what would be let in. What cannot be parsed is refused,
    /// unless the gate is open and @p text empty.
    Result<> check(const QString &text) const;

private:
    Error refusal(const QString &why, const QString &text) const;

    std::optional<SemVer> m_floor;
    QList<SemVer> m_allowed;
};

} // namespace fairlead::core
