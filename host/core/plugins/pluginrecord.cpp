// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/plugins/pluginrecord.h"

#include <array>

namespace fairlead::core {

namespace {

struct Wording
{
    const char *name;
    const char *userText;
    const char *hint;
};

// In the order of Verdict.
constexpr std::array<Wording, 18> kWordings{{
    {"accepted", "The plugin can be used.", ""},
    {"not-a-library",
     "The file is not a plugin library.",
     "Remove it from the plugin folder, or copy it again if it was meant to be a plugin."},
    {"no-metadata",
     "The library does not say what it is.",
     "Build it with fairlead_add_plugin(), or remove it from the plugin folder."},
    {"foreign-iid",
     "The library is a plugin of another program or for another release of this one.",
     "Install the build of the plugin that belongs to this release."},
    {"metadata-invalid",
     "What the plugin says of itself is incomplete or wrong.",
     "Ask the plugin's author; a newer plugin may need a newer host."},
    {"abi-mismatch",
     "The plugin was built for another generation of the plugin interface.",
     "Install the build of the plugin that belongs to this release."},
    {"sdk-too-old",
     "The plugin needs a newer host.",
     "Update the host, or install an older release of the plugin."},
    {"built-with-newer-qt",
     "The plugin was built with a newer Qt than this host runs with.",
     "Update Qt, or install a build of the plugin for this system."},
    {"platform-mismatch",
     "The plugin was built for another kind of machine or system.",
     "Install a build of the plugin for this system."},
    {"shadowed",
     "Another file offers the same and comes first.",
     "Remove the one that is not wanted; the folders are searched in order."},
    {"disabled-by-config",
     "The plugin is switched off in the configuration.",
     "Remove its id from disabled_plugins in [host] to use it."},
    {"dependency-missing",
     "The plugin needs another plugin that is not there.",
     "Install the plugin that is named, in a release that fits."},
    {"dependency-cycle",
     "The plugin needs itself by way of other plugins.",
     "Ask the plugins' authors; none of them can be first."},
    {"quarantined",
     "The plugin brought the host down before and is kept out.",
     "Update the plugin, then allow it again."},
    {"insecure-permissions",
     "Others than the administrator could change the plugin.",
     "Let the file and its folder belong to root or to the host's user, and take away everybody "
     "else's permission to write."},
    {"load-failed",
     "The plugin could not be loaded.",
     "Install the libraries it needs, or a build of the plugin for this release."},
    {"wrong-root-object",
     "The plugin is not the kind of plugin it claims to be.",
     "Ask the plugin's author."},
    {"factory-failed",
     "The plugin failed when it was asked what it offers.",
     "Ask the plugin's author."},
}};
static_assert(kWordings.size() == std::size_t(Verdict::FactoryFailed) + 1);

const Wording &wording(Verdict verdict) noexcept
{
    return kWordings[std::size_t(verdict)];
}

} // namespace

const char *verdictName(Verdict verdict) noexcept
{
    return wording(verdict).name;
}

QString verdictUserText(Verdict verdict)
{
    return QLatin1String(wording(verdict).userText);
}

QString verdictHint(Verdict verdict)
{
    return QLatin1String(wording(verdict).hint);
}

QString PluginRecord::logText() const
{
    QString line
        = QStringLiteral("verdict=%1 file=\"%2\"").arg(QLatin1String(verdictName(verdict)), path);
    if (metadata) {
        line += QStringLiteral(" id=%1 version=%2").arg(metadata->id, metadata->version.toString());
    }
    if (!text.isEmpty())
        line += QStringLiteral(" reason=\"%1\"").arg(text);
    return line;
}

Error PluginRecord::toError() const
{
    if (verdict == Verdict::Accepted)
        return {};
    Error error(ErrorCode::PluginRejected,
                QStringLiteral("%1: %2: %3").arg(path, QLatin1String(verdictName(verdict)), text));
    error.setUserText(verdictUserText(verdict));
    error.setDetail(QStringLiteral("file"), path);
    error.setDetail(QStringLiteral("verdict"), QLatin1String(verdictName(verdict)));
    error.setDetail(QStringLiteral("hint"), verdictHint(verdict));
    return error;
}

} // namespace fairlead::core
