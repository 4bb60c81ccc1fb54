// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "control/plugincommand.h"

#include "control/textable.h"
#include "options/optionfailure.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>

#include <cstdio>

namespace fairlead::cli {

namespace {

constexpr qint64 kMaxInput = 4096;

[[nodiscard]] QByteArray jsonText(const QJsonValue &value)
{
    return value.isArray() ? QJsonDocument(value.toArray()).toJson()
                           : QJsonDocument(value.toObject()).toJson();
}

} // namespace

PluginCommand::PluginCommand(const QByteArray &name)
    : m_name(name)
{ }

int PluginCommand::run(const QList<QByteArray> &arguments)
{
    if (const Failure failure = parsePluginDoor(arguments, &m_wish)) {
        return end(failure);
    }
    QJsonObject plugin;
    const bool isAlone = arguments.isEmpty() || arguments.first().startsWith('-');
    if (const Failure failure = findPlugin(isAlone, &plugin)) {
        return end(failure);
    }
    if (const Failure failure = parsePluginWish(m_name, plugin, arguments, &m_wish)) {
        return end(failure);
    }
    if (m_wish.help) {
        m_console.write(pluginHelp(m_name, plugin, m_wish.command));
        return end();
    }
    if (const Failure failure = readInput()) {
        return end(failure);
    }
    QJsonObject result;
    if (const Failure failure
        = m_client.call(QStringLiteral("command"),
                        {{QStringLiteral("plugin"), QString::fromUtf8(m_name)},
                         {QStringLiteral("command"), m_wish.command},
                         {QStringLiteral("arguments"), m_wish.arguments}},
                        m_wish.timeout,
                        &result)) {
        return end(failure);
    }
    show(result.value(QStringLiteral("answer")));
    return end();
}

Failure PluginCommand::findPlugin(bool isAlone, QJsonObject *plugin)
{
    const QString name = safeText(QString::fromUtf8(m_name));
    if (Failure failure = m_client.connectTo(ControlClient::choosePath(m_wish.path))) {
        // A single word is rather a mistake.
        if (isAlone) {
            return usageFailure(
                "unknown-command",
                QStringLiteral("unknown tool '%1'; the commands of plugins need a running daemon")
                    .arg(name));
        }
        failure.text
            = QStringLiteral("'%1' is none of this tool's own commands, and a plugin's need "
                             "its daemon: ")
                  .arg(name)
            + failure.text;
        return failure;
    }
    QJsonObject result;
    if (Failure failure = m_client.call(QStringLiteral("commands"), {}, m_wish.timeout, &result)) {
        return failure;
    }
    QStringList known;
    const QJsonArray plugins = result.value(QStringLiteral("plugins")).toArray();
    for (const auto &one : plugins) {
        const QJsonObject offered = one.toObject();
        const QJsonArray transports = offered.value(QStringLiteral("transports")).toArray();
        if (transports.contains(QString::fromUtf8(m_name))
            || offered.value(QStringLiteral("plugin")).toString().toUtf8() == m_name) {
            *plugin = offered;
            return {};
        }
        for (const auto &transport : transports) {
            known.append(safeText(transport.toString()));
        }
    }
    return usageFailure(
        "unknown-command",
        QStringLiteral("unknown tool '%1'; the plugins of this daemon that offer commands: %2")
            .arg(name,
                 known.isEmpty() ? QStringLiteral("none") : known.join(QStringLiteral(", "))));
}

Failure PluginCommand::readInput()
{
    if (m_wish.fromInput.isEmpty()) {
        return {};
    }
    QFile input;
    if (!input.open(stdin, QIODevice::ReadOnly)) {
        return {exitcode::kOutput,
                QByteArrayLiteral("input-failed"),
                QStringLiteral("standard input cannot be read")};
    }
    const QByteArray text = input.readLine(kMaxInput).trimmed();
    m_wish.arguments.insert(m_wish.fromInput, QString::fromUtf8(text));
    return {};
}

void PluginCommand::show(const QJsonValue &answer)
{
    if (m_wish.json) {
        m_console.write(jsonText(answer));
        return;
    }
    if (answer.isArray()) {
        m_console.write(m_wish.columns.isEmpty() ? tableText(answer.toArray())
                                                 : tableText(answer.toArray(), m_wish.columns));
        return;
    }
    const QByteArray text = m_wish.columns.isEmpty()
        ? objectText(answer.toObject())
        : objectText(answer.toObject(), m_wish.columns);
    m_console.write(text.isEmpty() ? QByteArrayLiteral("ok\n") : text);
}

int PluginCommand::end(const Failure &failure)
{
    if (failure) {
        m_console.writeError(
            QStringLiteral("Error: %1 [%2]").arg(failure.text, QLatin1String(failure.name)));
        return failure.exitCode;
    }
    m_console.flush();
    return m_console.hasFailed() ? exitcode::kOutput : exitcode::kOk;
}

} // namespace fairlead::cli
