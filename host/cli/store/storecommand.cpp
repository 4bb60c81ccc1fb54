// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "store/storecommand.h"

#include "core/store/storereport.h"

#include <QDir>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>

#include <chrono>
#include <utility>

namespace fairlead::cli {

namespace {

using core::StoreReport;

/// The state folders that a host on this machine may have, in the order of their likelihood.
[[nodiscard]] QStringList stateFolders()
{
    QStringList folders;
    // Several where the service manager gave several; the host's is the first.
    const QString given = qEnvironmentVariable("STATE_DIRECTORY").section(QLatin1Char(':'), 0, 0);
    if (!given.isEmpty()) {
        folders += given;
    }
    folders += QStringLiteral("/var/lib/fairlead");
    const QString states = qEnvironmentVariable("XDG_STATE_HOME");
    folders += (states.isEmpty() ? QDir::homePath() + QStringLiteral("/.local/state") : states)
        + QStringLiteral("/fairlead");
    return folders;
}

constexpr std::chrono::minutes kAnswerTime{2};
constexpr std::chrono::hours kCheckTime{24}; ///< it reads all that there is

/// A host's refusal ends as the same finding in a file does.
[[nodiscard]] Failure ofStore(Failure failure)
{
    if (failure.name == errorName(ErrorCode::StorageDamaged)) {
        failure.exitCode = exitcode::kUnsound;
    } else if (failure.name == errorName(ErrorCode::NotFound)
               || failure.name == errorName(ErrorCode::StorageFailed)) {
        failure.exitCode = exitcode::kNoStore;
    }
    return failure;
}

[[nodiscard]] QByteArray jsonLine(const QJsonObject &object)
{
    return QJsonDocument(object).toJson(QJsonDocument::Compact) + '\n';
}

} // namespace

StoreCommand::StoreCommand(StoreWish wish)
    : m_wish(std::move(wish))
{ }

int StoreCommand::run()
{
    if (!m_wish.path.isEmpty()) {
        return readFile();
    }
    const Failure unreachable = m_client.connectTo(ControlClient::choosePath(m_wish.control));
    if (!unreachable) {
        return askHost();
    }
    return m_wish.control.isEmpty() ? readFile() : complain(unreachable);
}

int StoreCommand::readFile()
{
    if (const Failure failure = choosePath()) {
        return complain(failure);
    }
    StoreReport report;
    if (const Result<> opened = report.open(m_wish.path); !opened) {
        return complain(opened.error());
    }
    switch (m_wish.action) {
    case StoreAction::Check: {
        const Result<QStringList> findings = report.check();
        if (!findings) {
            return complain(findings.error());
        }
        return showCheck({{QStringLiteral("path"), m_wish.path},
                          {QStringLiteral("sound"), findings->isEmpty()},
                          {QStringLiteral("findings"), QJsonArray::fromStringList(*findings)}});
    }
    case StoreAction::Stats: {
        const Result<QJsonObject> stats = report.stats();
        return stats ? showStats(*stats) : complain(stats.error());
    }
    case StoreAction::Export:
        break;
    }
    return exportFile(report);
}

int StoreCommand::askHost()
{
    QJsonObject result;
    Failure failure;
    switch (m_wish.action) {
    case StoreAction::Check:
        failure = m_client.call(QStringLiteral("store-check"), {}, kCheckTime, &result);
        return failure ? complain(ofStore(failure)) : showCheck(result);
    case StoreAction::Stats:
        failure = m_client.call(QStringLiteral("store-stats"), {}, kAnswerTime, &result);
        return failure ? complain(ofStore(failure)) : showStats(result);
    case StoreAction::Export:
        break;
    }
    failure = exportOfHost();
    return failure ? complain(ofStore(failure)) : end(exitcode::kOk);
}

Failure StoreCommand::exportOfHost()
{
    QJsonObject params;
    QJsonObject piece;
    do {
        if (Failure failure
            = m_client.call(QStringLiteral("store-export"), params, kAnswerTime, &piece)) {
            return failure;
        }
        m_console.write(piece.value(QStringLiteral("text")).toString().toUtf8());
        m_console.flush();
        params.insert(QStringLiteral("export"), piece.value(QStringLiteral("export")));
    } while (!piece.value(QStringLiteral("last")).toBool() && !m_console.hasFailed());
    return {};
}

Failure StoreCommand::choosePath()
{
    if (!m_wish.path.isEmpty()) {
        return {};
    }
    const QStringList folders = stateFolders();
    for (const QString &folder : folders) {
        const QString path = StoreReport::pathIn(folder);
        if (QFileInfo::exists(path)) {
            m_wish.path = path;
            return {};
        }
    }
    return {exitcode::kNoStore,
            "no-store",
            QStringLiteral(
                "no host answers, and there is no store that may be read in %1; name one with "
                "--control, --state-dir or --file")
                .arg(folders.join(QStringLiteral(", ")))};
}

int StoreCommand::showCheck(const QJsonObject &result)
{
    const QJsonArray findings = result.value(QStringLiteral("findings")).toArray();
    const QByteArray path = result.value(QStringLiteral("path")).toString().toUtf8();
    const bool isSound = result.value(QStringLiteral("sound")).toBool();
    if (m_wish.json) {
        m_console.write(jsonLine(result));
    } else if (isSound) {
        m_console.write(path + ": sound\n");
    } else {
        for (const auto &finding : findings) {
            m_console.write(path + ": " + finding.toString().toUtf8() + '\n');
        }
    }
    return end(isSound ? exitcode::kOk : exitcode::kUnsound);
}

int StoreCommand::showStats(const QJsonObject &stats)
{
    if (m_wish.json) {
        m_console.write(jsonLine(stats));
        return end(exitcode::kOk);
    }
    constexpr qsizetype kColumn = 20;
    for (auto entry = stats.begin(); entry != stats.end(); ++entry) {
        const QJsonValue value = entry.value();
        if (value.isObject()) {
            showStreams(value.toObject());
            continue;
        }
        const QByteArray text
            = value.isString() ? value.toString().toUtf8() : QByteArray::number(value.toInteger());
        m_console.write(entry.key().toUtf8().leftJustified(kColumn) + text + '\n');
    }
    return end(exitcode::kOk);
}

void StoreCommand::showStreams(const QJsonObject &streams)
{
    for (auto stream = streams.begin(); stream != streams.end(); ++stream) {
        const QJsonObject counts = stream.value().toObject();
        const auto number = [&counts](const char *name) {
            return QByteArray::number(counts.value(QLatin1String(name)).toInteger());
        };
        m_console.write("stream " + stream.key().toUtf8() + ": " + number("messages")
                        + " messages, " + number("message_bytes") + " bytes, sequences "
                        + number("first_sequence") + " to " + number("last_sequence") + '\n');
    }
}

int StoreCommand::exportFile(StoreReport &report)
{
    const Result<> done = report.exportRows([this](const QByteArray &lines) {
        m_console.write(lines);
        m_console.flush();
        return !m_console.hasFailed();
    });
    return done ? end(exitcode::kOk) : complain(done.error());
}

int StoreCommand::end(int exitCode)
{
    m_console.flush();
    return m_console.hasFailed() ? exitcode::kOutput : exitCode;
}

int StoreCommand::complain(const Failure &failure)
{
    m_console.writeError(
        QStringLiteral("Error: %1 [%2]").arg(failure.text, QLatin1String(failure.name)));
    return failure.exitCode;
}

int StoreCommand::complain(const Error &error)
{
    const bool isDamage = error.code() == ErrorCode::StorageDamaged;
    return complain(Failure{
        isDamage ? exitcode::kUnsound : exitcode::kNoStore, errorName(error.code()), error.text()});
}

} // namespace fairlead::cli
