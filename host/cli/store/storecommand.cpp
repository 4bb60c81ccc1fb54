// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "store/storecommand.h"

#include "core/store/storereport.h"

#include <QDir>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>

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
    if (const Failure failure = choosePath()) {
        return complain(failure);
    }
    StoreReport report;
    if (const Result<> opened = report.open(m_wish.path); !opened) {
        return complain(opened.error());
    }
    switch (m_wish.action) {
    case StoreAction::Check:
        return check(report);
    case StoreAction::Stats:
        return stats(report);
    case StoreAction::Export:
        break;
    }
    return exportRows(report);
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
            QStringLiteral("there is no store that may be read in %1; name one with --state-dir or "
                           "--file")
                .arg(folders.join(QStringLiteral(", ")))};
}

int StoreCommand::check(StoreReport &report)
{
    const Result<QStringList> findings = report.check();
    if (!findings) {
        return complain(findings.error());
    }
    if (m_wish.json) {
        QJsonObject object;
        object.insert(QStringLiteral("path"), m_wish.path);
        object.insert(QStringLiteral("sound"), findings->isEmpty());
        object.insert(QStringLiteral("findings"), QJsonArray::fromStringList(*findings));
        m_console.write(jsonLine(object));
    } else if (findings->isEmpty()) {
        m_console.write(m_wish.path.toUtf8() + ": sound\n");
    } else {
        for (const QString &finding : *findings) {
            m_console.write(m_wish.path.toUtf8() + ": " + finding.toUtf8() + '\n');
        }
    }
    return end(findings->isEmpty() ? exitcode::kOk : exitcode::kUnsound);
}

int StoreCommand::stats(StoreReport &report)
{
    const Result<QJsonObject> stats = report.stats();
    if (!stats) {
        return complain(stats.error());
    }
    if (m_wish.json) {
        m_console.write(jsonLine(*stats));
        return end(exitcode::kOk);
    }
    constexpr qsizetype kColumn = 20;
    for (auto entry = stats->begin(); entry != stats->end(); ++entry) {
        const QJsonValue value = entry.value();
        const QByteArray text
            = value.isString() ? value.toString().toUtf8() : QByteArray::number(value.toInteger());
        m_console.write(entry.key().toUtf8().leftJustified(kColumn) + text + '\n');
    }
    return end(exitcode::kOk);
}

int StoreCommand::exportRows(StoreReport &report)
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
