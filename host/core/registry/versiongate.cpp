// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/registry/versiongate.h"

#include <algorithm>

namespace fairlead::core {

namespace {

Error notAVersion(const QString &text)
{
    return {ErrorCode::InvalidArgument,
            QStringLiteral("\"%1\" is not a semantic version such as 1.4.0").arg(text)};
}

} // namespace

Result<VersionGate> VersionGate::create(const QString &floor, const QStringList &allowed)
{
    VersionGate gate;
    if (!floor.isEmpty()) {
        gate.m_floor = SemVer::fromText(floor);
        if (!gate.m_floor)
            return notAVersion(floor);
    }
    for (const QString &text : allowed) {
        const std::optional<SemVer> version = SemVer::fromText(text);
        if (!version)
            return notAVersion(text);
        gate.m_allowed.append(*version);
    }
    return gate;
}

Result<> VersionGate::check(const QString &text) const
{
    if (isOpen() && text.isEmpty())
        return {};
    const std::optional<SemVer> version = SemVer::fromText(text);
    if (!version)
        return refusal(QStringLiteral("is not a semantic version"), text);
    if (m_floor && *version < *m_floor)
        return refusal(QStringLiteral("is below the lowest one accepted"), text);
    const bool listed
        = m_allowed.isEmpty()
        || std::any_of(m_allowed.begin(), m_allowed.end(), [&version](const SemVer &allowed) {
               return allowed == *version
                   && (allowed.build().isEmpty() || allowed.build() == version->build());
           });
    if (!listed)
        return refusal(QStringLiteral("is not among those allowed"), text);
    return {};
}

Error VersionGate::refusal(const QString &why, const QString &text) const
{
    Error error(ErrorCode::VersionRefused, QStringLiteral("version \"%1\" %2").arg(text, why));
    error.setDetail(QStringLiteral("version"), text);
    if (m_floor)
        error.setDetail(QStringLiteral("floor"), m_floor->toString());
    if (!m_allowed.isEmpty()) {
        QStringList allowed;
        for (const SemVer &version : m_allowed)
            allowed << version.toString();
        error.setDetail(QStringLiteral("allowed"), allowed);
    }
    return error;
}

} // namespace fairlead::core
