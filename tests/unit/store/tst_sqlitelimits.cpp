// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/sqliteengine.h"
#include "simdisk.h"
#include "storedump.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace fairlead;
using namespace fairlead::core;

/// What the engine says and does where a disk, its limit or another process stands in the way.
class tst_SqliteLimits : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void limitIsKeptAndLeftAgain();
    void fullDiskIsToldAndLeftAgain();
    void readOnlyDiskIsTold();
    void unusablePathIsTold();
    void folderIsMade();
    void othersMayReadAlong();
    void endlessReaderEndsTheCommitsNotTheDisk();
    void anotherWriterIsTold();
    void closingLeavesOneFile();

private:
    SqliteEngine::Options options(const QTemporaryDir &folder) const;

    StillClock m_clock;
};

namespace {

EngineBatch putting(quint64 sequence, int size)
{
    EngineBatch batch;
    batch.messages = {messageRow(sequence, QByteArray(size, 'x'))};
    return batch;
}

/// Puts messages until one is refused; its sequence.
quint64 fillUp(SqliteEngine &engine, ErrorCode expected, QString *text = nullptr)
{
    for (quint64 sequence = 1; sequence < 10'000; ++sequence) {
        const Result<> done = engine.commit(putting(sequence, 10'000));
        if (done)
            continue;
        if (done.error().code() != expected)
            QTest::qFail(qPrintable(done.error().toString()), __FILE__, __LINE__);
        if (text)
            *text = done.error().text();
        return sequence;
    }
    QTest::qFail("nothing was refused", __FILE__, __LINE__);
    return 0;
}

} // namespace

SqliteEngine::Options tst_SqliteLimits::options(const QTemporaryDir &folder) const
{
    SqliteEngine::Options options;
    options.place.path = folder.filePath(QStringLiteral("store.db"));
    return options;
}

void tst_SqliteLimits::limitIsKeptAndLeftAgain()
{
    const QTemporaryDir folder;
    SqliteEngine::Options limited = options(folder);
    limited.place.maxBytes = 1 << 20;
    SqliteEngine engine(limited, m_clock);
    QVERIFY(engine.open());
    QString text;
    const quint64 refused = fillUp(engine, ErrorCode::StorageFull, &text);
    QVERIFY(text.contains(QStringLiteral("1048576")));
    QVERIFY(refused > 50 && refused < 105);
    QCOMPARE(quint64(dump(engine).size()), refused - 1);
    QVERIFY(engine.checkpoint());
    QVERIFY(QFile(limited.place.path).size() <= limited.place.maxBytes);
    // Freeing space needs none, and makes some.
    EngineBatch removal;
    removal.removedMessages = {1, 2, 3};
    removal.sync = true;
    QVERIFY(engine.commit(removal));
    QVERIFY(engine.commit(putting(refused, 10'000)));
    QVERIFY(!engine.commit(putting(refused + 1, 100'000)));
    // A limit below what there is stops growth, and loses nothing.
    engine.close();
    limited.place.maxBytes = 100'000;
    SqliteEngine smaller(limited, m_clock);
    QVERIFY(smaller.open());
    QCOMPARE(quint64(dump(smaller).size()), refused - 3);
    QCOMPARE(smaller.commit(putting(9999, 50'000)).error().code(), ErrorCode::StorageFull);
}

void tst_SqliteLimits::fullDiskIsToldAndLeftAgain()
{
    sim::SimDisk disk(1);
    SqliteEngine::Options options;
    options.place.path = QStringLiteral("/store.db");
    options.place.vfs = disk.vfsName();
    SqliteEngine engine(options, m_clock);
    QVERIFY(engine.open());
    disk.setCapacity(disk.used() + 2'000'000);
    const quint64 refused = fillUp(engine, ErrorCode::StorageFull);
    QVERIFY(refused > 20);
    QCOMPARE(quint64(dump(engine).size()), refused - 1);
    disk.setCapacity(-1);
    QVERIFY(engine.commit(putting(refused, 10'000)));
    engine.close();
    QVERIFY(engine.open());
    QCOMPARE(quint64(dump(engine).size()), refused);
}

void tst_SqliteLimits::readOnlyDiskIsTold()
{
    sim::SimDisk disk(1);
    SqliteEngine::Options options;
    options.place.path = QStringLiteral("/store.db");
    options.place.vfs = disk.vfsName();
    SqliteEngine engine(options, m_clock);
    QVERIFY(engine.open());
    QVERIFY(engine.commit(putting(1, 100)));
    disk.setReadOnly(true);
    QCOMPARE(engine.commit(putting(2, 100)).error().code(), ErrorCode::StorageFailed);
    QCOMPARE(dump(engine).size(), 1);
    engine.close();
    const Result<StoreMeta> meta = engine.open();
    QVERIFY(!meta);
    QCOMPARE(meta.error().code(), ErrorCode::StorageFailed);
    disk.setReadOnly(false);
    QVERIFY(engine.open());
    QVERIFY(engine.commit(putting(2, 100)));
    QCOMPARE(dump(engine).size(), 2);
}

void tst_SqliteLimits::unusablePathIsTold()
{
    const QTemporaryDir folder;
    SqliteEngine::Options inTheWay = options(folder);
    QVERIFY(QDir(folder.path()).mkdir(QStringLiteral("store.db")));
    SqliteEngine engine(inTheWay, m_clock);
    QCOMPARE(engine.open().error().code(), ErrorCode::StorageFailed);
    QCOMPARE(engine.commit({}).error().code(), ErrorCode::StorageFailed);
    QFile file(folder.filePath(QStringLiteral("file")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    inTheWay.place.path = folder.filePath(QStringLiteral("file/store.db"));
    SqliteEngine below(inTheWay, m_clock);
    QCOMPARE(below.open().error().code(), ErrorCode::StorageFailed);
}

void tst_SqliteLimits::folderIsMade()
{
    const QTemporaryDir folder;
    SqliteEngine::Options deep = options(folder);
    deep.place.path = folder.filePath(QStringLiteral("a/b/store.db"));
    SqliteEngine engine(deep, m_clock);
    QVERIFY(engine.open());
    QVERIFY(engine.commit(putting(1, 1)));
}

void tst_SqliteLimits::othersMayReadAlong()
{
    const QTemporaryDir folder;
    SqliteEngine engine(options(folder), m_clock);
    QVERIFY(engine.open());
    QVERIFY(engine.commit(putting(1, 100)));
    SqliteDatabase reader;
    QVERIFY(reader.open(options(folder).place.path, SqliteDatabase::Mode::Read, {}));
    QCOMPARE(*reader.integer("SELECT count(*) FROM message"), 1);
    // It sees one moment for as long as it wants, and holds up nobody.
    QVERIFY(reader.execute("BEGIN"));
    QCOMPARE(*reader.integer("SELECT count(*) FROM message"), 1);
    EngineBatch batch = putting(2, 100);
    batch.sync = true;
    QVERIFY(engine.commit(batch));
    QVERIFY(engine.checkpoint());
    QCOMPARE(*reader.integer("SELECT count(*) FROM message"), 1);
    QVERIFY(reader.execute("ROLLBACK"));
    QCOMPARE(*reader.integer("SELECT count(*) FROM message"), 2);
    QVERIFY(!reader.execute("DELETE FROM message"));
}

void tst_SqliteLimits::endlessReaderEndsTheCommitsNotTheDisk()
{
    const QTemporaryDir folder;
    SqliteEngine::Options small = options(folder);
    small.logBytes = 100'000;
    small.logLimitBytes = 1'000'000;
    SqliteEngine engine(small, m_clock);
    QVERIFY(engine.open());
    SqliteDatabase reader;
    QVERIFY(reader.open(small.place.path, SqliteDatabase::Mode::Read, {}));
    QVERIFY(reader.execute("BEGIN"));
    QVERIFY(reader.integer("SELECT count(*) FROM message"));
    const quint64 refused = fillUp(engine, ErrorCode::StorageFailed);
    QVERIFY(refused > 50);
    QVERIFY(QFile(sqlite::logPath(small.place.path)).size() < 1'100'000);
    QVERIFY(reader.execute("ROLLBACK"));
    QVERIFY(engine.commit(putting(refused, 10'000)));
    // And the log begins anew.
    QVERIFY(engine.commit(putting(refused + 1, 10'000)));
    QCOMPARE(quint64(dump(engine).size()), refused + 1);
}

void tst_SqliteLimits::anotherWriterIsTold()
{
    const QTemporaryDir folder;
    SqliteEngine engine(options(folder), m_clock);
    QVERIFY(engine.open());
    SqliteDatabase other;
    QVERIFY(other.open(options(folder).place.path, SqliteDatabase::Mode::Write, {}));
    QVERIFY(other.execute("BEGIN IMMEDIATE"));
    const Result<> refused = engine.commit(putting(1, 100));
    QCOMPARE(refused.error().code(), ErrorCode::StorageFailed);
    QVERIFY(refused.error().isRetryable());
    QVERIFY(other.execute("ROLLBACK"));
    QVERIFY(engine.commit(putting(1, 100)));
}

void tst_SqliteLimits::closingLeavesOneFile()
{
    const QTemporaryDir folder;
    SqliteEngine engine(options(folder), m_clock);
    QVERIFY(engine.open());
    QVERIFY(engine.commit(putting(1, 100)));
    engine.close();
    QCOMPARE(QDir(folder.path()).entryList(QDir::Files), QStringList{QStringLiteral("store.db")});
}

QTEST_GUILESS_MAIN(tst_SqliteLimits)
#include "tst_sqlitelimits.moc"
