// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/ledger.h"
#include "core/store/recovery.h"
#include "core/store/targetlist.h"
#include "storedump.h"
#include "storeworld.h"

#include <QTest>

using namespace fairlead;
using namespace fairlead::core;

namespace {

QByteArray encoded(const std::vector<DurableTarget> &targets)
{
    std::vector<const DurableTarget *> pointers;
    for (const DurableTarget &target : targets)
        pointers.push_back(&target);
    return encodeTargets(pointers);
}

MessageRow rowFor(quint64 sequence,
                  const std::vector<DurableTarget> &targets,
                  const MessageWish &wish = {})
{
    MessageRow row;
    row.message = makeMessage(sequence, wish);
    row.targets = encoded(targets);
    return row;
}

/// Rows that somebody wrote, and what a start makes of them.
struct Found
{
    Found() { static_cast<void>(engine.open()); }

    Recovered recover()
    {
        Ledger ledger(clock);
        ledger.restoreMeta(*engine.open(), 2);
        Recovery recovery(ledger, clock);
        static_cast<void>(engine.load(recovery));
        Recovered recovered = recovery.finish();
        EngineBatch cleared;
        ledger.fill(&cleared);
        static_cast<void>(engine.commit(cleared));
        ledger.committed();
        return recovered;
    }

    qsizetype rows(const QByteArray &kind) { return ofKind(dump(engine), kind).size(); }

    HandClock clock;
    MemoryEngine engine;
    EngineBatch batch;
};

} // namespace

class tst_Recovery : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void oneMessageIsSharedByAllWhoAreOwedIt()
    {
        Found found;
        found.batch.sessions = {sessionRow(1, "a"), sessionRow(2, "b")};
        found.batch.messages.push_back(rowFor(10, {makeTarget(1, 0, 2), makeTarget(2, 7, 1)}));
        QVERIFY(found.engine.commit(found.batch));
        const Recovered recovered = found.recover();
        const RecoveredDelivery &first = recovered.sessions.at(0).deliveries.at(0);
        const RecoveredDelivery &second = recovered.sessions.at(1).deliveries.at(0);
        QVERIFY(first.message.payload().data() == second.message.payload().data());
        QCOMPARE(int(first.qos), 1); // the message's
        QCOMPARE(second.copy, quint32(7));
        QCOMPARE(first.message.position(), (Position{7, 10}));
        QCOMPARE(recovered.messages, quint64(1));
        QVERIFY(recovered.nextSequence > 10);
    }

    void deadlinesGoOnAndAClockThatWasSetBackLengthensNothing_data()
    {
        QTest::addColumn<qint64>("passedMs");
        QTest::addColumn<qint64>("leftMs");
        QTest::newRow("some of it passed") << qint64(20'000) << qint64(40'000);
        QTest::newRow("set back") << qint64(-600'000) << qint64(60'000);
        QTest::newRow("it has just passed") << qint64(60'000) << qint64(0);
        QTest::newRow("long ago") << qint64(999'000) << qint64(0);
    }

    // No message whose time has passed is delivered.
    void deadlinesGoOnAndAClockThatWasSetBackLengthensNothing()
    {
        QFETCH(qint64, passedMs);
        QFETCH(qint64, leftMs);
        Found found;
        found.batch.sessions = {sessionRow(1, "a")};
        MessageRow row = rowFor(10, {makeTarget(1)}, {.topic = "t"});
        row.expiryUtcMs = found.clock.utcMs() + 60'000;
        row.expirySeconds = 60;
        row.streams = 1;
        found.batch.messages.push_back(row);
        found.batch.retained.emplace_back("t", 10);
        found.batch.settled.emplace_back(10, encodeSettled({}));
        found.batch.tags.push_back({1, 10, 0, 5, false});
        QVERIFY(found.engine.commit(found.batch));
        found.clock.restart(passedMs, 3 * kNsPerSecond);
        const Recovered recovered = found.recover();
        const bool isAlive = leftMs > 0;
        QCOMPARE(recovered.expired, quint64(isAlive ? 0 : 1));
        QCOMPARE(recovered.skipped, quint64(0));
        QCOMPARE(recovered.sessions.at(0).deliveries.size(), std::size_t(isAlive ? 1 : 0));
        QCOMPARE(recovered.retained.size(), std::size_t(isAlive ? 1 : 0));
        QCOMPARE(recovered.streams[0].size(), std::size_t(isAlive ? 1 : 0));
        for (const char *kind : {"message", "retained", "tag", "settled"})
            QCOMPARE(found.rows(kind), isAlive ? 1 : 0);
        if (isAlive)
            QCOMPARE(recovered.retained.at(0).expiryDeadline(),
                     found.clock.now() + leftMs * kNsPerMs);
    }

    void whatMakesNoSenseIsSkippedCountedAndRemoved_data()
    {
        QTest::addColumn<QByteArray>("kind");
        for (const char *kind : {"target of an unknown session",
                                 "subscription of an unknown session",
                                 "key of an unknown session",
                                 "tag of an unknown session",
                                 "tag of nothing",
                                 "retained message that is not there",
                                 "retained message of another topic",
                                 "targets that cannot be read",
                                 "settled set that cannot be read",
                                 "settled set that is too long",
                                 "message that nothing holds"})
            QTest::newRow(kind) << QByteArray(kind);
    }

    void whatMakesNoSenseIsSkippedCountedAndRemoved()
    {
        QFETCH(QByteArray, kind);
        Found found;
        EngineBatch &batch = found.batch;
        batch.sessions = {sessionRow(1, "a")};
        batch.messages.push_back(rowFor(10, {makeTarget(1)}, {.topic = "t"}));
        if (kind == "target of an unknown session")
            batch.messages.push_back(rowFor(11, {makeTarget(9)}));
        else if (kind == "subscription of an unknown session")
            batch.subscriptions.push_back(subscriptionRow(9, "a"));
        else if (kind == "key of an unknown session")
            batch.keys.emplace_back(9, 1);
        else if (kind == "tag of an unknown session")
            batch.tags.push_back({9, 10, 0, 1, false});
        else if (kind == "tag of nothing")
            batch.tags.push_back({1, 10, 3, 1, false});
        else if (kind == "retained message that is not there")
            batch.retained.emplace_back("u", 99);
        else if (kind == "retained message of another topic")
            batch.retained.emplace_back("u", 10);
        else if (kind == "targets that cannot be read")
            batch.messages.push_back(rowFor(11, {}));
        else if (kind == "settled set that cannot be read")
            batch.settled.emplace_back(10, "\x7F");
        else if (kind == "settled set that is too long")
            batch.settled.emplace_back(10, QByteArray("\x01\x00\x00\x04", 4));
        else
            batch.messages.push_back(rowFor(11, {}));
        if (kind == "targets that cannot be read")
            batch.messages.back().targets = "rubbish";
        QVERIFY(found.engine.commit(batch));
        const Recovered recovered = found.recover();
        QVERIFY(recovered.skipped > 0);
        QCOMPARE(recovered.sessions.size(), std::size_t(1));
        QCOMPARE(recovered.sessions.at(0).deliveries.size(), std::size_t(1));
        const Recovered again = found.recover();
        QCOMPARE(again.skipped, quint64(0));
        QCOMPARE(again.sessions.at(0).deliveries.size(), std::size_t(1));
        QCOMPARE(found.rows("message"), 1);
        QCOMPARE(found.rows("retained"), 0);
        QCOMPARE(found.rows("tag"), 0);
        QCOMPARE(found.rows("key"), 0);
        QCOMPARE(found.rows("subscription"), 0);
    }

    // A crash between the end of a session and the record of that leaves both.
    void theLaterOfTwoSessionsWithOneNameStays()
    {
        Found found;
        found.batch.sessions = {sessionRow(1, "a"), sessionRow(2, "b"), sessionRow(3, "a")};
        found.batch.subscriptions = {subscriptionRow(1, "old"), subscriptionRow(3, "young")};
        found.batch.messages.push_back(rowFor(10, {makeTarget(1), makeTarget(2)}));
        found.batch.messages.push_back(rowFor(11, {makeTarget(1)}));
        found.batch.messages.push_back(rowFor(12, {makeTarget(3)}));
        QVERIFY(found.engine.commit(found.batch));
        const Recovered recovered = found.recover();
        QCOMPARE(recovered.sessions.size(), std::size_t(2));
        const RecoveredSession &later = recovered.sessions.at(0);
        QCOMPARE(later.row.number, quint64(3));
        QCOMPARE(later.subscriptions.size(), std::size_t(1));
        QCOMPARE(later.subscriptions.at(0).filter, QByteArray("young"));
        QCOMPARE(later.deliveries.size(), std::size_t(1));
        QCOMPARE(later.deliveries.at(0).message.sequence(), quint64(12));
        QCOMPARE(recovered.sessions.at(1).deliveries.size(), std::size_t(1));
        QVERIFY(recovered.skipped > 0);
        QCOMPARE(found.recover().skipped, quint64(0));
        QCOMPARE(found.rows("session"), 2);
        QCOMPARE(found.rows("message"), 2);
        QCOMPARE(found.rows("subscription"), 1);
    }

    void whatElseHoldsAMessageKeepsItWhenItsTargetsCannotBeRead()
    {
        Found found;
        MessageRow row = rowFor(11, {}, {.topic = "t"});
        row.targets = "rubbish";
        row.streams = 2;
        found.batch.messages.push_back(row);
        found.batch.retained.emplace_back("t", 11);
        QVERIFY(found.engine.commit(found.batch));
        for (const quint64 skipped : {1, 0}) {
            const Recovered recovered = found.recover();
            QCOMPARE(recovered.skipped, skipped);
            QCOMPARE(recovered.retained.size(), std::size_t(1));
            QCOMPARE(recovered.streams[1].size(), std::size_t(1));
            QCOMPARE(found.rows("message"), 1);
        }
    }
};

QTEST_APPLESS_MAIN(tst_Recovery)
#include "tst_recovery.moc"
