// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "commands/help.h"

#include "control/controlcommands.h"

namespace fairlead::cli {

namespace {

constexpr qsizetype kColumn = 34;
constexpr qsizetype kToolColumn = 17;

struct ToolText
{
    Tool tool;
    const char *name;
    const char *purpose;
    const char *usage;
};

constexpr ToolText kTools[] = {
    {Tool::Pub,
     "pub",
     "publish a message to an MQTT broker",
     "fairlead pub [options] -t topic {-m message | -f file | -l | -n | -s}"},
    {Tool::Sub,
     "sub",
     "subscribe at an MQTT broker and print what comes",
     "fairlead sub [options] -t filter ..."},
    {Tool::Rr,
     "rr",
     "publish a request to an MQTT broker and wait for the response",
     "fairlead rr [options] -t topic -e response-topic {-m message | -f file | -n | -s}"},
};

[[nodiscard]] const ToolText &textOf(Tool tool)
{
    for (const ToolText &text : kTools) {
        if (text.tool == tool) {
            return text;
        }
    }
    return kTools[0];
}

[[nodiscard]] QByteArray line(const OptionSpec &spec)
{
    QByteArray text = "  ";
    if (spec.shortName != nullptr) {
        text += spec.shortName;
    }
    if (spec.longName != nullptr) {
        text += spec.shortName != nullptr ? ", " : "    ";
        text += spec.longName;
    }
    if (spec.argument != nullptr) {
        text += ' ';
        text += spec.argument;
    }
    text += text.size() >= kColumn ? "\n" + QByteArray(kColumn, ' ')
                                   : QByteArray(kColumn - text.size(), ' ');
    return text + spec.help + '\n';
}

} // namespace

QByteArray generalHelp()
{
    QByteArray text = "Usage: fairlead <tool> [options]\n\n";
    for (const ToolText &tool : kTools) {
        text += "  " + QByteArray(tool.name).leftJustified(kToolColumn) + tool.purpose + '\n';
    }
    text += "\nFor a running fairleadd, over its control socket:\n\n";
    for (const ControlCommandSpec &command : controlCommands()) {
        text += "  " + QByteArray(command.name).leftJustified(kToolColumn) + command.purpose + '\n';
    }
    text += "\nFor a plugin of a running fairleadd that offers commands, as ship does:\n\n"
            "  ship, ...        fairlead ship --help lists them\n"
            "\nFor what a host has stored, running or not:\n\n"
            "  store            check it, count it or export it: check, stats, export\n"
            "\n  help             this text, or that of a tool: fairlead help sub\n"
            "  version          the version\n";
    return text;
}

QByteArray toolHelp(Tool tool)
{
    const ToolText &known = textOf(tool);
    QByteArray text
        = QByteArray(known.purpose).replace(0, 1, QByteArray(known.purpose, 1).toUpper())
        + ".\n\nUsage: " + known.usage + "\n\n";
    QByteArray missing;
    for (const OptionSpec &spec : optionTable()) {
        if (!hasTool(spec, tool)) {
            continue;
        }
        (spec.id == OptionId::Unavailable ? missing : text) += line(spec);
    }
    text += "\nUnderstood, but without what they would need (exit status 2):\n" + missing;
    text += "\nDefaults are read from $XDG_CONFIG_HOME/fairlead/" + QByteArray(known.name)
        + " or $HOME/.config/fairlead/" + known.name
        + ",\none option and its value per line. See fairlead(1).\n";
    return text;
}

QByteArray toolName(Tool tool)
{
    return textOf(tool).name;
}

std::optional<Tool> toolOf(const QByteArray &name) noexcept
{
    for (const ToolText &text : kTools) {
        if (name == text.name) {
            return text.tool;
        }
    }
    return std::nullopt;
}

QByteArray versionText()
{
    return QByteArrayLiteral("fairlead " FAIRLEAD_VERSION);
}

} // namespace fairlead::cli
