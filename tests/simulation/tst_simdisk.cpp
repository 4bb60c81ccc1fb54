// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "simdisk.h"
#include "simsteps.h"

#include <QtTest/QTest>

#include <sqlite3.h>

#include <cerrno>
#include <memory>
#include <vector>

using namespace fairlead;
using sim::SimDisk;
using sim::SimRandom;
using Operation = SimDisk::Operation;

namespace {

constexpr int kSeeds = 100;

struct Closer
{
    void operator()(sqlite3 *db) const { sqlite3_close_v2(db); }
};

using Database = std::unique_ptr<sqlite3, Closer>;

Database open(const SimDisk &disk, int *code = nullptr)
{
    sqlite3 *db = nullptr;
    const int done
        = sqlite3_open_v2("/store",
                          &db,
                          SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE,
                          disk.vfsName().constData());
    if (code)
        *code = done;
    return Database(db);
}

int run(const Database &db, const QByteArray &sql)
{
    return sqlite3_exec(db.get(), sql.constData(), nullptr, nullptr, nullptr);
}

/// The first column of all rows, as text.
QByteArrayList ask(const Database &db, const char *sql)
{
    QByteArrayList found;
    sqlite3_exec(
        db.get(),
        sql,
        [](void *list, int, char **values, char **) {
            static_cast<QByteArrayList *>(list)->append(values[0]);
            return 0;
        },
        &found,
        nullptr);
    return found;
}

bool isWhole(const Database &db)
{
    return ask(db, "PRAGMA integrity_check") == QByteArrayList{"ok"};
}

void begin(const Database &db, const char *journal, const char *synchronous)
{
    // With less a journal that was removed may come back after a loss of power.
    run(db, QByteArrayLiteral("PRAGMA synchronous=EXTRA"));
    run(db, QByteArrayLiteral("PRAGMA journal_mode=") + journal);
    run(db, QByteArrayLiteral("PRAGMA synchronous=") + synchronous);
    run(db, QByteArrayLiteral("PRAGMA cache_size=8"));
    run(db, QByteArrayLiteral("CREATE TABLE IF NOT EXISTS kept(number INTEGER, filling BLOB)"));
}

/// Adds @p rows in one transaction that also changes what is there.
int add(const Database &db, int number, int rows)
{
    int code = run(db, "BEGIN IMMEDIATE");
    for (int i = 0; code == SQLITE_OK && i < rows; ++i) {
        code = run(db,
                   "INSERT INTO kept VALUES(" + QByteArray::number(number) + ",randomblob(700))");
    }
    if (code == SQLITE_OK)
        code = run(db, "UPDATE kept SET filling=randomblob(300) WHERE number % 3 = 0");
    if (code == SQLITE_OK)
        code = run(db, "COMMIT");
    if (code != SQLITE_OK)
        run(db, "ROLLBACK");
    return code;
}

int last(const Database &db)
{
    return ask(db, "SELECT ifnull(max(number), 0) FROM kept").value(0, "-1").toInt();
}

} // namespace

class tst_SimDisk : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void journals_data()
    {
        QTest::addColumn<QByteArray>("journal");
        QTest::newRow("rollback") << QByteArrayLiteral("DELETE");
        QTest::newRow("log") << QByteArrayLiteral("WAL");
    }

    void whatWasWrittenOutlivesTheProcess_data() { journals_data(); }

    void whatWasWrittenOutlivesTheProcess()
    {
        QFETCH(const QByteArray, journal);
        SimDisk disk(1);
        Database db = open(disk);
        begin(db, journal.constData(), "OFF");
        for (int number = 1; number <= 20; ++number)
            QCOMPARE(add(db, number, 3), SQLITE_OK);
        QCOMPARE(run(db, "BEGIN IMMEDIATE"), SQLITE_OK);
        QCOMPARE(run(db, "DELETE FROM kept"), SQLITE_OK);
        disk.kill();
        QVERIFY(run(db, "COMMIT") != SQLITE_OK);
        int code = SQLITE_OK;
        QVERIFY(open(disk, &code));
        QCOMPARE(code, SQLITE_CANTOPEN); // the old process has to go first
        db.reset();
        db = open(disk);
        QCOMPARE(last(db), 20);
        QVERIFY(isWhole(db));
    }

    void whatWasSyncedOutlivesThePower_data() { journals_data(); }

    void whatWasSyncedOutlivesThePower()
    {
        QFETCH(const QByteArray, journal);
        bool one = false;
        const int only = qEnvironmentVariableIntValue("FAIRLEAD_SIM_SEED", &one);
        const int wanted = qEnvironmentVariableIntValue("FAIRLEAD_SIM_SEEDS");
        const int final = one ? only : (wanted > 0 ? wanted : kSeeds);
        for (int seed = one ? only : 1; seed <= final; ++seed) {
            SimRandom random{quint64(seed)};
            SimDisk disk{quint64(seed)};
            int kept = 0;
            for (int life = 0; life < 4; ++life) {
                Database db = open(disk);
                begin(db, journal.constData(), journal == "WAL" ? "FULL" : "EXTRA");
                const int found = last(db);
                // The commit that was cut short counts or not, but as a whole.
                QVERIFY2(found == kept || found == kept + 1,
                         qPrintable(QStringLiteral("seed %1 life %2 found %3 kept %4")
                                        .arg(seed)
                                        .arg(life)
                                        .arg(found)
                                        .arg(kept)));
                QVERIFY2(isWhole(db), qPrintable(QString::number(seed)));
                kept = found;
                disk.stopAfter(random.below(150));
                while (add(db, kept + 1, int(random.below(6)) + 1) == SQLITE_OK) {
                    ++kept;
                    if (random.chance(10))
                        run(db, "PRAGMA wal_checkpoint(TRUNCATE)");
                }
                QVERIFY(disk.isStopped());
                disk.losePower();
            }
            m_steps += disk.count(Operation::Any);
        }
    }

    void whatWasNotSyncedMayBeLost_data() { journals_data(); }

    void whatWasNotSyncedMayBeLost()
    {
        QFETCH(const QByteArray, journal);
        int lost = 0;
        for (int seed = 1; seed <= 30; ++seed) {
            SimDisk disk{quint64(seed)};
            Database db = open(disk);
            begin(db, journal.constData(), "FULL");
            run(db, "PRAGMA synchronous=OFF");
            for (int number = 1; number <= 10; ++number)
                QCOMPARE(add(db, number, 3), SQLITE_OK);
            disk.losePower();
            db.reset();
            db = open(disk);
            lost += last(db) != 10 || !isWhole(db) ? 1 : 0;
        }
        QVERIFY(lost > 10);
    }

    void sameSeedLosesTheSame()
    {
        std::vector<QByteArray> left;
        for (const quint64 seed : {3, 3, 4}) {
            SimDisk disk(seed);
            Database db = open(disk);
            begin(db, "WAL", "FULL");
            run(db, "PRAGMA synchronous=OFF");
            for (int number = 1; number <= 10; ++number)
                QCOMPARE(add(db, number, 3), SQLITE_OK);
            disk.losePower();
            left.push_back(disk.content("/store") + disk.content("/store-wal"));
        }
        QVERIFY(left[0] == left[1]);
        QVERIFY(left[0] != left[2]);
    }

    void fullDiskTakesNothingMore_data() { journals_data(); }

    void fullDiskTakesNothingMore()
    {
        QFETCH(const QByteArray, journal);
        SimDisk disk(1);
        Database db = open(disk);
        begin(db, journal.constData(), "FULL");
        QCOMPARE(add(db, 1, 3), SQLITE_OK);
        const qint64 most = disk.used() + 6000;
        disk.setCapacity(most);
        int code = SQLITE_OK;
        int number = 1;
        while ((code = add(db, number + 1, 20)) == SQLITE_OK)
            ++number;
        QCOMPARE(code, SQLITE_FULL);
        QVERIFY(disk.used() <= most);
        QCOMPARE(last(db), number);
        QVERIFY(isWhole(db));
        disk.setCapacity(-1);
        QCOMPARE(add(db, number + 1, 20), SQLITE_OK);
        QVERIFY(isWhole(db));
    }

    void readOnlyDiskCanBeRead()
    {
        SimDisk disk(1);
        Database db = open(disk);
        begin(db, "DELETE", "FULL");
        QCOMPARE(add(db, 1, 3), SQLITE_OK);
        disk.setReadOnly(true);
        QVERIFY(add(db, 2, 3) != SQLITE_OK);
        db = open(disk);
        QCOMPARE(sqlite3_db_readonly(db.get(), "main"), 1);
        QCOMPARE(last(db), 1);
        QCOMPARE(add(db, 2, 3), SQLITE_READONLY);
        disk.setReadOnly(false);
        db.reset();
        db = open(disk);
        QCOMPARE(add(db, 2, 3), SQLITE_OK);
    }

    void eachOperationCanFail_data()
    {
        QTest::addColumn<QByteArray>("journal");
        QTest::addColumn<int>("operation");
        for (const char *journal : {"DELETE", "WAL"}) {
            for (const Operation operation : {Operation::Write, Operation::Sync, Operation::Any})
                QTest::addRow("%s %d", journal, int(operation))
                    << QByteArray(journal) << int(operation);
        }
    }

    void eachOperationCanFail()
    {
        QFETCH(const QByteArray, journal);
        QFETCH(const int, operation);
        int failures = 0;
        for (quint64 after = 0; after < 40; ++after) {
            SimDisk disk(after);
            Database db = open(disk);
            begin(db, journal.constData(), "FULL");
            QCOMPARE(add(db, 1, 3), SQLITE_OK);
            disk.failAfter(Operation(operation), after);
            const int code = add(db, 2, 12);
            if (code != SQLITE_OK) {
                ++failures;
                QVERIFY((code & 0xFF) == SQLITE_IOERR || (code & 0xFF) == SQLITE_CANTOPEN);
            }
            disk.failAfter(Operation(operation), 0, 0);
            db.reset();
            db = open(disk);
            const int found = last(db);
            QVERIFY(found == 1 || found == 2);
            QVERIFY(code != SQLITE_OK || found == 2);
            QVERIFY(isWhole(db));
        }
        QVERIFY(failures > 0);
    }

    void failuresTellTheirNumber()
    {
        SimDisk disk(1);
        Database db = open(disk);
        begin(db, "DELETE", "FULL");
        db.reset();
        db = open(disk);
        disk.failAfter(Operation::Read, 0);
        QCOMPARE(run(db, "SELECT * FROM kept") & 0xFF, SQLITE_IOERR);
        QCOMPARE(sqlite3_system_errno(db.get()), EIO);
        QCOMPARE(run(db, "SELECT * FROM kept"), SQLITE_OK);
    }

    void connectionsShareWhatIsThere()
    {
        SimDisk disk(1);
        const Database writer = open(disk);
        begin(writer, "WAL", "FULL");
        QCOMPARE(ask(writer, "PRAGMA journal_mode"), QByteArrayList{"wal"});
        QCOMPARE(add(writer, 1, 3), SQLITE_OK);
        const Database reader = open(disk);
        QCOMPARE(run(reader, "BEGIN"), SQLITE_OK);
        QCOMPARE(last(reader), 1);
        QCOMPARE(add(writer, 2, 3), SQLITE_OK);
        QCOMPARE(last(reader), 1); // it reads what was when it began
        QCOMPARE(run(writer, "BEGIN IMMEDIATE"), SQLITE_OK);
        QCOMPARE(run(reader, "COMMIT"), SQLITE_OK);
        QCOMPARE(last(reader), 2);
        QCOMPARE(run(reader, "BEGIN IMMEDIATE"), SQLITE_BUSY);
        QCOMPARE(run(writer, "COMMIT"), SQLITE_OK);
        QCOMPARE(add(reader, 3, 1), SQLITE_OK);
        QCOMPARE(last(writer), 3);
    }

    void damageIsSeen()
    {
        SimDisk disk(1);
        Database db = open(disk);
        begin(db, "DELETE", "FULL");
        QCOMPARE(add(db, 1, 30), SQLITE_OK);
        db.reset();
        QCOMPARE(disk.files(), QList<QByteArray>{"/store"});
        QByteArray bytes = disk.content("/store");
        bytes.replace(4096, 200, QByteArray(200, '\xA5'));
        disk.setContent("/store", bytes);
        db = open(disk);
        QVERIFY(!isWhole(db));
        QVERIFY(disk.count(Operation::Read) > 0);
    }

    void cleanupTestCase() { sim::tellSteps(m_steps); }

private:
    quint64 m_steps = 0;
};

QTEST_APPLESS_MAIN(tst_SimDisk)
#include "tst_simdisk.moc"
