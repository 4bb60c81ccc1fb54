// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/commandmethods.h"

#include "core/plugins/plugincall.h"

#include <QtCore/QJsonArray>

#include <fairlead/clock.h>
#include <fairlead/hostservices.h>
#include <fairlead/logger.h>
#include <fairlead/operatorcommands.h>
#include <fairlead/timers.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace fairlead::core {

namespace {

QString namesOf(const QStringList &names)
{
    return names.isEmpty() ? QStringLiteral("none") : names.join(QStringLiteral(", "));
}

} // namespace

/// A command under way. What a plugin that throws leaves behind is no answer.
class CommandMethods::Pending
{
public:
    Pending(CommandMethods &methods, const CommandedPlugin &plugin, QString command, ReplyPtr reply)
        : m_methods(methods)
        , m_plugin(plugin)
        , m_command(std::move(command))
        , m_reply(std::move(reply))
        , m_deadline([](void *self) { static_cast<Pending *>(self)->handleLate(); }, this)
    { }

    void take(const Result<QJsonValue> &answer)
    {
        m_answer = answer;
        if (!m_isCalling)
            give();
    }

    /// The plugin's call has returned.
    void handleCalled(const Result<> &called)
    {
        m_isCalling = false;
        if (!called) {
            m_plugin.services->logger().log(
                LogLevel::Error, "plugin-failed", called.error().toString());
            m_answer = Result<QJsonValue>(called.error());
        }
        if (m_answer)
            give();
        else
            m_methods.m_timers.arm(m_deadline, m_methods.m_clock.now() + kPatienceNs);
    }

private:
    void handleLate()
    {
        const Error late(
            ErrorCode::Timeout,
            QStringLiteral("the plugin has not answered \"%1\" within %2 s; it may yet "
                           "carry it out")
                .arg(m_command)
                .arg(kPatienceNs / 1'000'000'000));
        m_plugin.services->logger().log(LogLevel::Error, "plugin-unanswering", late.toString());
        m_answer = Result<QJsonValue>(late);
        give();
    }

    /// The end of this.
    void give()
    {
        if (m_answer->has_value())
            m_reply->succeed(QJsonObject{{QStringLiteral("answer"), **m_answer}});
        else
            m_reply->fail(m_answer->error());
        m_methods.forget(*this);
    }

    CommandMethods &m_methods;
    const CommandedPlugin &m_plugin;
    const QString m_command;
    const ReplyPtr m_reply;
    std::optional<Result<QJsonValue>> m_answer;
    Timer m_deadline;
    bool m_isCalling = true;
};

CommandMethods::CommandMethods(std::vector<CommandedPlugin> plugins,
                               const Clock &clock,
                               Timers &timers)
    : m_plugins(std::move(plugins))
    , m_clock(clock)
    , m_timers(timers)
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

void CommandMethods::run(const Call &call)
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
    const auto pending = std::make_shared<Pending>(*this, *plugin, name, call.reply);
    m_pending.push_back(pending);
    const Result<> called = callPlugin("OperatorCommands::call", [&] {
        plugin->target->call(
            name,
            arguments,
            *plugin->services,
            CommandReply([kept = std::weak_ptr(pending)](const Result<QJsonValue> &answer) {
                if (const std::shared_ptr<Pending> one = kept.lock())
                    one->take(answer);
            }));
    });
    pending->handleCalled(called);
}

void CommandMethods::forget(const Pending &pending)
{
    std::erase_if(m_pending, [&pending](const auto &one) { return one.get() == &pending; });
}

} // namespace fairlead::core
