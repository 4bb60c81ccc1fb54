// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/sqliteengine.h"
#include "core/store/sqliteschema.h"
#include "storedump.h"

#include <QDir>
#include <QFile>
#include <QSet>
#include <QTemporaryDir>
#include <QTest>

using namespace fairlead;
using namespace fairlead::core;

/// A store that cannot be read is set aside and told, never a refused start and never silence.
class tst_SqliteDamage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();

    void unreadableFileIsSetAside_data();
    void unreadableFileIsSetAside();
    void damagedPageCostsWhatIsOnIt_data();
    void damagedPageCostsWhatIsOnIt();
    void damageFoundWhileReadingIsSetAsideAtTheNextOpening();
    void unreadableLogIsSetAside();
    void logThatPowerWasLostOnIsNone();
    void missingTableIsDamage();
    void storeOfAnotherProgramIsSetAside();
    void laterSchemaIsRefused();
    void noticeIsToldUntilSomethingIsCommitted();
    void namesOfWhatIsSetAsideDiffer();
    void interruptedReplacementIsCompleted();
    void uselessDraftIsForgotten();
    void lostNumbersBeginFarBeyond();

private:
    QString path() const { return m_folder->filePath(QStringLiteral("store.db")); }

    QString logPath() const { return sqlite::logPath(path()); }

    SqliteEngine::Options options() const;
    /// Rows of every kind, in several pages; returns what dump() says of them.
    QByteArrayList fill(bool isKilled);
    /// Opens what is damaged; the file that was set aside is in the result.
    QString openDamaged(SqliteEngine &engine);

    std::unique_ptr<QTemporaryDir> m_folder;
    StillClock m_clock;
};

namespace {

QByteArray read(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("missing");
}

void write(const QString &path, const QByteArray &bytes)
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate));
    QCOMPARE(file.write(bytes), bytes.size());
}

void overwrite(const QString &path, qint64 offset, const QByteArray &bytes)
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadWrite));
    QVERIFY(file.seek(offset));
    QCOMPARE(file.write(bytes), bytes.size());
}

/// Runs SQL on the store as somebody else would.
void tamper(const QString &path, const char *sql)
{
    SqliteDatabase database;
    QVERIFY(database.open(path, SqliteDatabase::Mode::Write, {}));
    const Result<> done = database.execute(sql);
    QVERIFY2(done, qPrintable(done.error().toString()));
}

bool isPartOf(const QByteArrayList &part, const QByteArrayList &whole)
{
    return QSet<QByteArray>(whole.begin(), whole.end())
        .contains(QSet<QByteArray>(part.begin(), part.end()));
}

constexpr int kMessages = 2000;

} // namespace

void tst_SqliteDamage::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_clock = StillClock();
}

void tst_SqliteDamage::cleanup()
{
    m_folder.reset();
}

SqliteEngine::Options tst_SqliteDamage::options() const
{
    SqliteEngine::Options options;
    options.place.path = path();
    return options;
}

QByteArrayList tst_SqliteDamage::fill(bool isKilled)
{
    SqliteEngine engine(options(), m_clock);
    if (!engine.open())
        return {};
    EngineBatch batch;
    for (quint64 number = 1; number <= 20; ++number) {
        batch.sessions.push_back(sessionRow(number, "client" + QByteArray::number(number)));
        batch.subscriptions.push_back(subscriptionRow(number, "a/#"));
        batch.keys.emplace_back(number, 7);
        batch.tags.push_back({number, number, 0, 9, false});
    }
    for (quint64 sequence = 1; sequence <= kMessages; ++sequence) {
        batch.messages.push_back(messageRow(sequence, QByteArray(200, 'x')));
        if (sequence % 20 == 0)
            batch.retained.emplace_back("t" + QByteArray::number(sequence), sequence);
        if (sequence % 50 == 0)
            batch.settled.emplace_back(sequence, "done");
    }
    batch.values = {{"space", "key", "value"}};
    batch.epoch = 5;
    batch.reservedSequence = 10'000;
    batch.reservedSession = 100;
    batch.sync = true;
    if (!engine.commit(batch) || !engine.checkpoint())
        return {};
    EngineBatch last;
    last.values = {{"space", "last", "value"}};
    if (!engine.commit(last))
        return {};
    const QByteArrayList lines = dump(engine);
    if (!isKilled)
        return lines;
    // What a kill leaves: the log, and a file that was not worked on since.
    const QByteArray file = read(path());
    const QByteArray log = read(logPath());
    engine.close();
    write(path(), file);
    write(logPath(), log);
    return lines;
}

QString tst_SqliteDamage::openDamaged(SqliteEngine &engine)
{
    const Result<StoreMeta> meta = engine.open();
    if (!meta || meta->quarantined.code() != ErrorCode::StorageDamaged) {
        const QByteArray text = meta ? QByteArray("not told") : meta.error().toString().toUtf8();
        QTest::qFail(text.constData(), __FILE__, __LINE__);
        return {};
    }
    const QVariantMap details = meta->quarantined.details();
    const QString aside = details.value(QStringLiteral("aside")).toString();
    if (details.value(QStringLiteral("path")).toString() != path()
        || !meta->quarantined.text().contains(path()) || !meta->quarantined.text().contains(aside)
        || !aside.startsWith(path())) {
        QTest::qFail(qPrintable(meta->quarantined.text()), __FILE__, __LINE__);
    }
    return aside;
}

void tst_SqliteDamage::unreadableFileIsSetAside_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("text") << QByteArray("this is not a database\n");
    QTest::newRow("long text") << QByteArray("this is not a database\n").repeated(1000);
    QTest::newRow("zeros") << QByteArray(64 * 1024, '\0');
    QTest::newRow("head of a database") << QByteArray("SQLite format 3\0", 16);
}

void tst_SqliteDamage::unreadableFileIsSetAside()
{
    QFETCH(QByteArray, content);
    write(path(), content);
    SqliteEngine engine(options(), m_clock);
    const QString aside = openDamaged(engine);
    QCOMPARE(aside, path() + QStringLiteral(".damaged-20231114T221320Z"));
    QCOMPARE(read(aside), content);
    QCOMPARE(dump(engine), QByteArrayList());
    constexpr QFile::Permissions kOwner
        = QFile::ReadOwner | QFile::WriteOwner | QFile::ReadUser | QFile::WriteUser;
    QCOMPARE(QFile::permissions(path()), kOwner);
    QCOMPARE(QFile::permissions(logPath()), kOwner);
    EngineBatch batch;
    batch.values = {{"s", "k", "v"}};
    QVERIFY(engine.commit(batch));
    engine.close();
    const Result<StoreMeta> again = engine.open();
    QVERIFY(again);
    QVERIFY(again->quarantined.isNull());
    QCOMPARE(dump(engine).size(), 1);
}

void tst_SqliteDamage::damagedPageCostsWhatIsOnIt_data()
{
    QTest::addColumn<QByteArray>("how");
    QTest::newRow("garbage in the middle") << QByteArray("middle");
    QTest::newRow("cut in the middle") << QByteArray("cut");
    QTest::newRow("no header") << QByteArray("header");
}

void tst_SqliteDamage::damagedPageCostsWhatIsOnIt()
{
    QFETCH(QByteArray, how);
    const QByteArrayList before = fill(true);
    QVERIFY(before.size() > kMessages);
    const qint64 size = QFile(path()).size();
    const qint64 middle = size / sqlite::kPageSize / 2 * sqlite::kPageSize;
    if (how == "middle")
        overwrite(path(), middle, QByteArray(sqlite::kPageSize, '\x5a'));
    else if (how == "cut")
        QVERIFY(QFile::resize(path(), middle));
    else
        overwrite(path(), 0, QByteArray(100, '\0'));
    const QByteArray damaged = read(path());
    const QByteArray log = read(logPath());

    SqliteEngine engine(options(), m_clock);
    const QString aside = openDamaged(engine);
    QCOMPARE(read(aside), damaged);
    QCOMPARE(read(sqlite::logPath(aside)), log);
    const QByteArrayList after = dump(engine);
    QVERIFY(isPartOf(after, before));
    QVERIFY(after.size() < before.size());
    if (how == "middle") {
        // All but what is on one page, from both sides of it.
        QVERIFY(after.size() > before.size() - 200);
        const QByteArrayList messages = ofKind(after, "message");
        QVERIFY(messages.first().startsWith("message 1 "));
        QVERIFY(messages.last().startsWith("message 2000 "));
        for (const char *const kind : {"session", "subscription", "key", "tag", "value"})
            QCOMPARE(ofKind(after, kind), ofKind(before, kind));
        QSet<QByteArray> sequences;
        for (const QByteArray &line : messages)
            sequences.insert(line.split(' ').at(1));
        for (const QByteArray &line : ofKind(after, "retained"))
            QVERIFY(sequences.contains(line.split(' ').last()));
        for (const QByteArray &line : ofKind(after, "settled"))
            QVERIFY(sequences.contains(line.split(' ').at(1)));
    }
    engine.close();
    const Result<StoreMeta> meta = engine.open();
    QVERIFY(meta);
    if (how == "middle") {
        QCOMPARE(meta->epoch, 5U);
        QCOMPARE(meta->reservedSequence, 10'000U);
        QCOMPARE(meta->reservedSession, 100U);
        QVERIFY(meta->quarantined.text().contains(QStringLiteral("20 sessions")));
    }
}

void tst_SqliteDamage::damageFoundWhileReadingIsSetAsideAtTheNextOpening()
{
    const QByteArrayList before = fill(false);
    const qint64 size = QFile(path()).size();
    overwrite(path(),
              size / sqlite::kPageSize / 2 * sqlite::kPageSize,
              QByteArray(sqlite::kPageSize, '\x5a'));
    SqliteEngine engine(options(), m_clock);
    // It was closed in order, so that nobody looks through it first.
    const Result<StoreMeta> meta = engine.open();
    QVERIFY(meta);
    QVERIFY(meta->quarantined.isNull());
    StoreDump visitor;
    QCOMPARE(engine.load(visitor).error().code(), ErrorCode::StorageDamaged);
    QCOMPARE(engine.commit({}).error().code(), ErrorCode::StorageDamaged);
    openDamaged(engine);
    const QByteArrayList after = dump(engine);
    QVERIFY(isPartOf(after, before));
    QVERIFY(after.size() > before.size() - 200);
}

void tst_SqliteDamage::unreadableLogIsSetAside()
{
    const QByteArrayList before = fill(true);
    const QByteArray garbage = QByteArray("garbage").repeated(2000);
    write(logPath(), garbage);
    SqliteEngine engine(options(), m_clock);
    const QString aside = openDamaged(engine);
    QCOMPARE(read(sqlite::logPath(aside)), garbage);
    // All that had reached the file.
    QByteArrayList expected = before;
    QVERIFY(expected.removeOne("value [7370616365] [6c617374] [76616c7565]"));
    QCOMPARE(dump(engine), expected);
}

void tst_SqliteDamage::logThatPowerWasLostOnIsNone()
{
    const QByteArrayList before = fill(true);
    write(logPath(), QByteArray(8240, '\0'));
    SqliteEngine engine(options(), m_clock);
    const Result<StoreMeta> meta = engine.open();
    QVERIFY(meta);
    QVERIFY(meta->quarantined.isNull());
    QCOMPARE(dump(engine).size(), before.size() - 1);
}

void tst_SqliteDamage::missingTableIsDamage()
{
    const QByteArrayList before = fill(false);
    tamper(path(), "DROP TABLE tag");
    SqliteEngine engine(options(), m_clock);
    openDamaged(engine);
    const QByteArrayList after = dump(engine);
    QVERIFY(isPartOf(after, before));
    QCOMPARE(after.size(), before.size() - ofKind(before, "tag").size());
}

void tst_SqliteDamage::storeOfAnotherProgramIsSetAside()
{
    write(path(), {});
    tamper(path(), "CREATE TABLE notes(text); INSERT INTO notes VALUES('mine')");
    SqliteEngine engine(options(), m_clock);
    const QString aside = openDamaged(engine);
    SqliteDatabase database;
    QVERIFY(database.open(aside, SqliteDatabase::Mode::ReadOffline, {}));
    QCOMPARE(*database.text("SELECT text FROM notes"), QByteArray("mine"));
}

void tst_SqliteDamage::laterSchemaIsRefused()
{
    const QByteArrayList before = fill(false);
    tamper(path(), "PRAGMA user_version = 3");
    const QByteArray content = read(path());
    SqliteEngine engine(options(), m_clock);
    const Result<StoreMeta> meta = engine.open();
    QVERIFY(!meta);
    QCOMPARE(meta.error().code(), ErrorCode::StorageFailed);
    QVERIFY(!meta.error().isRetryable());
    QCOMPARE(meta.error().details().value(QStringLiteral("schema")).toInt(), 3);
    QVERIFY(meta.error().text().contains(path()));
    QCOMPARE(read(path()), content);
    QCOMPARE(QDir(m_folder->path()).entryList(QDir::Files).size(), 1);
    tamper(path(), "PRAGMA user_version = 2");
    QVERIFY(engine.open());
    QCOMPARE(dump(engine), before);
}

void tst_SqliteDamage::noticeIsToldUntilSomethingIsCommitted()
{
    write(path(), "text");
    QString aside;
    {
        SqliteEngine engine(options(), m_clock);
        aside = openDamaged(engine);
    }
    SqliteEngine engine(options(), m_clock);
    QCOMPARE(openDamaged(engine), aside);
    QVERIFY(engine.commit({}));
    engine.close();
    const Result<StoreMeta> meta = engine.open();
    QVERIFY(meta);
    QVERIFY(meta->quarantined.isNull());
}

void tst_SqliteDamage::namesOfWhatIsSetAsideDiffer()
{
    QSet<QString> names;
    for (int count = 0; count < 3; ++count) {
        write(path(), "text");
        SqliteEngine engine(options(), m_clock);
        names.insert(openDamaged(engine));
    }
    m_clock.setUtcMs(m_clock.utcMs() + 1000);
    write(path(), "text");
    SqliteEngine engine(options(), m_clock);
    names.insert(openDamaged(engine));
    QCOMPARE(names.size(), 4);
    for (const QString &name : names)
        QCOMPARE(read(name), QByteArray("text"));
}

// It was interrupted when the damaged file was aside and its log was not.
void tst_SqliteDamage::interruptedReplacementIsCompleted()
{
    const QByteArrayList before = fill(false);
    tamper(path(), "DROP TABLE tag");
    QString aside;
    {
        SqliteEngine engine(options(), m_clock);
        aside = openDamaged(engine);
    }
    QVERIFY(QFile::rename(path(), path() + QStringLiteral(".new")));
    write(logPath(), "log of the damaged one");
    SqliteEngine engine(options(), m_clock);
    QCOMPARE(openDamaged(engine), aside);
    QCOMPARE(read(sqlite::logPath(aside)), QByteArray("log of the damaged one"));
    QVERIFY(!QFile::exists(path() + QStringLiteral(".new")));
    QCOMPARE(dump(engine).size(), before.size() - ofKind(before, "tag").size());
}

void tst_SqliteDamage::uselessDraftIsForgotten()
{
    const QString draft = path() + QStringLiteral(".new");
    write(draft, "text");
    SqliteEngine engine(options(), m_clock);
    const Result<StoreMeta> meta = engine.open();
    QVERIFY2(meta, qPrintable(meta.error().toString()));
    QVERIFY(meta->quarantined.isNull());
    QVERIFY(!QFile::exists(draft));
    engine.close();
    const QByteArrayList before = fill(false);
    write(draft, "text");
    QVERIFY(engine.open());
    QVERIFY(!QFile::exists(draft));
    QCOMPARE(dump(engine), before);
}

// RP-05: a position of before must not come again; nor a session's number.
void tst_SqliteDamage::lostNumbersBeginFarBeyond()
{
    write(path(), "text");
    SqliteEngine engine(options(), m_clock);
    const Result<StoreMeta> meta = engine.open();
    QVERIFY(meta);
    QCOMPARE(meta->epoch, 1'700'000'000U);
    QVERIFY(meta->reservedSequence >= quint64(1) << 32U);
    QVERIFY(meta->reservedSession >= quint64(1) << 32U);
    engine.close();
    QVERIFY(QFile::remove(path()));

    fill(false);
    tamper(path(), "DROP TABLE meta");
    const Result<StoreMeta> salvaged = engine.open();
    QVERIFY(salvaged);
    QCOMPARE(salvaged->epoch, 1'700'000'000U);
    QVERIFY(salvaged->reservedSequence >= kMessages + (quint64(1) << 32U));
    QVERIFY(salvaged->reservedSession >= 20 + (quint64(1) << 32U));
}

QTEST_GUILESS_MAIN(tst_SqliteDamage)
#include "tst_sqlitedamage.moc"
