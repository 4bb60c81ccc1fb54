// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "control/controlcommands.h"

namespace fairlead::cli {

namespace {

using Id = ControlCommandId;

constexpr qsizetype kColumn = 28;

constexpr quint32 only(Id one) noexcept
{
    return 1U << static_cast<quint8>(one);
}

constexpr ControlCommandSpec kCommands[] = {
    {Id::Status, "status", "show how the daemon fares", "", "status", false},
    {Id::Health, "health", "tell by the exit status whether it is ready", "", "health", false},
    {Id::Endpoints, "endpoints", "list what is configured, and its state", "", "endpoints", false},
    {Id::Links, "links", "list the connections", "", "links", true},
    {Id::Services, "services", "list the services", "", "services", false},
    {Id::Plugins, "plugins", "list the plugin files and their verdicts", "", "plugins", false},
    {Id::Sessions, "sessions", "list what peers are owed", "", "sessions", true},
    {Id::Events, "events", "print what happens, until interrupted", "", "subscribe", false},
    {Id::Disconnect,
     "disconnect",
     "end the connection of a peer",
     " {peer-key | --generation number}",
     "disconnect",
     false},
    {Id::Quiesce, "quiesce", "take no more work", "", "quiesce", false},
    {Id::Resume, "resume", "take work again", "", "resume", false},
    {Id::ReleaseHandles,
     "release-handles",
     "have files below a path closed",
     " path",
     "release-handles",
     false},
    {Id::Reload, "reload", "apply a changed configuration", "", "reload", false},
    {Id::Start, "start", "bring an endpoint up", " endpoint", "start", false},
    {Id::Stop, "stop", "take an endpoint down until it is started", " endpoint", "stop", false},
    {Id::Restart, "restart", "take an endpoint down and up again", " endpoint", "restart", false},
};

constexpr ControlOption kOptions[] = {
    {"--control", "path", 0, "the daemon's control socket"},
    {"--json", nullptr, 0, "print the answer as JSON"},
    {"--timeout", "seconds", 0, "wait so long for an answer, default 30"},
    {"--help", nullptr, 0, "print this"},
    {"--limit", "count", only(Id::Links) | only(Id::Sessions), "list at most so many"},
    {"--generation", "number", only(Id::Disconnect), "name the link by its generation"},
    {"--reason",
     "text",
     only(Id::Disconnect) | only(Id::Quiesce),
     "why; for quiesce idle-timeout, host-shutdown or maintenance"},
    {"--kind", "name", only(Id::Events), "only events of this kind; may be repeated"},
    {"--key", "prefix", only(Id::Events), "only events whose key begins so"},
    {"--history", nullptr, only(Id::Events), "begin with what the daemon remembers"},
    {"--count", "count", only(Id::Events), "end after so many events"},
};

} // namespace

std::span<const ControlCommandSpec> controlCommands() noexcept
{
    return kCommands;
}

std::span<const ControlOption> controlOptions() noexcept
{
    return kOptions;
}

const ControlCommandSpec *controlCommandOf(const QByteArray &name) noexcept
{
    for (const ControlCommandSpec &command : kCommands) {
        if (name == command.name) {
            return &command;
        }
    }
    return nullptr;
}

const ControlCommandSpec &controlCommandOf(ControlCommandId id) noexcept
{
    return kCommands[static_cast<quint8>(id)];
}

QByteArray controlHelp(const ControlCommandSpec &command)
{
    QByteArray text = "Usage: fairlead " + QByteArray(command.name) + " [options]" + command.usage
        + "\n\nTalks to a running fairleadd: " + command.purpose + ".\n\n";
    for (const ControlOption &option : kOptions) {
        if (!hasOption(command.id, option)) {
            continue;
        }
        QByteArray line = "  " + QByteArray(option.name);
        if (option.argument != nullptr) {
            line += ' ' + QByteArray(option.argument);
        }
        text += line.leftJustified(kColumn) + option.help + '\n';
    }
    return text;
}

} // namespace fairlead::cli
