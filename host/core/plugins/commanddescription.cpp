// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/plugins/commanddescription.h"

#include "core/plugins/pluginmetadata.h"

#include <QtCore/QJsonArray>
#include <QtCore/QRegularExpression>

#include <algorithm>

namespace fairlead::core {

namespace {

constexpr qsizetype kMaxArgument = 64 * 1024;

using Type = CommandArgument::Type;

bool isName(const QString &text)
{
    static const QRegularExpression pattern(QStringLiteral("\\A[a-z][a-z0-9-]*\\z"));
    return pattern.match(text).hasMatch();
}

const char *typeName(Type type) noexcept
{
    switch (type) {
    case Type::Text:
        break;
    case Type::Integer:
        return "integer";
    case Type::Boolean:
        return "boolean";
    }
    return "string";
}

std::optional<Type> typeOf(const QString &name)
{
    for (const Type type : {Type::Text, Type::Integer, Type::Boolean}) {
        if (name == QLatin1String(typeName(type)))
            return type;
    }
    return std::nullopt;
}

QString summaryIn(const QJsonObject &json, const QString &where, QStringList *problems)
{
    QString english
        = json.value(QLatin1String("summary")).toObject().value(QLatin1String("en")).toString();
    if (english.isEmpty())
        problems->append(where + QStringLiteral("/summary/en: is missing"));
    return english;
}

std::optional<qint64> boundIn(const QJsonObject &json,
                              const char *key,
                              const CommandArgument &argument,
                              const QString &where,
                              QStringList *problems)
{
    const QJsonValue value = json.value(QLatin1String(key));
    if (value.isUndefined())
        return std::nullopt;
    if (argument.type != Type::Integer || !value.isDouble()) {
        problems->append(QStringLiteral("%1/%2: expected a number, of an integer")
                             .arg(where, QLatin1String(key)));
        return std::nullopt;
    }
    return value.toInteger();
}

CommandArgument readArgument(const QJsonObject &json,
                             const QString &where,
                             QStringList *problems,
                             QStringList *warnings)
{
    static const QStringList known{QStringLiteral("name"),
                                   QStringLiteral("type"),
                                   QStringLiteral("required"),
                                   QStringLiteral("option"),
                                   QStringLiteral("secret"),
                                   QStringLiteral("minimum"),
                                   QStringLiteral("maximum"),
                                   QStringLiteral("choices"),
                                   QStringLiteral("summary")};
    // Of the tool itself.
    static const QStringList reserved{QStringLiteral("control"),
                                      QStringLiteral("help"),
                                      QStringLiteral("json"),
                                      QStringLiteral("timeout")};
    warnOfUnknown(json, known, where, warnings);
    CommandArgument argument;
    argument.name = json.value(QLatin1String("name")).toString();
    if (!isName(argument.name) || reserved.contains(argument.name)) {
        problems->append(where + QStringLiteral("/name: expected a name in lower case, none of ")
                         + reserved.join(QStringLiteral(", ")));
    }
    const std::optional<Type> type
        = typeOf(json.value(QLatin1String("type")).toString(QStringLiteral("string")));
    if (!type)
        problems->append(where + QStringLiteral("/type: expected string, integer or boolean"));
    argument.type = type.value_or(Type::Text);
    argument.isRequired = json.value(QLatin1String("required")).toBool();
    argument.isOption = json.value(QLatin1String("option")).toBool();
    argument.isSecret = json.value(QLatin1String("secret")).toBool();
    argument.minimum = boundIn(json, "minimum", argument, where, problems);
    argument.maximum = boundIn(json, "maximum", argument, where, problems);
    argument.choices = readTexts(json, "choices", where, problems);
    argument.summary = summaryIn(json, where, problems);
    if (argument.type == Type::Boolean && !argument.isOption)
        problems->append(where + QStringLiteral("/type: a boolean is an option"));
    if (argument.type != Type::Text && !argument.choices.isEmpty())
        problems->append(where + QStringLiteral("/choices: expected of a string"));
    return argument;
}

CommandDescription readCommand(const QJsonObject &json,
                               const QString &where,
                               QStringList *problems,
                               QStringList *warnings)
{
    static const QStringList known{QStringLiteral("name"),
                                   QStringLiteral("summary"),
                                   QStringLiteral("arguments"),
                                   QStringLiteral("columns")};
    warnOfUnknown(json, known, where, warnings);
    CommandDescription command;
    command.name = json.value(QLatin1String("name")).toString();
    if (!isName(command.name) || command.name == QLatin1String("help"))
        problems->append(where + QStringLiteral("/name: expected a name in lower case, not help"));
    command.summary = summaryIn(json, where, problems);
    command.columns = readTexts(json, "columns", where, problems);
    const QJsonArray arguments = json.value(QLatin1String("arguments")).toArray();
    QStringList names;
    bool hasOptionalPlace = false;
    for (const auto &entry : arguments) {
        const QString place = QStringLiteral("%1/arguments/%2").arg(where).arg(names.size());
        CommandArgument argument = readArgument(entry.toObject(), place, problems, warnings);
        if (names.contains(argument.name))
            problems->append(place + QStringLiteral("/name: is there twice"));
        names.append(argument.name);
        if (!argument.isOption && argument.isRequired && hasOptionalPlace)
            problems->append(place + QStringLiteral("/required: one before it may be left out"));
        hasOptionalPlace = hasOptionalPlace || (!argument.isOption && !argument.isRequired);
        command.arguments.append(std::move(argument));
    }
    return command;
}

QString problemWith(const CommandArgument &argument, const QJsonValue &value)
{
    if (value.isUndefined())
        return argument.isRequired ? QStringLiteral("is missing") : QString();
    switch (argument.type) {
    case Type::Boolean:
        return value.isBool() ? QString() : QStringLiteral("must be true or false");
    case Type::Integer: {
        // A fraction, or a number beyond 64 bits, yields both defaults.
        const qint64 number = value.toInteger(0);
        const bool isWhole = value.isDouble() && number == value.toInteger(1);
        if (isWhole && number >= argument.minimum.value_or(number)
            && number <= argument.maximum.value_or(number)) {
            return {};
        }
        if (argument.minimum && argument.maximum) {
            return QStringLiteral("must be a whole number from %1 to %2")
                .arg(*argument.minimum)
                .arg(*argument.maximum);
        }
        return argument.minimum
            ? QStringLiteral("must be a whole number from %1 on").arg(*argument.minimum)
            : QStringLiteral("must be a whole number");
    }
    case Type::Text:
        break;
    }
    if (!value.isString() || value.toString().size() > kMaxArgument)
        return QStringLiteral("must be a text");
    if (!argument.choices.isEmpty() && !argument.choices.contains(value.toString()))
        return QStringLiteral("must be one of ") + argument.choices.join(QStringLiteral(", "));
    return {};
}

} // namespace

QList<CommandDescription> readCommands(const QJsonObject &metadata,
                                       QStringList *problems,
                                       QStringList *warnings)
{
    const QJsonValue value = metadata.value(QLatin1String("commands"));
    if (!value.isUndefined() && !value.isArray())
        problems->append(QStringLiteral("/commands: expected an array"));
    QList<CommandDescription> commands;
    const QJsonArray array = value.toArray();
    for (const auto &entry : array) {
        const QString where = QStringLiteral("/commands/%1").arg(commands.size());
        CommandDescription command = readCommand(entry.toObject(), where, problems, warnings);
        if (std::any_of(commands.cbegin(), commands.cend(), [&](const CommandDescription &other) {
                return other.name == command.name;
            })) {
            problems->append(where + QStringLiteral("/name: is there twice"));
        }
        commands.append(std::move(command));
    }
    return commands;
}

QJsonObject toJson(const CommandDescription &command)
{
    QJsonArray arguments;
    for (const CommandArgument &argument : command.arguments) {
        QJsonObject one{{QStringLiteral("name"), argument.name},
                        {QStringLiteral("type"), QLatin1String(typeName(argument.type))},
                        {QStringLiteral("required"), argument.isRequired},
                        {QStringLiteral("option"), argument.isOption},
                        {QStringLiteral("secret"), argument.isSecret},
                        {QStringLiteral("summary"), argument.summary}};
        if (argument.minimum)
            one.insert(QStringLiteral("minimum"), *argument.minimum);
        if (argument.maximum)
            one.insert(QStringLiteral("maximum"), *argument.maximum);
        if (!argument.choices.isEmpty())
            one.insert(QStringLiteral("choices"), QJsonArray::fromStringList(argument.choices));
        arguments.append(one);
    }
    return {{QStringLiteral("name"), command.name},
            {QStringLiteral("summary"), command.summary},
            {QStringLiteral("arguments"), arguments},
            {QStringLiteral("columns"), QJsonArray::fromStringList(command.columns)}};
}

Result<> checkArguments(const CommandDescription &command, const QJsonObject &arguments)
{
    QStringList names;
    for (const CommandArgument &argument : command.arguments) {
        names.append(argument.name);
        const QString problem = problemWith(argument, arguments.value(argument.name));
        if (!problem.isEmpty()) {
            return Error(ErrorCode::InvalidArgument,
                         QStringLiteral("\"%1\" %2").arg(argument.name, problem));
        }
    }
    for (auto it = arguments.begin(); it != arguments.end(); ++it) {
        if (!names.contains(it.key())) {
            return Error(ErrorCode::InvalidArgument,
                         QStringLiteral("\"%1\" takes no \"%2\"; there are: %3")
                             .arg(command.name,
                                  it.key(),
                                  names.isEmpty() ? QStringLiteral("none")
                                                  : names.join(QStringLiteral(", "))));
        }
    }
    return {};
}

} // namespace fairlead::core
