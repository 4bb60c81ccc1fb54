// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/ledger.h"
#include "core/store/recovery.h"
#include "core/store/targetlist.h"
#include "storeworld.h"

#include <QByteArrayList>
#include <QTest>

using namespace fairlead;
using namespace fairlead::core;

namespace {

/// A ledger with sessions 1 to 3 stored.
struct Desk
{
    Desk()
    {
        for (quint64 number = 1; number <= 3; ++number)
            give(putSession(number));
        commit();
    }

    void give(StoreRecord record, bool refusable = false)
    {
        ledger.apply(std::move(record), refusable);
    }

    EngineBatch commit()
    {
        EngineBatch batch;
        ledger.fill(&batch);
        ledger.committed();
        return batch;
    }

    EngineBatch fail()
    {
        EngineBatch batch;
        ledger.fill(&batch);
        ledger.failed();
        return batch;
    }

    HandClock clock;
    Ledger ledger{clock};
};

record::PutMessage putRetained(quint64 sequence, ByteSpan topic, ByteSpan payload)
{
    record::PutMessage put = putMessage(
        makeMessage(sequence, {.topic = topic, .payload = payload, .retain = true}), {});
    put.retained = true;
    return put;
}

std::vector<quint64> sequencesOf(const std::vector<MessageRow> &rows)
{
    std::vector<quint64> sequences;
    for (const MessageRow &row : rows)
        sequences.push_back(row.message.sequence());
    return sequences;
}

using Sequences = std::vector<quint64>;
using TopicSequence = std::pair<QByteArray, quint64>;

} // namespace

class tst_Ledger : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void aMessageIsOneRowHoweverManyAreOwedIt()
    {
        Desk desk;
        record::PutMessage put = putMessage(makeMessage(10), {makeTarget(2), makeTarget(1)});
        put.shared = makeTargets({makeTarget(3)});
        desk.give(std::move(put));
        const EngineBatch batch = desk.commit();
        QCOMPARE(sequencesOf(batch.messages), Sequences{10});
        const auto targets = decodeTargets(batch.messages.front().targets);
        QVERIFY(targets.has_value());
        QCOMPARE(targets->size(), std::size_t(3));
        QVERIFY(std::is_sorted(targets->begin(), targets->end(), isBefore));
        QVERIFY(desk.commit().isEmpty());
    }

    void whoIsOwedAMessage_data()
    {
        QTest::addColumn<int>("qos");
        QTest::addColumn<int>("targetQos");
        QTest::addColumn<bool>("noLocal");
        QTest::addColumn<quint64>("session");
        QTest::addColumn<bool>("owed");
        QTest::newRow("quality 1 to a subscription of 1") << 1 << 1 << false << quint64(1) << true;
        QTest::newRow("quality 2 to a subscription of 1") << 2 << 1 << false << quint64(1) << true;
        QTest::newRow("quality 0 to a subscription of 2") << 0 << 2 << false << quint64(1) << false;
        QTest::newRow("quality 1 to a subscription of 0") << 1 << 0 << false << quint64(1) << false;
        QTest::newRow("its publisher, no local") << 1 << 1 << true << quint64(2) << false;
        QTest::newRow("its publisher") << 1 << 1 << false << quint64(2) << true;
        QTest::newRow("another, no local") << 1 << 1 << true << quint64(1) << true;
        QTest::newRow("a session that is not stored") << 1 << 1 << false << quint64(9) << false;
    }

    void whoIsOwedAMessage()
    {
        QFETCH(int, qos);
        QFETCH(int, targetQos);
        QFETCH(bool, noLocal);
        QFETCH(quint64, session);
        QFETCH(bool, owed);
        for (const bool added : {false, true}) {
            Desk desk;
            DurableTarget target = makeTarget(session, 0, quint8(targetQos));
            target.noLocal = noLocal;
            const Message message = makeMessage(10, {.qos = quint8(qos), .origin = 2});
            if (added)
                desk.give(record::AddTarget{message, target});
            else
                desk.give(putMessage(message, {target}));
            QCOMPARE(desk.commit().messages.size(), std::size_t(owed ? 1 : 0));
            QCOMPARE(desk.ledger.isOwed(session, 10, 0), owed);
        }
    }

    void whatIsSettledInItsGroupCostsNoRow()
    {
        Desk desk;
        desk.give(putMessage(makeMessage(10), {makeTarget(1), makeTarget(2)}), true);
        desk.give(record::Mark{1, 10, 0, 77, false});
        desk.give(record::Settle{1, 10, 0});
        desk.give(record::Settle{2, 10, 0});
        QVERIFY(desk.commit().isEmpty());
        QCOMPARE(desk.ledger.counters().cancelled, quint64(1));
        QCOMPARE(desk.ledger.storedMessages(), std::size_t(0));
    }

    void aRowIsWrittenWithThoseWhoAreStillOwed()
    {
        Desk desk;
        desk.give(putMessage(makeMessage(10), {makeTarget(1), makeTarget(2), makeTarget(3)}));
        desk.give(record::Settle{2, 10, 0});
        const EngineBatch batch = desk.commit();
        const auto targets = decodeTargets(batch.messages.front().targets);
        QCOMPARE(targets->size(), std::size_t(2));
        QVERIFY(batch.settled.empty());
        // The order of the row is that of later settlements.
        desk.give(record::Settle{3, 10, 0});
        const EngineBatch next = desk.commit();
        QCOMPARE(decodeSettled(next.settled.front().second)->settled.at(1), true);
    }

    void aFanOutIsSettledWithOneRowPerGroup()
    {
        Desk desk;
        desk.give(putMessage(makeMessage(10), {makeTarget(1), makeTarget(2), makeTarget(3)}));
        desk.commit();
        desk.give(record::Settle{1, 10, 0});
        desk.give(record::Settle{3, 10, 0});
        const EngineBatch batch = desk.commit();
        QCOMPARE(batch.settled.size(), std::size_t(1));
        QVERIFY(batch.messages.empty());
        const auto set = decodeSettled(batch.settled.front().second);
        QCOMPARE(set->settled.at(0), true);
        QCOMPARE(set->settled.at(1), false);
        QCOMPARE(set->settled.at(2), true);
        desk.give(record::Settle{2, 10, 0});
        const EngineBatch last = desk.commit();
        QCOMPARE(last.removedMessages, Sequences{10});
        QVERIFY(last.settled.empty());
    }

    void aMessageStaysAsLongAsAnythingHoldsIt_data()
    {
        QTest::addColumn<QByteArrayList>("order");
        QTest::newRow("target last") << QByteArrayList{"stream", "retained", "target"};
        QTest::newRow("retained last") << QByteArrayList{"target", "stream", "retained"};
        QTest::newRow("stream last") << QByteArrayList{"retained", "target", "stream"};
    }

    void aMessageStaysAsLongAsAnythingHoldsIt()
    {
        QFETCH(QByteArrayList, order);
        Desk desk;
        record::PutMessage put = putRetained(10, "t", "x");
        put.targets = makeTargets({makeTarget(1)});
        put.streams = 4;
        desk.give(std::move(put));
        QCOMPARE(desk.commit().messages.front().streams, quint32(4));
        for (const QByteArray &holder : order) {
            if (holder == "target")
                desk.give(record::Settle{1, 10, 0});
            else if (holder == "retained")
                desk.give(record::ClearRetained{"t", 10});
            else
                desk.give(record::TrimStream{2, 11});
            const EngineBatch batch = desk.commit();
            QCOMPARE(batch.removedMessages.empty(), holder != order.back());
        }
        QVERIFY(desk.commit().isEmpty());
    }

    void aTrimmedStreamIsRememberedWhereTheRowStays()
    {
        Desk desk;
        record::PutMessage put = putMessage(makeMessage(10), {makeTarget(1)});
        put.streams = 3;
        desk.give(std::move(put));
        desk.commit();
        desk.give(record::TrimStream{0, 11});
        const EngineBatch batch = desk.commit();
        QCOMPARE(batch.settled.size(), std::size_t(1));
        QCOMPARE(decodeSettled(batch.settled.front().second)->releasedStreams, quint32(1));
    }

    void aKeyIsKeptWithoutItsMessage()
    {
        Desk desk;
        record::PutMessage put = putMessage(makeMessage(10), {});
        put.keySession = 2;
        put.key = 5;
        desk.give(std::move(put));
        const EngineBatch batch = desk.commit();
        QVERIFY(batch.messages.empty());
        QCOMPARE(batch.keys, (std::vector<EngineBatch::Key>{{2, 5}}));
        desk.give(record::ForgetKey{2, 5});
        QCOMPARE(desk.commit().removedKeys, (std::vector<EngineBatch::Key>{{2, 5}}));
        desk.give(record::PutKey{2, 6});
        desk.give(record::ForgetKey{2, 6});
        QVERIFY(desk.commit().isEmpty());
    }

    void theLastRetainedMessageOfAGroupCounts()
    {
        Desk desk;
        desk.give(putRetained(10, "t", "x"));
        desk.give(putRetained(11, "t", "y"));
        EngineBatch batch = desk.commit();
        QCOMPARE(sequencesOf(batch.messages), Sequences{11});
        QCOMPARE(batch.retained, (std::vector<TopicSequence>{{"t", 11}}));
        desk.give(putRetained(12, "t", "z"));
        batch = desk.commit();
        QCOMPARE(batch.removedMessages, Sequences{11});
        QCOMPARE(batch.retained, (std::vector<TopicSequence>{{"t", 12}}));
        desk.give(record::ClearRetained{"t", 11});
        QVERIFY(desk.commit().isEmpty());
        desk.give(putRetained(13, "t", {}));
        batch = desk.commit();
        QVERIFY(batch.messages.empty());
        QCOMPARE(batch.removedMessages, Sequences{12});
        QCOMPARE(batch.removedRetained, std::vector<QByteArray>{"t"});
    }

    void aRemovedSessionIsOwedNothing()
    {
        Desk desk;
        desk.give(putMessage(makeMessage(10), {makeTarget(1)}));
        desk.give(putMessage(makeMessage(11), {makeTarget(1), makeTarget(1, 1), makeTarget(2)}));
        desk.commit();
        desk.give(putMessage(makeMessage(12), {makeTarget(1)}));
        desk.give(record::PutKey{1, 4});
        desk.give(putSubscription(1, "a/#"));
        desk.give(record::Mark{1, 10, 0, 3, false});
        desk.give(record::RemoveSession{1});
        const EngineBatch batch = desk.commit();
        QCOMPARE(batch.removedSessions, Sequences{1});
        QCOMPARE(batch.removedMessages, Sequences{10});
        QCOMPARE(batch.settled.size(), std::size_t(1));
        QVERIFY(batch.messages.empty());
        QVERIFY(batch.keys.empty());
        QVERIFY(batch.subscriptions.empty());
        QVERIFY(batch.tags.empty());
        // What a publisher matched before it knew.
        desk.give(putMessage(makeMessage(13), {makeTarget(1)}));
        QVERIFY(desk.commit().isEmpty());
    }

    void aSessionThatEndsInItsGroupWasNeverThere()
    {
        Desk desk;
        desk.give(putSession(8));
        desk.give(putSubscription(8, "a"));
        desk.give(putMessage(makeMessage(10), {makeTarget(8)}));
        desk.give(record::RemoveSession{8});
        QVERIFY(desk.commit().isEmpty());
    }

    void aTagIsKeptInItsLastState()
    {
        Desk desk;
        desk.give(putMessage(makeMessage(10), {makeTarget(1)}));
        desk.commit();
        desk.give(record::Mark{1, 10, 0, 3, true});
        desk.give(record::Mark{1, 10, 0, 4, false});
        EngineBatch batch = desk.commit();
        QCOMPARE(batch.tags.size(), std::size_t(1));
        QCOMPARE(batch.tags.front().tag, quint32(4));
        QVERIFY(batch.tags.front().bodyDone);
        desk.give(record::Settle{1, 10, 0});
        batch = desk.commit();
        QCOMPARE(batch.removedTags.size(), std::size_t(1));
        QCOMPARE(batch.removedMessages, Sequences{10});
    }

    void anotherTargetOfAStoredMessageIsAnAmendment()
    {
        Desk desk;
        desk.give(putMessage(makeMessage(10), {makeTarget(1)}));
        desk.commit();
        DurableTarget added = makeTarget(2, 5, 2);
        added.group = "$share/g/a/b";
        desk.give(record::AddTarget{makeMessage(10), added});
        desk.give(record::Settle{1, 10, 0});
        const EngineBatch batch = desk.commit();
        QVERIFY(batch.messages.empty());
        QVERIFY(batch.removedMessages.empty());
        const auto set = decodeSettled(batch.settled.front().second);
        QCOMPARE(set->added.size(), std::size_t(1));
        QCOMPARE(set->added.front().group, added.group);
        QCOMPARE(set->settled.at(0), true);
        desk.give(record::Settle{2, 10, 5});
        QCOMPARE(desk.commit().removedMessages, Sequences{10});
    }

    void anotherTargetOfAMessageThatIsGonePutsItAgain()
    {
        Desk desk;
        desk.give(putMessage(makeMessage(10), {makeTarget(1)}));
        desk.commit();
        desk.give(record::Settle{1, 10, 0});
        desk.give(record::AddTarget{makeMessage(10), makeTarget(2)});
        const EngineBatch batch = desk.commit();
        QCOMPARE(batch.removedMessages, Sequences{10});
        QCOMPARE(sequencesOf(batch.messages), Sequences{10});
    }

    void aFailedGroupRefusesMessagesAndKeepsTheRest()
    {
        Desk desk;
        desk.give(putMessage(makeMessage(10), {makeTarget(1)}));
        desk.commit();
        desk.give(record::Settle{1, 10, 0});
        record::PutMessage put = putMessage(makeMessage(11), {makeTarget(2)});
        put.keySession = 3;
        put.key = 9;
        desk.give(std::move(put), true);
        desk.give(putMessage(makeMessage(12), {makeTarget(2)}), false);
        desk.give(record::AddTarget{makeMessage(12), makeTarget(3)}, true);
        desk.give(record::PutValue{"s", "k", "v"});
        const EngineBatch refused = desk.fail();
        QCOMPARE(sequencesOf(refused.messages), (Sequences{11, 12}));
        // Redirected after its refusal.
        desk.give(record::AddTarget{makeMessage(11), makeTarget(1)});
        desk.give(record::Settle{2, 11, 0});
        const EngineBatch batch = desk.commit();
        QCOMPARE(sequencesOf(batch.messages), Sequences{12});
        QCOMPARE(decodeTargets(batch.messages.front().targets)->size(), std::size_t(1));
        QCOMPARE(batch.removedMessages, Sequences{10});
        QVERIFY(batch.keys.empty());
        QCOMPARE(batch.values.size(), std::size_t(1));
        QVERIFY(desk.commit().isEmpty());
    }

    void aRefusedRetainedMessageGivesItsPlaceBack_data()
    {
        QTest::addColumn<bool>("stored");
        QTest::addColumn<QByteArray>("payload");
        QTest::newRow("a stored one") << true << QByteArray("y");
        QTest::newRow("one that waits") << false << QByteArray("y");
        QTest::newRow("a stored one, cleared") << true << QByteArray();
        QTest::newRow("one that waits, cleared") << false << QByteArray();
    }

    void aRefusedRetainedMessageGivesItsPlaceBack()
    {
        QFETCH(bool, stored);
        QFETCH(QByteArray, payload);
        Desk desk;
        desk.give(putRetained(10, "t", "x"));
        if (stored)
            desk.commit();
        const ByteSpan bytes(payload.constData(), std::size_t(payload.size()));
        desk.give(putRetained(11, "t", bytes), true);
        desk.give(putRetained(12, "t", bytes), true);
        desk.fail();
        QCOMPARE(desk.ledger.retainedOf("t"), quint64(10));
        const EngineBatch batch = desk.commit();
        QVERIFY(batch.removedMessages.empty());
        QVERIFY(batch.removedRetained.empty());
        QCOMPARE(sequencesOf(batch.messages), stored ? Sequences{} : Sequences{10});
        QCOMPARE(desk.ledger.storedMessages(), std::size_t(1));
    }

    void deadlinesAreStoredAsTimeOfDayWithTheirSpan()
    {
        Desk desk;
        const qint64 deadline = desk.clock.now() + 90 * kNsPerSecond;
        desk.give(putMessage(makeMessage(10, {.deadline = deadline}), {makeTarget(1)}));
        desk.give(putMessage(makeMessage(11), {makeTarget(1)}));
        // It waited so long for the disk.
        desk.clock.advance(30 * kNsPerSecond);
        const EngineBatch batch = desk.commit();
        QCOMPARE(batch.messages[0].expiryUtcMs, desk.clock.utcMs() + 60'000);
        QCOMPARE(batch.messages[0].expirySeconds, quint32(60));
        QCOMPARE(batch.messages[1].expiryUtcMs, qint64(-1));
        QCOMPARE(batch.messages[1].expirySeconds, kNever);
    }

    void numbersAreReservedAheadAndSeldom()
    {
        HandClock clock;
        Ledger ledger(clock);
        EngineBatch batch;
        ledger.apply(putSession(5), false);
        ledger.fill(&batch);
        ledger.committed();
        QVERIFY(batch.reservedSequence > 1'000'000);
        QVERIFY(batch.reservedSession > 5);
        const quint64 reserved = batch.reservedSequence;
        for (const quint64 used : {reserved / 4, reserved * 3 / 4}) {
            batch = {};
            ledger.noteUsed(used, 5);
            ledger.fill(&batch);
            ledger.committed();
            QCOMPARE(batch.reservedSequence != 0, used > reserved / 2);
        }
        QVERIFY(batch.reservedSequence > reserved);
    }

    void whatNamesNothingIsCountedAndIgnored()
    {
        Desk desk;
        std::vector<StoreRecord> records;
        records.emplace_back(record::Settle{1, 99, 0});
        records.emplace_back(record::Mark{1, 99, 0, 1, false});
        records.emplace_back(record::PutKey{9, 1});
        records.emplace_back(record::ForgetKey{1, 1});
        records.emplace_back(record::RemoveSession{9});
        records.emplace_back(putSubscription(9, "a"));
        records.emplace_back(record::PutSubscription{});
        records.emplace_back(record::PutSession{});
        records.emplace_back(record::RemoveSubscription{9, "a"});
        records.emplace_back(record::ClearRetained{"t", 1});
        records.emplace_back(record::TrimStream{32, 1});
        records.emplace_back(record::TrimStream{-1, 1});
        records.emplace_back(record::PutMessage{});
        records.emplace_back(record::AddTarget{});
        const auto count = quint64(records.size());
        for (StoreRecord &record : records)
            desk.give(std::move(record));
        QCOMPARE(desk.ledger.counters().ignored, count);
        QVERIFY(desk.commit().isEmpty());
    }
};

QTEST_APPLESS_MAIN(tst_Ledger)
#include "tst_ledger.moc"
