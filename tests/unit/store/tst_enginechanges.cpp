// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "enginetest.h"

using namespace fairlead;
using namespace fairlead::core;

/// What every engine lets go of, and what it refuses.
class tst_EngineChanges : public EngineTest
{
    Q_OBJECT

private Q_SLOTS:
    void lastPutCounts();
    void removedRowsAreGone();
    void removingComesBeforeAdding();
    void sessionTakesAllOfItsWithIt();
    void settledSetGoesWithItsMessage();
    void runsOfNeighboursAreRemovedExactly();
    void emptyBatchIsFine();
    void syncCanFollowUnsynced();
    void closedEngineRefuses();
    void refusedBatchLeavesNothing();
};

void tst_EngineChanges::lastPutCounts()
{
    EngineBatch batch;
    batch.sessions = {sessionRow(1, "a")};
    batch.sessions.front().testament.emplace().topic = "w";
    batch.subscriptions = {subscriptionRow(1, "f")};
    batch.keys = {{1, 1}};
    batch.retained = {{"t", 1}};
    batch.messages = {messageRow(1, "old")};
    batch.settled = {{1, "old"}};
    batch.tags = {{1, 1, 0, 5, false}};
    batch.values = {{"s", "k", "old"}};
    commit(batch);
    batch.sessions = {sessionRow(1, "b")};
    batch.subscriptions.front().qos = 2;
    batch.retained = {{"t", 2}};
    batch.messages = {messageRow(1, "new")};
    batch.settled = {{1, "new"}};
    batch.tags = {{1, 1, 0, 6, true}};
    batch.values = {{"s", "k", "new"}};
    commit(batch);
    const QByteArrayList expected = {"session 1 [62] [] 3600 -1 []",
                                     "subscription 1 [66] 0 2 0 0 0 0 250 0",
                                     "key 1 1",
                                     "retained [74] 2",
                                     "message 1 1 0 1 0 [612f62] [] [6e6577] -1 4294967295 [] 0 0",
                                     "settled 1 [6e6577]",
                                     "tag 1 1 0 6 1",
                                     "value [73] [6b] [6e6577]"};
    QCOMPARE(reopened(), expected);
}

void tst_EngineChanges::removedRowsAreGone()
{
    EngineBatch batch;
    batch.sessions = {sessionRow(1, "a"), sessionRow(2, "b")};
    batch.subscriptions = {subscriptionRow(1, "f"), subscriptionRow(1, "g")};
    batch.keys = {{1, 1}, {1, 2}};
    batch.retained = {{"t", 1}, {"u", 2}};
    batch.messages = {messageRow(1, "x"), messageRow(2, "y")};
    batch.tags = {{1, 1, 0, 5, false}, {1, 1, 1, 6, false}};
    batch.values = {{"s", "k", "1"}, {"s", "l", "2"}, {"t", "k", "3"}};
    commit(batch);
    EngineBatch removal;
    removal.removedSubscriptions = {{1, "f"}, {2, "g"}};
    removal.removedKeys = {{1, 1}, {2, 2}};
    removal.removedRetained = {"t", "nothing"};
    removal.removedMessages = {1, 1000};
    removal.removedTags = {{1, 1, 0, 0, false}, {1, 2, 1, 0, false}};
    removal.removedValues = {{"s", "k"}, {"t", "l"}};
    commit(removal);
    const QByteArrayList expected = {"session 1 [61] [] 3600 -1 []",
                                     "session 2 [62] [] 3600 -1 []",
                                     "subscription 1 [67] 0 1 0 0 0 0 250 0",
                                     "key 1 2",
                                     "retained [75] 2",
                                     "message 2 1 0 1 0 [612f62] [] [79] -1 4294967295 [] 0 0",
                                     "tag 1 1 1 6 0",
                                     "value [73] [6c] [32]",
                                     "value [74] [6b] [33]"};
    QCOMPARE(dump(*m_engine), expected);
    QCOMPARE(reopened(), expected);
}

void tst_EngineChanges::removingComesBeforeAdding()
{
    EngineBatch batch;
    batch.sessions = {sessionRow(1, "a")};
    batch.subscriptions = {subscriptionRow(1, "f"), subscriptionRow(1, "gone")};
    batch.messages = {messageRow(1, "x")};
    batch.settled = {{1, "s"}};
    batch.values = {{"s", "k", "1"}};
    batch.keys = {{1, 1}};
    batch.tags = {{1, 1, 0, 5, false}};
    batch.retained = {{"t", 1}};
    commit(batch);
    EngineBatch again;
    again.removedSessions = {1};
    again.sessions = {sessionRow(1, "b")};
    again.removedSubscriptions = {{1, "f"}};
    again.subscriptions = {subscriptionRow(1, "f")};
    again.removedMessages = {1};
    again.messages = {messageRow(1, "y")};
    again.removedValues = {{"s", "k"}};
    again.values = {{"s", "k", "2"}};
    again.removedKeys = {{1, 1}};
    again.keys = {{1, 1}};
    again.removedTags = {{1, 1, 0, 0, false}};
    again.tags = {{1, 1, 0, 6, false}};
    again.removedRetained = {"t"};
    again.retained = {{"t", 2}};
    commit(again);
    const QByteArrayList expected = {"session 1 [62] [] 3600 -1 []",
                                     "subscription 1 [66] 0 1 0 0 0 0 250 0",
                                     "key 1 1",
                                     "retained [74] 2",
                                     "message 1 1 0 1 0 [612f62] [] [79] -1 4294967295 [] 0 0",
                                     "tag 1 1 0 6 0",
                                     "value [73] [6b] [32]"};
    QCOMPARE(dump(*m_engine), expected);
}

void tst_EngineChanges::sessionTakesAllOfItsWithIt()
{
    EngineBatch batch;
    for (quint64 number = 1; number <= 3; ++number) {
        batch.sessions.push_back(sessionRow(number, "k"));
        batch.subscriptions.push_back(subscriptionRow(number, ""));
        batch.subscriptions.push_back(subscriptionRow(number, "\xff\xff"));
        batch.keys.emplace_back(number, 0);
        batch.keys.emplace_back(number, 0xFFFFFFFFU);
        batch.tags.push_back({number, 0, 0, 0, false});
        batch.tags.push_back({number, 9, 0xFFFFFFFFU, 0, false});
    }
    batch.messages = {messageRow(9, "x")};
    commit(batch);
    EngineBatch removal;
    removal.removedSessions = {2};
    commit(removal);
    for (const QByteArrayList &lines : {dump(*m_engine), reopened()}) {
        QCOMPARE(lines.size(), 2 * 7 + 1);
        for (const QByteArray &entry : lines)
            QVERIFY2(entry.split(' ').at(1) != "2", entry.constData());
    }
}

void tst_EngineChanges::settledSetGoesWithItsMessage()
{
    EngineBatch batch;
    batch.messages = {messageRow(5, "x"), messageRow(6, "y"), messageRow(8, "z")};
    batch.settled = {{5, "five"}, {6, "six"}, {8, "eight"}};
    commit(batch);
    EngineBatch removal;
    removal.removedMessages = {5, 8};
    commit(removal);
    QCOMPARE(ofKind(reopened(), "settled"), QByteArrayList{"settled 6 [736978]"});
    // A message put again keeps what was settled of it.
    EngineBatch again;
    again.messages = {messageRow(6, "again")};
    commit(again);
    QCOMPARE(ofKind(dump(*m_engine), "settled"), QByteArrayList{"settled 6 [736978]"});
}

void tst_EngineChanges::runsOfNeighboursAreRemovedExactly()
{
    EngineBatch batch;
    for (quint64 sequence = 1; sequence <= 40; ++sequence)
        batch.messages.push_back(messageRow(sequence, "x"));
    commit(batch);
    EngineBatch removal;
    removal.removedMessages = {3, 4, 5, 7, 12, 11, 10, 20, 21, 39, 40, 41, 1};
    commit(removal);
    QList<int> left;
    for (const QByteArray &entry : dump(*m_engine))
        left += entry.split(' ').at(1).toInt();
    const QList<int> expected = {2,  6,  8,  9,  13, 14, 15, 16, 17, 18, 19, 22, 23, 24,
                                 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38};
    QCOMPARE(left, expected);
}

void tst_EngineChanges::emptyBatchIsFine()
{
    EngineBatch batch;
    QVERIFY(batch.isEmpty());
    batch.sync = true;
    QVERIFY(batch.isEmpty());
    commit(batch);
    QVERIFY(m_engine->checkpoint());
    batch.values = {{"s", "", ""}};
    QVERIFY(!batch.isEmpty());
    EngineBatch numbers;
    numbers.epoch = 1;
    QVERIFY(!numbers.isEmpty());
}

void tst_EngineChanges::syncCanFollowUnsynced()
{
    EngineBatch batch;
    for (quint64 sequence = 1; sequence <= 20; ++sequence) {
        batch.messages = {messageRow(sequence, "x")};
        batch.sync = sequence % 3 == 0;
        commit(batch);
        if (sequence % 7 == 0)
            QVERIFY(m_engine->checkpoint());
    }
    EngineBatch nothing;
    nothing.sync = true;
    commit(nothing);
    QCOMPARE(reopened().size(), 20);
}

void tst_EngineChanges::closedEngineRefuses()
{
    m_engine->close();
    m_engine->close();
    QCOMPARE(m_engine->commit({}).error().code(), ErrorCode::StorageFailed);
    QCOMPARE(m_engine->checkpoint().error().code(), ErrorCode::StorageFailed);
    StoreDump visitor;
    QCOMPARE(m_engine->load(visitor).error().code(), ErrorCode::StorageFailed);
    QCOMPARE(visitor.lines, QByteArrayList());
}

void tst_EngineChanges::refusedBatchLeavesNothing()
{
    EngineBatch batch;
    batch.sessions = {sessionRow(1, "a")};
    batch.values = {{"s", "k", "1"}};
    commit(batch);
    const QByteArrayList before = dump(*m_engine);

    // The same refusal by different means.
    auto *const memory = dynamic_cast<MemoryEngine *>(m_engine.get());
    EngineBatch refused;
    refused.removedSessions = {1};
    refused.values = {{"s", "k", "2"}};
    refused.messages = {messageRow(1, memory ? QByteArray("x") : QByteArray(200 << 20, 'x'))};
    if (memory)
        memory->setRefusal(Error(ErrorCode::StorageFull, QStringLiteral("full")));
    QCOMPARE(m_engine->commit(refused).error().code(), ErrorCode::StorageFull);
    QCOMPARE(dump(*m_engine), before);
    if (memory)
        memory->setRefusal({});
    refused.messages = {messageRow(1, "x")};
    commit(refused);
    QCOMPARE(reopened().size(), 2);
}

QTEST_GUILESS_MAIN(tst_EngineChanges)
#include "tst_enginechanges.moc"
