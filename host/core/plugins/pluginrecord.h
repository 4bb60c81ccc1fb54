// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/plugins/pluginmetadata.h"

#include <QtCore/QString>

#include <fairlead/error.h>

#include <optional>

namespace fairlead::core {

/// What became of a file in a plugin folder: exactly one of these.
enum class Verdict : quint8 {
    Accepted,
    NotALibrary,
    NoMetadata,
    ForeignIid,
    MetadataInvalid,
    AbiMismatch,
    SdkTooOld,
    BuiltWithNewerQt,
    PlatformMismatch,
    Shadowed,
    DisabledByConfig,
    DependencyMissing,
    DependencyCycle,
    Quarantined,
    InsecurePermissions,
    LoadFailed,
    WrongRootObject,
    FactoryFailed,
};

/// The stable name in logs and the control API: "foreign-iid".
const char *verdictName(Verdict verdict) noexcept;
/// What it means, for people.
QString verdictUserText(Verdict verdict);
/// What to do about it; empty for an accepted plugin.
QString verdictHint(Verdict verdict);

/// One file of a plugin folder and its verdict.
struct PluginRecord
{
    QString path; ///< as found
    QString canonicalPath;
    Verdict verdict = Verdict::Accepted;
    QString text; ///< the reason with its particulars, English; empty when accepted
    std::optional<PluginMetadata> metadata; ///< as far as it could be read
    QStringList warnings; ///< of the metadata, such as keys this host does not know

    /// "verdict=… file=… id=… …", one line for the log.
    QString logText() const;
    /// PluginRejected with text, user text, hint and path; null when accepted.
    Error toError() const;
};

} // namespace fairlead::core
