// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QJsonObject>
#include <QtCore/QList>
#include <QtCore/QString>
#include <QtCore/QStringList>

#include <fairlead/result.h>

#include <optional>

namespace fairlead::core {

/// What a command of a plugin takes.
struct CommandArgument
{
    enum class Type : quint8 {
        Text,
        Integer,
        Boolean
    };

    QString name;
    Type type = Type::Text;
    bool isRequired = false;
    bool isOption = false; ///< given by its name, else by its place
    bool isSecret = false;
    std::optional<qint64> minimum;
    std::optional<qint64> maximum;
    QStringList choices; ///< empty: any text
    QString summary;
};

/// What operators can do with a plugin, as its metadata declares it.
struct CommandDescription
{
    QString name;
    QString summary;
    QList<CommandArgument> arguments; ///< those with a place in their order
    QStringList columns; ///< members of the answer that a table shows, in this order; empty: all
};

/// The "commands" of a plugin's metadata; what is wrong goes to @p problems with its place.
QList<CommandDescription> readCommands(const QJsonObject &metadata,
                                       QStringList *problems,
                                       QStringList *warnings);

/// As the control API tells of it.
QJsonObject toJson(const CommandDescription &command);

/// Errors: InvalidArgument, naming the argument and those there are.
Result<> checkArguments(const CommandDescription &command, const QJsonObject &arguments);

} // namespace fairlead::core
