// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "control/controlcommand.h"

#include "control/controlexit.h"
#include "control/controlviews.h"

#include <QJsonArray>
#include <QJsonDocument>

#include <algorithm>

namespace fairlead::cli {

namespace {

constexpr qint64 kPage = 500;

[[nodiscard]] QByteArray jsonText(const QJsonObject &object)
{
    return QJsonDocument(object).toJson();
}

} // namespace

ControlCommand::ControlCommand(const ControlCommandSpec &command, ControlWish wish)
    : m_command(command)
    , m_wish(std::move(wish))
{ }

int ControlCommand::run()
{
    if (const Failure failure = m_client.connectTo(ControlClient::choosePath(m_wish.path))) {
        return complain(failure);
    }
    if (m_command.id == ControlCommandId::Events) {
        const Failure failure = watch();
        return failure ? complain(failure) : end(exitcode::kOk);
    }
    QJsonObject result;
    if (const Failure failure = m_command.isPaged ? askPages(&result) : ask(&result)) {
        return complain(failure);
    }
    return show(result);
}

Failure ControlCommand::ask(QJsonObject *result)
{
    return m_client.call(QLatin1String(m_command.method), m_wish.params, m_wish.timeout, result);
}

Failure ControlCommand::askPages(QJsonObject *result)
{
    const QString name = QLatin1String(m_command.name);
    QJsonArray items;
    QJsonValue after = 0;
    bool partial = false;
    QJsonObject page;
    do {
        const qint64 wanted
            = m_wish.limit == 0 ? kPage : std::min(kPage, m_wish.limit - items.size());
        const QJsonObject params{{QStringLiteral("limit"), wanted},
                                 {QStringLiteral("after"), after}};
        if (Failure failure
            = m_client.call(QLatin1String(m_command.method), params, m_wish.timeout, &page)) {
            return failure;
        }
        const QJsonArray more = page.value(name).toArray();
        for (const auto &item : more) {
            items.append(item);
        }
        partial = partial || page.value(QStringLiteral("partial")).toBool();
        after = page.value(QStringLiteral("next"));
    } while (after.isDouble() && (m_wish.limit == 0 || items.size() < m_wish.limit));
    *result = page;
    result->insert(name, items);
    result->insert(QStringLiteral("partial"), partial);
    return {};
}

Failure ControlCommand::watch()
{
    QJsonObject answer;
    if (Failure failure = ask(&answer)) {
        return failure;
    }
    QString method;
    QJsonObject params;
    for (qint64 seen = 0; m_wish.count == 0 || seen < m_wish.count;) {
        if (Failure failure = m_client.next(&method, &params)) {
            return failure;
        }
        if (method != QLatin1String("event")) {
            continue;
        }
        ++seen;
        const QJsonObject event = params.value(QStringLiteral("event")).toObject();
        m_console.write(m_wish.json ? QJsonDocument(event).toJson(QJsonDocument::Compact) + '\n'
                                    : eventText(event));
        m_console.flush();
        if (m_console.hasFailed()
            || event.value(QStringLiteral("kind")).toString() == QLatin1String("closed")) {
            break;
        }
    }
    return {};
}

int ControlCommand::show(const QJsonObject &result)
{
    m_console.write(m_wish.json ? jsonText(result) : resultText(m_command.id, result));
    int code = exitcode::kOk;
    if (m_command.id == ControlCommandId::Health
        && !result.value(QStringLiteral("ready")).toBool()) {
        code = exitcode::kNotReady;
    }
    if (result.value(QStringLiteral("partial")).toBool()) {
        m_console.writeError(QStringLiteral(
            "Warning: a part of the daemon did not answer in time; this is not all [partial]"));
        code = exitcode::kPartial;
    }
    const QString outcome = result.value(QStringLiteral("outcome")).toString();
    if (outcome == QLatin1String("partial")) {
        m_console.writeError(
            QStringLiteral("Warning: not everybody did it; see failures and timeouts [partial]"));
        code = exitcode::kPartial;
    } else if (outcome == QLatin1String("no-live-targets")) {
        m_console.writeError(QStringLiteral("Warning: nobody is there to do it [no-live-targets]"));
        code = exitcode::kNobody;
    }
    return end(code);
}

int ControlCommand::end(int exitCode)
{
    m_console.flush();
    return m_console.hasFailed() ? exitcode::kOutput : exitCode;
}

int ControlCommand::complain(const Failure &failure)
{
    m_console.writeError(
        QStringLiteral("Error: %1 [%2]").arg(failure.text, QLatin1String(failure.name)));
    return failure.exitCode;
}

} // namespace fairlead::cli
