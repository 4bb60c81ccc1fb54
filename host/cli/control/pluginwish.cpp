// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "control/pluginwish.h"

#include "control/textable.h"
#include "options/optionfailure.h"

#include <QJsonArray>

#include <algorithm>

namespace fairlead::cli {

namespace {

constexpr double kMaxSeconds = 86'400;
constexpr qsizetype kColumn = 26;

struct OwnOption
{
    const char *name;
    const char *argument; ///< null: takes none
    const char *help;
};

constexpr OwnOption kOwnOptions[] = {
    {"--control", "path", "the daemon's control socket"},
    {"--json", nullptr, "print the answer as JSON"},
    {"--timeout", "seconds", "wait so long for an answer, default 30"},
    {"--help", nullptr, "print this"},
};

[[nodiscard]] QString textOf(const QJsonObject &object, const char *key)
{
    return object.value(QLatin1String(key)).toString();
}

[[nodiscard]] bool isSet(const QJsonObject &object, const char *key)
{
    return object.value(QLatin1String(key)).toBool();
}

[[nodiscard]] QJsonArray listOf(const QJsonObject &object, const char *key)
{
    return object.value(QLatin1String(key)).toArray();
}

[[nodiscard]] QJsonObject named(const QJsonArray &list, const QString &name)
{
    for (const auto &one : list) {
        if (textOf(one.toObject(), "name") == name) {
            return one.toObject();
        }
    }
    return {};
}

[[nodiscard]] QStringList namesIn(const QJsonArray &list)
{
    QStringList names;
    for (const auto &one : list) {
        names.append(safeText(textOf(one.toObject(), "name")));
    }
    return names;
}

[[nodiscard]] const OwnOption *ownOption(const QByteArray &name)
{
    const auto *const found = std::find_if(std::begin(kOwnOptions),
                                           std::end(kOwnOptions),
                                           [&name](const auto &one) { return name == one.name; });
    return found == std::end(kOwnOptions) ? nullptr : found;
}

[[nodiscard]] Failure takeTimeout(const QByteArray &value, PluginWish *wish)
{
    bool isNumber = false;
    const double seconds = value.toDouble(&isNumber);
    if (!isNumber || !(seconds > 0 && seconds <= kMaxSeconds)) {
        return outOfRange("--timeout", value, "a number of seconds up to 86400");
    }
    wish->timeout = std::chrono::milliseconds(std::max(1, int(seconds * 1000)));
    return {};
}

/// One option of the command line, cut into its parts.
struct GivenOption
{
    QByteArray name;
    QByteArray value;
    bool hasValue = false;
};

[[nodiscard]] GivenOption cut(const QByteArray &argument)
{
    const qsizetype equals = argument.indexOf('=');
    if (argument == "-h") {
        return {QByteArrayLiteral("--help"), {}, false};
    }
    return equals < 0 ? GivenOption{argument, {}, false}
                      : GivenOption{argument.left(equals), argument.mid(equals + 1), true};
}

class Reader
{
public:
    Reader(const QByteArray &name, const QJsonObject &plugin, PluginWish *wish)
        : m_name(name)
        , m_commands(listOf(plugin, "commands"))
        , m_wish(*wish)
    { }

    [[nodiscard]] Failure read(const QList<QByteArray> &arguments)
    {
        bool onlyWords = false;
        for (qsizetype i = 0; i < arguments.size(); ++i) {
            const QByteArray &argument = arguments.at(i);
            if (onlyWords || !argument.startsWith('-') || argument == "-") {
                if (Failure failure = takeWord(QString::fromUtf8(argument))) {
                    return failure;
                }
            } else if (argument == "--") {
                onlyWords = true;
            } else if (Failure failure = takeOption(arguments, &i)) {
                return failure;
            }
        }
        return m_wish.help ? Failure() : check();
    }

private:
    [[nodiscard]] Failure takeWord(const QString &word)
    {
        if (m_wish.command.isEmpty()) {
            return chooseCommand(word);
        }
        for (const auto &one : m_arguments) {
            const QJsonObject argument = one.toObject();
            if (!isSet(argument, "option") && !m_wish.arguments.contains(textOf(argument, "name"))
                && m_wish.fromInput != textOf(argument, "name")) {
                return takeValue(argument, word);
            }
        }
        return usageFailure("unexpected-argument",
                            QStringLiteral("unexpected argument '%1'").arg(safeText(word)));
    }

    [[nodiscard]] Failure chooseCommand(const QString &word)
    {
        const QJsonObject command = named(m_commands, word);
        if (command.isEmpty()) {
            return usageFailure("unknown-command",
                                QStringLiteral("%1 has no command '%2'; there are: %3")
                                    .arg(QString::fromUtf8(m_name),
                                         safeText(word),
                                         namesIn(m_commands).join(QStringLiteral(", "))));
        }
        m_wish.command = word;
        m_arguments = listOf(command, "arguments");
        const QJsonArray columns = listOf(command, "columns");
        for (const auto &column : columns) {
            m_wish.columns.append(column.toString());
        }
        return {};
    }

    [[nodiscard]] Failure takeOption(const QList<QByteArray> &arguments, qsizetype *at)
    {
        GivenOption given = cut(arguments.at(*at));
        const QString shown = QString::fromUtf8(given.name);
        const OwnOption *const own = ownOption(given.name);
        const QJsonObject argument = named(m_arguments, shown.mid(2));
        if (own == nullptr
            && (!shown.startsWith(QLatin1String("--")) || !isSet(argument, "option"))) {
            return usageFailure("unknown-option",
                                QStringLiteral("unknown option '%1'").arg(safeText(shown)));
        }
        const bool takesValue = own != nullptr
            ? own->argument != nullptr
            : textOf(argument, "type") != QLatin1String("boolean");
        if (!takesValue && given.hasValue) {
            return usageFailure("unexpected-argument",
                                QStringLiteral("%1 takes no value").arg(shown));
        }
        if (takesValue && !given.hasValue) {
            if (*at + 1 == arguments.size()) {
                return usageFailure("missing-argument",
                                    QStringLiteral("%1 needs a value").arg(shown));
            }
            given.value = arguments.at(++*at);
        }
        if (own == nullptr) {
            return takeValue(argument, QString::fromUtf8(given.value));
        }
        m_wish.help = m_wish.help || given.name == "--help";
        m_wish.json = m_wish.json || given.name == "--json";
        return {};
    }

    [[nodiscard]] Failure takeValue(const QJsonObject &argument, const QString &value)
    {
        const QString name = textOf(argument, "name");
        const QString type = textOf(argument, "type");
        if (type == QLatin1String("boolean")) {
            m_wish.arguments.insert(name, true);
            return {};
        }
        if (type == QLatin1String("integer")) {
            bool isNumber = false;
            const qint64 number = value.toLongLong(&isNumber);
            if (!isNumber) {
                return outOfRange(name.toUtf8(), value.toUtf8(), "a whole number");
            }
            m_wish.arguments.insert(name, number);
            return {};
        }
        // Others see the arguments of a process.
        if (isSet(argument, "secret") && value == QLatin1String("-")) {
            m_wish.fromInput = name;
            return {};
        }
        m_wish.arguments.insert(name, value);
        return {};
    }

    [[nodiscard]] Failure check() const
    {
        if (m_wish.command.isEmpty()) {
            return usageFailure("missing-argument",
                                QStringLiteral("name a command of %1: %2")
                                    .arg(QString::fromUtf8(m_name),
                                         namesIn(m_commands).join(QStringLiteral(", "))));
        }
        for (const auto &one : m_arguments) {
            const QJsonObject argument = one.toObject();
            const QString name = textOf(argument, "name");
            if (isSet(argument, "required") && !m_wish.arguments.contains(name)
                && m_wish.fromInput != name) {
                return usageFailure("missing-argument",
                                    QStringLiteral("name the %1").arg(safeText(name)));
            }
        }
        return {};
    }

    const QByteArray m_name;
    const QJsonArray m_commands;
    QJsonArray m_arguments;
    PluginWish &m_wish;
};

[[nodiscard]] QByteArray line(const QString &left, const QString &right)
{
    QByteArray text = "  " + safeText(left).toUtf8() + ' ';
    return text.leftJustified(kColumn) + safeText(right).toUtf8() + '\n';
}

[[nodiscard]] QByteArray ownOptions()
{
    QByteArray text;
    for (const OwnOption &option : kOwnOptions) {
        QString left = QLatin1String(option.name);
        if (option.argument != nullptr) {
            left += u' ' + QLatin1String(option.argument);
        }
        text += line(left, QLatin1String(option.help));
    }
    return text;
}

[[nodiscard]] QByteArray commandHelp(const QByteArray &name, const QJsonObject &command)
{
    QString usage = QStringLiteral("fairlead %1 %2 [options]")
                        .arg(QString::fromUtf8(name), textOf(command, "name"));
    QByteArray lines;
    const QJsonArray arguments = listOf(command, "arguments");
    for (const auto &one : arguments) {
        const QJsonObject argument = one.toObject();
        const QString argumentName = textOf(argument, "name");
        QString summary = textOf(argument, "summary");
        if (isSet(argument, "secret")) {
            summary += QStringLiteral("; - reads it from standard input");
        }
        if (!isSet(argument, "option")) {
            usage += (isSet(argument, "required") ? QStringLiteral(" %1") : QStringLiteral(" [%1]"))
                         .arg(argumentName);
            lines += line(argumentName, summary);
            continue;
        }
        const bool isFlag = textOf(argument, "type") == QLatin1String("boolean");
        lines += line(isFlag ? QStringLiteral("--") + argumentName
                             : QStringLiteral("--%1 value").arg(argumentName),
                      summary);
    }
    return "Usage: " + safeText(usage).toUtf8() + "\n\nAsks a running fairleadd: "
        + safeText(textOf(command, "summary")).toUtf8() + ".\n\n" + lines + ownOptions();
}

} // namespace

Failure parsePluginDoor(const QList<QByteArray> &arguments, PluginWish *wish)
{
    for (qsizetype i = 0; i < arguments.size() && arguments.at(i) != "--"; ++i) {
        GivenOption given = cut(arguments.at(i));
        if (given.name != "--control" && given.name != "--timeout") {
            continue;
        }
        if (!given.hasValue && i + 1 == arguments.size()) {
            return usageFailure(
                "missing-argument",
                QStringLiteral("%1 needs a value").arg(QString::fromUtf8(given.name)));
        }
        const QByteArray value = given.hasValue ? given.value : arguments.at(++i);
        if (given.name == "--control") {
            wish->path = QString::fromLocal8Bit(value);
        } else if (Failure failure = takeTimeout(value, wish)) {
            return failure;
        }
    }
    return {};
}

Failure parsePluginWish(const QByteArray &name,
                        const QJsonObject &plugin,
                        const QList<QByteArray> &arguments,
                        PluginWish *wish)
{
    return Reader(name, plugin, wish).read(arguments);
}

QByteArray pluginHelp(const QByteArray &name, const QJsonObject &plugin, const QString &command)
{
    const QJsonArray commands = listOf(plugin, "commands");
    if (const QJsonObject one = named(commands, command); !one.isEmpty()) {
        return commandHelp(name, one);
    }
    QByteArray text = "Usage: fairlead " + name + " command [options]\n\nActs on the plugin "
        + safeText(textOf(plugin, "plugin")).toUtf8() + " of a running fairleadd.\n\n";
    for (const auto &one : commands) {
        const QJsonObject known = one.toObject();
        text += line(textOf(known, "name"), textOf(known, "summary"));
    }
    return text + '\n' + ownOptions() + "\nMore of a command: fairlead " + name
        + " command --help\n";
}

} // namespace fairlead::cli
