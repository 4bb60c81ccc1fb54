// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/ledger.h"
#include "core/store/sqliteengine.h"
#include "core/store/store.h"
#include "core/store/storereport.h"
#include "core/store/streamstate.h"
#include "core/store/targetlist.h"
#include "storedump.h"
#include "storeworld.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>

using namespace fairlead;
using namespace fairlead::core;

namespace {

using Sequences = std::vector<quint64>;

record::PutMessage putLogged(quint64 sequence, quint32 streams = 1)
{
    record::PutMessage put = putMessage(makeMessage(sequence, {.qos = 0}), {});
    put.streams = streams;
    return put;
}

/// Runs SQL on the store as somebody else would.
void tamper(const QString &path, const char *sql)
{
    SqliteDatabase database;
    QVERIFY(database.open(path, SqliteDatabase::Mode::Write, {}));
    const Result<> done = database.execute(sql);
    QVERIFY2(done, qPrintable(done.error().toString()));
}

} // namespace

/// What the store keeps for durable streams.
class tst_StoreStreams : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void aStateIsReadBack()
    {
        const StreamState state
            = {5, "s/\xc3\xb6/#", 7, {{3, 1}, {4'000'000'000U, quint64(1) << 60}}};
        const auto read = decodeStreamState(encodeStreamState(state));
        QVERIFY(read.has_value());
        QCOMPARE(read->slot, 5);
        QCOMPARE(read->filter, state.filter);
        QCOMPARE(read->unprovenUpTo, state.unprovenUpTo);
        QVERIFY(read->epochs == state.epochs);
        for (const char *wrong : {"",
                                  "{}",
                                  R"({"slot":32,"filter":"a","epochs":[[1,1]]})",
                                  R"({"slot":0,"filter":"","epochs":[[1,1]]})",
                                  R"({"slot":0,"filter":"a","epochs":[]})",
                                  R"({"slot":0,"filter":"a","epochs":[[2,1],[1,1]]})"})
            QVERIFY2(!decodeStreamState(wrong), wrong);
    }

    // Rows that leave a log together go in runs, also where others had the numbers between.
    void aTrimTakesRunsOfRows()
    {
        HandClock clock;
        Ledger ledger(clock);
        EngineBatch batch;
        ledger.apply(putSession(1), false);
        for (const quint64 sequence : {10, 12, 15, 16, 60})
            ledger.apply(putLogged(sequence), false);
        ledger.apply(putMessage(makeMessage(14), {makeTarget(1)}), false);
        ledger.fill(&batch);
        ledger.committed();
        QCOMPARE(batch.messages.front().utcMs, clock.utcMs());
        ledger.apply(record::TrimStream{0, 100}, false);
        batch = EngineBatch();
        ledger.fill(&batch);
        ledger.committed();
        QCOMPARE(batch.removedMessages, (Sequences{10, 11, 12, 15, 16, 60}));
    }

    // Who was there has seen it: refused to its publisher, it is still a part of the past.
    void aRefusedMessageStaysInItsStream()
    {
        HandClock clock;
        Ledger ledger(clock);
        ledger.apply(putSession(1), false);
        EngineBatch batch;
        ledger.fill(&batch);
        ledger.committed();
        record::PutMessage put = putMessage(makeMessage(10, {.retain = true}), {makeTarget(1)});
        put.streams = 2;
        put.retained = true;
        put.keySession = 1;
        put.key = 5;
        ledger.apply(std::move(put), true);
        batch = EngineBatch();
        ledger.fill(&batch);
        ledger.failed();
        record::PutMessage late = putMessage(makeMessage(11), {makeTarget(1)});
        late.streams = 2;
        ledger.refuse(std::move(late));
        batch = EngineBatch();
        ledger.fill(&batch);
        QCOMPARE(batch.messages.size(), std::size_t(2));
        for (const MessageRow &row : batch.messages) {
            QCOMPARE(row.streams, 2U);
            const auto owed = decodeTargets(row.targets);
            QVERIFY(owed && owed->empty());
        }
        QVERIFY(batch.retained.empty());
        QVERIFY(batch.keys.empty());
    }

    // Whoever learns that something is decided may show its position: by then the next start knows
    // if it may not find it.
    void whatIsMissingIsNotedBeforeAnybodyLearnsOfIt()
    {
        ScriptedEngine engine;
        HandClock clock;
        Store store(engine, clock, {});
        const auto isComplete = [&engine] { return engine.rows.open()->isComplete; };
        std::vector<bool> seen;
        store.setListener({.groupDecided = [&] { seen.push_back(isComplete()); },
                           .degraded = {},
                           .recovered = [&] { seen.push_back(isComplete()); }});
        QVERIFY(store.open().isComplete);
        store.append(putLogged(10), Durability::Disk, false);
        engine.commitError = fullError();
        QVERIFY(!store.drain());
        QVERIFY(isComplete());
        engine.commitError = {};
        QVERIFY(store.drain());
        store.beginStreams();
        seen.clear();
        const Ticket ticket = store.append(putLogged(11), Durability::Disk, false);
        engine.commitError = fullError();
        QVERIFY(!store.drain());
        QCOMPARE(store.decidedUpTo(), ticket);
        QCOMPARE(seen, std::vector<bool>{false});
        // It is not lost, only late.
        engine.commitError = {};
        QVERIFY(store.drain());
        QCOMPARE(seen, (std::vector<bool>{false, true}));
        StoreDump dump;
        QVERIFY(engine.rows.load(dump));
        QCOMPARE(std::count_if(dump.lines.begin(),
                               dump.lines.end(),
                               [](const QByteArray &line) { return line.startsWith("message "); }),
                 2);
    }

    void aFileSaysThatNothingIsMissing()
    {
        SqliteEngine engine(options(), m_clock);
        QVERIFY(!engine.open()->isComplete);
        QVERIFY(engine.setComplete(true));
        QVERIFY(engine.setComplete(true));
        QVERIFY(engine.open()->isComplete);
        engine.close();
        // Also where the store itself cannot be used.
        QVERIFY(engine.setComplete(false));
        QVERIFY(engine.setComplete(false));
        QVERIFY(!engine.open()->isComplete);
    }

    void aStoreOfTheFirstVersion_data()
    {
        QTest::addColumn<bool>("damaged");
        QTest::newRow("sound") << false;
        QTest::newRow("damaged") << true;
    }

    void aStoreOfTheFirstVersion()
    {
        QFETCH(bool, damaged);
        QByteArrayList before;
        {
            SqliteEngine engine(options(), m_clock);
            QVERIFY(engine.open());
            EngineBatch batch;
            batch.messages.emplace_back();
            batch.messages.back().message = makeMessage(10);
            batch.epoch = 3;
            QVERIFY(engine.commit(batch));
            StoreDump dump;
            QVERIFY(engine.load(dump));
            before = dump.lines;
        }
        tamper(path(), "ALTER TABLE message DROP COLUMN time_utc; PRAGMA user_version = 1;");
        if (damaged)
            tamper(path(), "DROP TABLE tag");
        SqliteEngine engine(options(), m_clock);
        const Result<StoreMeta> meta = engine.open();
        QVERIFY2(meta, qPrintable(meta.error().toString()));
        QCOMPARE(!meta->quarantined.isNull(), damaged);
        StoreDump dump;
        QVERIFY(engine.load(dump));
        QCOMPARE(dump.lines, before);
    }

    void aReportShowsStreams()
    {
        SqliteEngine engine(options(), m_clock);
        QVERIFY(engine.open());
        const StreamState state = {3, "a/#", 0, {{1, 1}}};
        EngineBatch batch;
        for (const quint64 sequence : {10, 11, 12}) {
            batch.messages.emplace_back();
            batch.messages.back().message = makeMessage(sequence);
            batch.messages.back().streams = 8;
            batch.messages.back().utcMs = 1'700'000'000'000;
        }
        batch.values
            = {{kStreamSpace, "meters", encodeStreamState(state)}, {kTrimmedSpace, "meters", "10"}};
        QVERIFY(engine.commit(batch));
        StoreReport report;
        QVERIFY(report.open(path()));
        const QJsonObject meters = report.stats()
                                       ->value(QStringLiteral("streams"))
                                       .toObject()
                                       .value(QStringLiteral("meters"))
                                       .toObject();
        QCOMPARE(QJsonDocument(meters).toJson(QJsonDocument::Compact),
                 QByteArray(R"({"first_sequence":11,"last_sequence":12,"message_bytes":8,)"
                            R"("messages":2,"trimmed_up_to":10})"));
        QByteArray lines;
        QVERIFY(report.exportRows([&lines](const QByteArray &page) {
            lines += page;
            return true;
        }));
        const QByteArrayList rows = lines.trimmed().split('\n');
        QCOMPARE(rows.size(), 4);
        QCOMPARE(rows.at(0),
                 QByteArray(R"({"epochs":[{"epoch":1,"first":1}],"filter":"a/#","kind":"stream",)"
                            R"("name":"meters","trimmed_up_to":10})"));
        const auto streamsOf = [](const QByteArray &row) {
            return QJsonDocument::fromJson(row).object().value(QStringLiteral("streams")).toArray();
        };
        QCOMPARE(streamsOf(rows.at(1)), QJsonArray());
        QCOMPARE(streamsOf(rows.at(3)), QJsonArray{QStringLiteral("meters")});
        QCOMPARE(*report.check(), QStringList());
        engine.close();
        tamper(path(),
               "UPDATE message SET streams = 9 WHERE seq = 12;"
               "UPDATE value SET value = x'00' WHERE space = CAST('fairlead.stream' AS BLOB)");
        StoreReport other;
        QVERIFY(other.open(path()));
        QCOMPARE(*other.check(),
                 (QStringList{QStringLiteral("1 streams that make no sense"),
                              QStringLiteral("3 messages of no stream")}));
    }

private:
    QString path() const { return m_folder->filePath(QStringLiteral("store.db")); }

    SqliteEngine::Options options() const
    {
        SqliteEngine::Options options;
        options.place.path = path();
        return options;
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    StillClock m_clock;
};

QTEST_APPLESS_MAIN(tst_StoreStreams)
#include "tst_storestreams.moc"
