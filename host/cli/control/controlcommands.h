// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QByteArray>

#include <optional>
#include <span>

namespace fairlead::cli {

/// The commands that talk to a daemon over its control socket.
enum class ControlCommandId : quint8 {
    Status,
    Health,
    Endpoints,
    Links,
    Services,
    Plugins,
    Sessions,
    Events,
    Disconnect,
    Quiesce,
    Resume,
    ReleaseHandles,
    Reload,
    Start,
    Stop,
    Restart,
};

struct ControlCommandSpec
{
    ControlCommandId id;
    const char *name;
    const char *purpose;
    const char *usage; ///< behind the options
    const char *method; ///< of the control protocol
    bool isPaged; ///< "limit" and "after" page through it
};

/// One option of these commands. Usage, completion and manual are checked against this.
struct ControlOption
{
    const char *name;
    const char *argument; ///< null: takes none
    quint32 commands; ///< a sum of 1 << ControlCommandId; 0: all
    const char *help;
};

[[nodiscard]] std::span<const ControlCommandSpec> controlCommands() noexcept;
[[nodiscard]] std::span<const ControlOption> controlOptions() noexcept;
[[nodiscard]] const ControlCommandSpec *controlCommandOf(const QByteArray &name) noexcept;
[[nodiscard]] const ControlCommandSpec &controlCommandOf(ControlCommandId id) noexcept;

[[nodiscard]] constexpr bool hasOption(ControlCommandId command,
                                       const ControlOption &option) noexcept
{
    return option.commands == 0 || (option.commands & (1U << static_cast<quint8>(command))) != 0;
}

[[nodiscard]] QByteArray controlHelp(const ControlCommandSpec &command);

} // namespace fairlead::cli
