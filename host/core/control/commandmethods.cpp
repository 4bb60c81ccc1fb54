// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/commandmethods.h"

#include "core/plugins/plugincall.h"

#include <QtCore/QJsonArray>

#include <fairlead/hostservices.h>
#include <fairlead/logger.h>
#include <fairlead/operatorcommands.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace fairlead::core {

namespace {

QString namesOf(const QStringList &names)
{
    return names.isEmpty() ? QStringLiteral("none") : names.join(QStringLiteral(", "));
}

/// A command under way. What a plugin that throws leaves behind is no answer.
struct Pending
{
    ReplyPtr reply;
    std::optional<Result<QJsonValue>> early;
    bool isCalling = false;
};

void give(const Pending &pending)
{
    if (pending.early->has_value())
        pending.reply->succeed(QJsonObject{{QStringLiteral("answer"), **pending.early}});
    else
        pending.reply->fail(pending.early->error());
}

} // namespace

CommandMethods::CommandMethods(std::vector<CommandedPlugin> plugins)
    : m_plugins(std::move(plugins))
{ }

CommandMethods::~CommandMethods() = default;

void CommandMethods::addTo(ControlApi &api)
{
    using Kind = Parameter::Kind;
    // Each name is added once, here.
    static_cast<void>(
        api.add(QStringLiteral("commands"), {}, [this](const Call &call) { list(call); }));
    static_cast<void>(api.add(QStringLiteral("command"),
                              {{QStringLiteral("plugin"), Kind::String, true, 1, 256},
                               {QStringLiteral("command"), Kind::String, true, 1, 64},
                               {QStringLiteral("arguments"), Kind::Object, false, 0, 64}},
                              [this](const Call &call) { run(call); }));
}

void CommandMethods::list(const Call &call) const
{
    QJsonArray plugins;
    for (const CommandedPlugin &plugin : m_plugins) {
        QJsonArray commands;
        for (const CommandDescription &command : plugin.commands)
            commands.append(toJson(command));
        plugins.append(QJsonObject{
            {QStringLiteral("plugin"), plugin.id},
            {QStringLiteral("name"), plugin.name},
            {QStringLiteral("transports"), QJsonArray::fromStringList(plugin.transports)},
            {QStringLiteral("commands"), commands}});
    }
    call.reply->succeed(QJsonObject{{QStringLiteral("plugins"), plugins}});
}

const CommandedPlugin *CommandMethods::find(const QString &name) const
{
    const auto found
        = std::find_if(m_plugins.begin(), m_plugins.end(), [&name](const CommandedPlugin &plugin) {
              return plugin.id == name || plugin.transports.contains(name);
          });
    return found == m_plugins.end() ? nullptr : &*found;
}

void CommandMethods::run(const Call &call) const
{
    const QString pluginName = call.params.value(QStringLiteral("plugin")).toString();
    const CommandedPlugin *const plugin = find(pluginName);
    if (!plugin) {
        QStringList known;
        for (const CommandedPlugin &one : m_plugins)
            known += one.transports;
        call.reply->fail(Error(ErrorCode::NotFound,
                               QStringLiteral("no plugin \"%1\" offers commands; there are: %2")
                                   .arg(pluginName, namesOf(known))));
        return;
    }
    const QString name = call.params.value(QStringLiteral("command")).toString();
    const auto command
        = std::find_if(plugin->commands.cbegin(),
                       plugin->commands.cend(),
                       [&name](const CommandDescription &one) { return one.name == name; });
    if (command == plugin->commands.cend()) {
        QStringList known;
        for (const CommandDescription &one : plugin->commands)
            known.append(one.name);
        call.reply->fail(Error(ErrorCode::NotSupported,
                               QStringLiteral("\"%1\" has no command \"%2\"; there are: %3")
                                   .arg(pluginName, name, namesOf(known))));
        return;
    }
    const QJsonObject arguments = call.params.value(QStringLiteral("arguments")).toObject();
    if (const Result<> checked = checkArguments(*command, arguments); !checked) {
        call.reply->fail(checked.error());
        return;
    }
    const auto pending = std::make_shared<Pending>(Pending{call.reply, std::nullopt, true});
    const Result<> called = callPlugin("OperatorCommands::call", [&] {
        plugin->target->call(name,
                             arguments,
                             *plugin->services,
                             CommandReply([pending](const Result<QJsonValue> &answer) {
                                 pending->early = answer;
                                 if (!pending->isCalling)
                                     give(*pending);
                             }));
    });
    pending->isCalling = false;
    if (!called) {
        plugin->services->logger().log(LogLevel::Error, "plugin-failed", called.error().toString());
        call.reply->fail(called.error());
    } else if (pending->early) {
        give(*pending);
    }
}

} // namespace fairlead::core
