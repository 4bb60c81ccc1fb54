// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/sqliteengine.h"
#include "core/store/sqliteschema.h"
#include "core/store/storereport.h"
#include "core/store/targetlist.h"
#include "storedump.h"

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QTemporaryDir>
#include <QTest>

using namespace fairlead;
using namespace fairlead::core;

/// What a store's file says to those who only read it.
class tst_StoreReport : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();

    void soundStoreHasNoFindings();
    void statsCountEverything();
    void exportsEveryRow();
    void exportsInPages();
    void exportEndsWhenTheSinkHasEnough();
    void readsBesideAWorkingEngine();
    void slowSinkHoldsUpNobody();
    void leavesAClosedStoreAsItIs();
    void findsDamage();
    void findsWhatRefersToNothing();
    void saysWhyItCannotRead();
    void isCancelled();

private:
    QString path() const { return m_folder->filePath(QStringLiteral("store.db")); }

    QList<QJsonObject> exported();

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<SqliteEngine> m_engine;
    StillClock m_clock;
};

namespace {

void tamper(const QString &path, const char *sql)
{
    SqliteDatabase database;
    QVERIFY(database.open(path, SqliteDatabase::Mode::Write, {}));
    const Result<> done = database.execute(sql);
    QVERIFY2(done, qPrintable(done.error().toString()));
}

QByteArray targetsOf(std::initializer_list<quint64> sessions)
{
    std::vector<DurableTarget> targets;
    for (const quint64 session : sessions) {
        targets.emplace_back();
        targets.back().session = session;
        targets.back().qos = 1;
    }
    std::vector<const DurableTarget *> pointers;
    for (const DurableTarget &target : targets)
        pointers.push_back(&target);
    return encodeTargets(pointers);
}

EngineBatch sample()
{
    EngineBatch batch;
    SessionRow session = sessionRow(7, "client");
    session.peerKey = QByteArray("\xff\x00", 2);
    session.testament.emplace();
    session.testament->topic = "gone";
    batch.sessions = {session, sessionRow(8, "other")};
    batch.subscriptions = {subscriptionRow(7, "a/#")};
    batch.keys = {{7, 1}};
    batch.retained = {{"a/b", 42}};
    MessageRow text = messageRow(42, "hall\xc3\xb6");
    text.targets = targetsOf({7, 8});
    MessageRow binary = messageRow(43, QByteArray("\xfe\x00\xff", 3));
    batch.messages = {text, binary};
    SettledSet settled;
    settled.settled = {false, true};
    batch.settled = {{42, encodeSettled(settled)}};
    batch.tags = {{7, 42, 0, 5, false}};
    batch.values = {{"space", "key", "secret"}};
    batch.epoch = 3;
    batch.reservedSequence = 1000;
    batch.reservedSession = 64;
    return batch;
}

} // namespace

void tst_StoreReport::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    SqliteEngine::Options options;
    options.place.path = path();
    m_engine = std::make_unique<SqliteEngine>(options, m_clock);
    QVERIFY(m_engine->open());
    QVERIFY(m_engine->commit(sample()));
}

void tst_StoreReport::cleanup()
{
    m_engine.reset();
    m_folder.reset();
}

QList<QJsonObject> tst_StoreReport::exported()
{
    StoreReport report;
    QList<QJsonObject> rows;
    Result<> done = report.open(path());
    if (done) {
        done = report.exportRows([&](const QByteArray &lines) {
            for (const QByteArray &line : lines.trimmed().split('\n'))
                rows.append(QJsonDocument::fromJson(line).object());
            return true;
        });
    }
    if (!done)
        QTest::qFail(qPrintable(done.error().toString()), __FILE__, __LINE__);
    return rows;
}

void tst_StoreReport::soundStoreHasNoFindings()
{
    m_engine->close();
    StoreReport report;
    QVERIFY(report.open(StoreReport::pathIn(m_folder->path())));
    const Result<QStringList> findings = report.check();
    QVERIFY(findings);
    QCOMPARE(*findings, QStringList());
}

void tst_StoreReport::statsCountEverything()
{
    StoreReport report;
    QVERIFY(report.open(path()));
    const Result<QJsonObject> stats = report.stats();
    QVERIFY2(stats, qPrintable(stats.error().toString()));
    const QList<std::pair<const char *, qint64>> expected = {{"schema", 2},
                                                             {"epoch", 3},
                                                             {"reserved_sequence", 1000},
                                                             {"reserved_session", 64},
                                                             {"sessions", 2},
                                                             {"subscriptions", 1},
                                                             {"receive_keys", 1},
                                                             {"retained", 1},
                                                             {"messages", 2},
                                                             {"message_bytes", 3 + 6 + 3 + 3},
                                                             {"first_sequence", 42},
                                                             {"last_sequence", 43},
                                                             {"settled", 1},
                                                             {"tags", 1},
                                                             {"values", 1}};
    for (const auto &[name, value] : expected)
        QCOMPARE(std::pair(name, stats->value(QLatin1String(name)).toInteger()),
                 std::pair(name, value));
    QCOMPARE(stats->value(QStringLiteral("path")).toString(), path());
    QVERIFY(stats->value(QStringLiteral("bytes")).toInteger() >= sqlite::kPageSize);
    QCOMPARE(stats->value(QStringLiteral("log_bytes")).toInteger(),
             QFile(sqlite::logPath(path())).size());
}

void tst_StoreReport::exportsEveryRow()
{
    const QList<QJsonObject> rows = exported();
    const QByteArrayList expected = {
        R"({"expiry_seconds":3600,"key":"client","kind":"session","peer_key_base64":"/wA=","session":7,"will":{"delay_seconds":0,"expiry_seconds":"never","payload":"","qos":0,"retain":false,"topic":"gone"}})",
        R"({"expiry_seconds":3600,"key":"other","kind":"session","peer_key":"","session":8})",
        R"({"filter":"a/#","kind":"subscription","qos":1,"session":7,"since":0})",
        R"({"kind":"retained","sequence":42,"topic":"a/b"})",
        "{\"epoch\":1,\"kind\":\"message\",\"payload\":\"hall\xc3\xb6\",\"qos\":1,\"retain\":false,"
        "\"sequence\":42,\"targets\":[{\"qos\":1,\"session\":7},{\"qos\":1,\"session\":8,"
        "\"settled\":true}],\"topic\":\"a/b\"}",
        R"({"epoch":1,"kind":"message","payload_base64":"/gD/","qos":1,"retain":false,"sequence":43,"targets":[],"topic":"a/b"})"};
    QCOMPARE(rows.size(), expected.size());
    for (qsizetype index = 0; index < rows.size(); ++index)
        QCOMPARE(QJsonDocument(rows.at(index)).toJson(QJsonDocument::Compact), expected.at(index));
}

void tst_StoreReport::exportsInPages()
{
    EngineBatch batch;
    for (quint64 sequence = 100; sequence < 1400; ++sequence)
        batch.messages.push_back(messageRow(sequence, QByteArray(10, 'x')));
    for (quint64 number = 1; number <= 600; ++number) {
        batch.sessions.push_back(sessionRow(1000 + number / 2, "k"));
        batch.subscriptions.push_back(
            subscriptionRow(1000 + number / 2, QByteArray::number(number)));
    }
    // Few rows, many bytes.
    for (quint64 sequence = 2000; sequence < 2010; ++sequence)
        batch.messages.push_back(messageRow(sequence, QByteArray(700'000, 'y')));
    QVERIFY(m_engine->commit(batch));
    QHash<QString, int> kinds;
    qint64 last = 0;
    for (const QJsonObject &row : exported()) {
        const QString kind = row.value(QStringLiteral("kind")).toString();
        ++kinds[kind];
        if (kind != QStringLiteral("message"))
            continue;
        const qint64 sequence = row.value(QStringLiteral("sequence")).toInteger();
        QVERIFY(sequence > last);
        last = sequence;
    }
    QCOMPARE(kinds.value(QStringLiteral("message")), 2 + 1300 + 10);
    QCOMPARE(kinds.value(QStringLiteral("session")), 2 + 301);
    QCOMPARE(kinds.value(QStringLiteral("subscription")), 1 + 600);
}

void tst_StoreReport::exportEndsWhenTheSinkHasEnough()
{
    StoreReport report;
    QVERIFY(report.open(path()));
    int calls = 0;
    QVERIFY(report.exportRows([&](const QByteArray &) { return ++calls < 2; }));
    QCOMPARE(calls, 2);
}

void tst_StoreReport::readsBesideAWorkingEngine()
{
    StoreReport report;
    QVERIFY(report.open(path()));
    QCOMPARE(report.stats()->value(QStringLiteral("messages")).toInteger(), 2);
    EngineBatch batch;
    batch.messages = {messageRow(100, "x")};
    batch.sync = true;
    QVERIFY(m_engine->commit(batch));
    QCOMPARE(report.stats()->value(QStringLiteral("messages")).toInteger(), 3);
    QCOMPARE(*report.check(), QStringList());
    QVERIFY(m_engine->checkpoint());
    QVERIFY(m_engine->commit(batch));
}

void tst_StoreReport::slowSinkHoldsUpNobody()
{
    StoreReport report;
    QVERIFY(report.open(path()));
    // A log that cannot begin anew would grow, as long as somebody reads in it.
    const auto commitAlot = [&](const QByteArray &) {
        for (quint64 sequence = 100; sequence < 130; ++sequence) {
            EngineBatch batch;
            batch.messages = {messageRow(sequence, QByteArray(100'000, 'x'))};
            if (!m_engine->commit(batch) || !m_engine->checkpoint())
                QTest::qFail("refused", __FILE__, __LINE__);
        }
        return true;
    };
    QVERIFY(report.exportRows(commitAlot));
    QVERIFY(QFile(sqlite::logPath(path())).size() < 1'000'000);
}

void tst_StoreReport::leavesAClosedStoreAsItIs()
{
    m_engine->close();
    QFile file(path());
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray before = file.readAll();
    {
        StoreReport report;
        QVERIFY(report.open(path()));
        QVERIFY(report.stats());
        QVERIFY(report.check());
    }
    QVERIFY(file.seek(0));
    QCOMPARE(file.readAll(), before);
    // And the next start does not take it for a killed one's.
    QVERIFY(!sqlite::isUnclean({path(), 0, {}, false}));
    QVERIFY(m_engine->open());
}

void tst_StoreReport::findsDamage()
{
    EngineBatch batch;
    for (quint64 sequence = 100; sequence < 1000; ++sequence)
        batch.messages.push_back(messageRow(sequence, QByteArray(100, 'x')));
    QVERIFY(m_engine->commit(batch));
    m_engine->close();
    QFile file(path());
    QVERIFY(file.open(QIODevice::ReadWrite));
    QVERIFY(file.seek(file.size() / sqlite::kPageSize / 2 * sqlite::kPageSize));
    file.write(QByteArray(sqlite::kPageSize, '\x5a'));
    file.close();
    StoreReport report;
    QVERIFY(report.open(path()));
    const Result<QStringList> findings = report.check();
    QVERIFY(findings);
    QVERIFY(!findings->isEmpty());
    const Result<> exported = report.exportRows([](const QByteArray &) { return true; });
    QCOMPARE(exported.error().code(), ErrorCode::StorageDamaged);
}

void tst_StoreReport::findsWhatRefersToNothing()
{
    m_engine->close();
    tamper(path(),
           "DELETE FROM session WHERE number = 7; DELETE FROM message WHERE seq = 42;"
           "UPDATE message SET targets = x'09' WHERE seq = 43");
    StoreReport report;
    QVERIFY(report.open(path()));
    const Result<QStringList> findings = report.check();
    QVERIFY(findings);
    const QStringList expected = {QStringLiteral("table message: 1 rows are not what was written"),
                                  QStringLiteral("1 subscriptions of no session"),
                                  QStringLiteral("1 receive keys of no session"),
                                  QStringLiteral("1 tags of no session"),
                                  QStringLiteral("1 retained topics without their message"),
                                  QStringLiteral("1 settled sets without their message")};
    QCOMPARE(*findings, expected);
}

void tst_StoreReport::saysWhyItCannotRead()
{
    m_engine->close();
    StoreReport report;
    const QString missing = m_folder->filePath(QStringLiteral("nothing"));
    QCOMPARE(report.open(missing).error().code(), ErrorCode::NotFound);
    QVERIFY(!QFile::exists(missing));
    const QString text = m_folder->filePath(QStringLiteral("text"));
    QFile file(text);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QByteArray("not a database").repeated(100));
    file.close();
    QCOMPARE(report.open(text).error().code(), ErrorCode::StorageDamaged);
    tamper(path(), "PRAGMA user_version = 3");
    QCOMPARE(report.open(path()).error().code(), ErrorCode::StorageFailed);
    tamper(path(), "PRAGMA user_version = 2; PRAGMA application_id = 5");
    QCOMPARE(report.open(path()).error().code(), ErrorCode::StorageDamaged);
}

void tst_StoreReport::isCancelled()
{
    StoreReport report;
    QVERIFY(report.open(path()));
    int pages = 0;
    const Result<> exported = report.exportRows([&](const QByteArray &) {
        ++pages;
        report.cancel();
        return true;
    });
    QCOMPARE(exported.error().code(), ErrorCode::Cancelled);
    QCOMPARE(pages, 1);
    QCOMPARE(report.stats().error().code(), ErrorCode::Cancelled);
    QCOMPARE(report.check().error().code(), ErrorCode::Cancelled);
    QCOMPARE(report.open(path() + QStringLiteral("-none")).error().code(), ErrorCode::Cancelled);
}

QTEST_GUILESS_MAIN(tst_StoreReport)
#include "tst_storereport.moc"
