// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/sqlitereplacement.h"

#include "core/platform/files.h"
#include "core/store/sqlitesalvage.h"
#include "core/store/sqliteschema.h"

#include <QDateTime>

#include <array>

namespace fairlead::core::sqlite {

namespace {

const std::array<QString, 3> &companions()
{
    static const std::array<QString, 3> kAll
        = {QString(), QStringLiteral("-wal"), QStringLiteral("-shm")};
    return kAll;
}

QString draftPath(const Place &place)
{
    return place.path + QStringLiteral(".new");
}

bool exists(const QString &path)
{
    return fileFacts(path).kind != FileFacts::Kind::Missing;
}

void removeDraft(const Place &place)
{
    for (const char *const suffix : {"", "-journal", "-wal", "-shm"})
        static_cast<void>(removeSqliteFile(draftPath(place) + QLatin1String(suffix), {}));
}

QString freeAsidePath(const Place &place, qint64 utcMs)
{
    const QString time
        = QDateTime::fromMSecsSinceEpoch(utcMs, Qt::UTC).toString(u"yyyyMMdd'T'HHmmss'Z'");
    const QString base = place.path + QStringLiteral(".damaged-") + time;
    QString path = base;
    for (int number = 2; exists(path) || exists(logPath(path)); ++number)
        path = base + u'-' + QString::number(number);
    return path;
}

Result<> putNotice(SqliteDatabase &database, const char *name, const QString &text)
{
    Result<SqliteStatement> statement
        = database.prepare("REPLACE INTO meta VALUES(CAST(?1 AS TEXT), CAST(?2 AS TEXT))");
    if (!statement)
        return statement.error();
    const QByteArray value = text.toUtf8();
    const int code = statement->bind(1, ByteSpan(name)).bind(2, value).run();
    if (code != 0)
        return database.error(code);
    return {};
}

QString noticeText(const QString &aside, const Error &damage, const Salvaged &salvaged)
{
    return QStringLiteral(
               "%1. The damaged store was put aside as %2. %3. What was not carried over "
               "is lost to its receivers, and QoS 2 messages that were under way may come "
               "twice.")
        .arg(damage.text(), aside, salvaged.text());
}

Result<> makeDraft(const Place &place, const Error &damage, const QString &aside, qint64 utcMs)
{
    if (const Result<> made = createPrivateFile(draftPath(place)); !made)
        return made;
    SqliteDatabase fresh;
    Result<> done = fresh.open(draftPath(place), SqliteDatabase::Mode::Write, {});
    if (done)
        done = fresh.execute("PRAGMA page_size=" + QByteArray::number(kPageSize));
    // Its rows need not be safe one by one: the last step flushes the whole file.
    if (done)
        done = fresh.execute("PRAGMA synchronous=OFF");
    if (done)
        done = createTables(fresh);
    if (!done)
        return done;
    const Result<Salvaged> salvaged = salvage(place.path, fresh, utcMs);
    if (!salvaged)
        return salvaged.error();
    done = putNotice(fresh, "damage", noticeText(aside, damage, *salvaged));
    if (done)
        done = putNotice(fresh, "aside", aside);
    // In a transaction of its own: a draft that has it is complete.
    if (done)
        done = fresh.execute("PRAGMA synchronous=FULL");
    return done ? markComplete(fresh) : done;
}

/// Where the damaged store goes according to the draft at @p place; empty: the draft is not complete.
QString asideOfDraft(const Place &place)
{
    SqliteDatabase draft;
    if (!draft.open(draftPath(place), SqliteDatabase::Mode::Write, {}))
        return {};
    const Result<qint64> application = draft.integer("PRAGMA application_id");
    if (!application || *application != kApplicationId)
        return {};
    const Result<QByteArray> aside = draft.text("SELECT value FROM meta WHERE name = 'aside'");
    return aside ? QString::fromUtf8(*aside) : QString();
}

Result<> exchange(const Place &place, const QString &aside)
{
    for (const QString &suffix : companions()) {
        const QString from = place.path + suffix;
        if (!exists(from))
            continue;
        if (const Result<> moved = moveFile(from, aside + suffix); !moved)
            return moved;
    }
    return moveFile(draftPath(place), place.path);
}

} // namespace

Result<> replaceDamaged(const Place &place, const Error &damage, qint64 utcMs)
{
    removeDraft(place);
    const QString aside = freeAsidePath(place, utcMs);
    if (Result<> made = makeDraft(place, damage, aside, utcMs); !made) {
        removeDraft(place);
        return made;
    }
    return exchange(place, aside);
}

Result<> finishReplacement(const Place &place)
{
    if (!exists(draftPath(place)))
        return {};
    // As long as the damaged store is in place, its replacement begins again from it.
    const QString aside = exists(place.path) ? QString() : asideOfDraft(place);
    if (aside.isEmpty()) {
        removeDraft(place);
        return {};
    }
    return exchange(place, aside);
}

Error readNotice(SqliteDatabase &database)
{
    const Result<QByteArray> text = database.text("SELECT value FROM meta WHERE name = 'damage'");
    const Result<QByteArray> aside = database.text("SELECT value FROM meta WHERE name = 'aside'");
    if (!text || !aside || text->isEmpty())
        return {};
    Error notice(ErrorCode::StorageDamaged, QString::fromUtf8(*text));
    notice.setDetail(QStringLiteral("path"), database.path());
    notice.setDetail(QStringLiteral("aside"), QString::fromUtf8(*aside));
    return notice;
}

Result<> forgetNotice(SqliteDatabase &database)
{
    return database.execute("DELETE FROM meta WHERE name IN ('damage', 'aside')");
}

} // namespace fairlead::core::sqlite
