// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/memoryengine.h"
#include "core/store/sqliteengine.h"
#include "storedump.h"

#include <QTemporaryDir>
#include <QTest>

using namespace fairlead;
using namespace fairlead::core;

/// What every engine promises; each function runs with each of them.
class tst_StorageEngines : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase_data();
    void init();
    void cleanup();

    void freshStoreIsEmpty();
    void everyKindComesBack();
    void extremesComeBack();
    void lastPutCounts();
    void removedRowsAreGone();
    void removingComesBeforeAdding();
    void sessionTakesAllOfItsWithIt();
    void settledSetGoesWithItsMessage();
    void loadsInOrder();
    void runsOfNeighboursAreRemovedExactly();
    void emptyValuesStayEmpty();
    void bytesAreBytes();
    void largePayloads();
    void manyMessages();
    void numbersStayUntilTheyChange();
    void emptyBatchIsFine();
    void syncCanFollowUnsynced();
    void closedEngineRefuses();
    void refusedBatchLeavesNothing();

private:
    void commit(const EngineBatch &batch);
    /// As after a restart.
    QByteArrayList reopened();

    QTemporaryDir m_folder;
    StillClock m_clock;
    std::unique_ptr<StorageEngine> m_engine;
    int m_count = 0;
};

void tst_StorageEngines::initTestCase_data()
{
    QTest::addColumn<QString>("kind");
    QTest::newRow("memory") << QStringLiteral("memory");
    QTest::newRow("sqlite") << QStringLiteral("sqlite");
    QTest::newRow("sqlite, exclusive") << QStringLiteral("exclusive");
}

void tst_StorageEngines::init()
{
    QFETCH_GLOBAL(QString, kind);
    if (kind == QStringLiteral("memory")) {
        m_engine = std::make_unique<MemoryEngine>();
    } else {
        SqliteEngine::Options options;
        options.place.path = m_folder.filePath(QStringLiteral("store%1.db").arg(++m_count));
        options.place.exclusive = kind == QStringLiteral("exclusive");
        // Between the largest payloads that are taken and the one that is refused.
        options.place.maxBytes = qint64(128) << 20;
        m_engine = std::make_unique<SqliteEngine>(options, m_clock);
    }
    const Result<StoreMeta> meta = m_engine->open();
    QVERIFY2(meta, qPrintable(meta.error().toString()));
}

void tst_StorageEngines::cleanup()
{
    m_engine.reset();
}

void tst_StorageEngines::commit(const EngineBatch &batch)
{
    const Result<> done = m_engine->commit(batch);
    QVERIFY2(done, qPrintable(done.error().toString()));
}

QByteArrayList tst_StorageEngines::reopened()
{
    m_engine->close();
    const Result<StoreMeta> meta = m_engine->open();
    if (!meta)
        QTest::qFail(qPrintable(meta.error().toString()), __FILE__, __LINE__);
    return dump(*m_engine);
}

void tst_StorageEngines::freshStoreIsEmpty()
{
    m_engine->close();
    const Result<StoreMeta> meta = m_engine->open();
    QVERIFY(meta);
    QCOMPARE(meta->epoch, 0U);
    QCOMPARE(meta->reservedSequence, 0U);
    QCOMPARE(meta->reservedSession, 0U);
    QVERIFY(meta->quarantined.isNull());
    QCOMPARE(dump(*m_engine), QByteArrayList());
}

void tst_StorageEngines::everyKindComesBack()
{
    EngineBatch batch;
    SessionRow session = sessionRow(7, "client");
    session.peerKey = "peer";
    session.expiresUtcMs = 1'700'000'123'456;
    session.note = "note";
    session.testament.emplace();
    session.testament->topic = "will/topic";
    session.testament->properties = "wp";
    session.testament->payload = "gone";
    session.testament->expirySeconds = 11;
    session.testament->delaySeconds = 12;
    session.testament->qos = 2;
    session.testament->retain = true;
    batch.sessions = {session, sessionRow(8, "plain")};
    SubscriptionRow subscription = subscriptionRow(7, "$share/g/a/#");
    subscription.id = 268435455;
    subscription.qos = 2;
    subscription.noLocal = true;
    subscription.retainAsPublished = true;
    subscription.showPositions = true;
    subscription.overflow = {OverflowPolicy::BlockUpTo, 250};
    subscription.since = 99;
    batch.subscriptions = {subscription};
    batch.keys = {{7, 65535}};
    batch.retained = {{"a/b", 42}};
    MessageFields fields;
    fields.topic = "a/b";
    fields.properties = "props";
    fields.payload = "body";
    fields.origin = 7;
    fields.qos = 2;
    fields.retain = true;
    MessageRow message;
    message.message = Message(fields);
    message.message.setPosition({3, 42});
    message.expiryUtcMs = 1'700'000'999'999;
    message.expirySeconds = 600;
    message.targets = "targets";
    message.streams = 5;
    message.utcMs = 1'700'000'111'111;
    batch.messages = {message};
    batch.settled = {{42, "one"}};
    batch.tags = {{7, 42, 1, 77, true}};
    batch.values = {{"space", "key", "value"}};
    commit(batch);

    const QByteArrayList expected
        = {"session 7 [636c69656e74] [70656572] 3600 1700000123456 [6e6f7465]"
           " will [77696c6c2f746f706963] [7770] [676f6e65] 11 12 2 1",
           "session 8 [706c61696e] [] 3600 -1 []",
           "subscription 7 [2473686172652f672f612f23] 268435455 2 1 1 1 5 250 99",
           "key 7 65535",
           "retained [612f62] 42",
           "message 42 3 7 2 1 [612f62] [70726f7073] [626f6479] 1700000999999 600 "
           "[74617267657473] 5 1700000111111",
           "settled 42 [6f6e65]",
           "tag 7 42 1 77 1",
           "value [7370616365] [6b6579] [76616c7565]"};
    QCOMPARE(dump(*m_engine), expected);
    QCOMPARE(reopened(), expected);
}

void tst_StorageEngines::extremesComeBack()
{
    constexpr quint32 kMost = 0xFFFFFFFFU;
    constexpr quint64 kHighest = 0x7FFFFFFFFFFFFFFFU;
    EngineBatch batch;
    SessionRow session = sessionRow(kHighest, "x");
    session.expirySeconds = kMost;
    session.expiresUtcMs = std::numeric_limits<qint64>::max();
    batch.sessions = {session};
    SubscriptionRow subscription = subscriptionRow(kHighest, "f");
    subscription.id = kMost;
    subscription.overflow.patienceMs = kMost;
    subscription.since = kHighest;
    batch.subscriptions = {subscription};
    batch.keys = {{kHighest, kMost}};
    batch.retained = {{"t", kHighest}};
    MessageFields fields;
    fields.topic = "t";
    // The origin is a value and may use all of its bits.
    fields.origin = 0xFFFFFFFFFFFFFFFFU;
    MessageRow message;
    message.message = Message(fields);
    message.message.setPosition({kMost, kHighest});
    message.expirySeconds = kMost;
    message.streams = kMost;
    message.utcMs = qint64(kHighest);
    batch.messages = {message};
    batch.tags = {{kHighest, kHighest, kMost, kMost, false}};
    batch.reservedSequence = kHighest;
    batch.reservedSession = kHighest;
    batch.epoch = kMost;
    commit(batch);
    const QByteArrayList before = dump(*m_engine);
    QCOMPARE(before.size(), 6);
    QVERIFY(before.at(4).startsWith("message 9223372036854775807 4294967295 "
                                    "18446744073709551615 0 0 [74] [] [] -1 4294967295"));
    m_engine->close();
    const Result<StoreMeta> meta = m_engine->open();
    QVERIFY(meta);
    QCOMPARE(meta->epoch, kMost);
    QCOMPARE(meta->reservedSequence, kHighest);
    QCOMPARE(meta->reservedSession, kHighest);
    QCOMPARE(dump(*m_engine), before);
    EngineBatch end;
    end.removedSessions = {kHighest};
    end.removedMessages = {kHighest};
    end.removedRetained = {"t"};
    commit(end);
    QCOMPARE(dump(*m_engine), QByteArrayList());
}

void tst_StorageEngines::lastPutCounts()
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
                                     "message 1 1 0 1 0 [612f62] [] [6e6577] -1 4294967295 [] 0",
                                     "settled 1 [6e6577]",
                                     "tag 1 1 0 6 1",
                                     "value [73] [6b] [6e6577]"};
    QCOMPARE(reopened(), expected);
}

void tst_StorageEngines::removedRowsAreGone()
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
                                     "message 2 1 0 1 0 [612f62] [] [79] -1 4294967295 [] 0",
                                     "tag 1 1 1 6 0",
                                     "value [73] [6c] [32]",
                                     "value [74] [6b] [33]"};
    QCOMPARE(dump(*m_engine), expected);
    QCOMPARE(reopened(), expected);
}

void tst_StorageEngines::removingComesBeforeAdding()
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
                                     "message 1 1 0 1 0 [612f62] [] [79] -1 4294967295 [] 0",
                                     "tag 1 1 0 6 0",
                                     "value [73] [6b] [32]"};
    QCOMPARE(dump(*m_engine), expected);
}

void tst_StorageEngines::sessionTakesAllOfItsWithIt()
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

void tst_StorageEngines::settledSetGoesWithItsMessage()
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

void tst_StorageEngines::loadsInOrder()
{
    EngineBatch batch;
    batch.values = {{"v", "", ""}};
    batch.messages = {messageRow(300, "c"), messageRow(2, "a"), messageRow(70, "b")};
    batch.tags = {{1, 2, 0, 0, false}};
    batch.settled = {{300, ""}, {2, ""}};
    batch.retained = {{"z", 2}, {"a", 300}};
    batch.keys = {{1, 1}};
    batch.subscriptions = {subscriptionRow(1, "f")};
    batch.sessions = {sessionRow(9, ""), sessionRow(1, "")};
    commit(batch);
    QByteArrayList kinds;
    for (const QByteArray &entry : dump(*m_engine))
        kinds += entry.left(entry.indexOf(' ', entry.indexOf(' ') + 1));
    const QByteArrayList expected = {"session 1",
                                     "session 9",
                                     "subscription 1",
                                     "key 1",
                                     "retained [61]",
                                     "retained [7a]",
                                     "message 2",
                                     "message 70",
                                     "message 300",
                                     "settled 2",
                                     "settled 300",
                                     "tag 1",
                                     "value [76]"};
    QCOMPARE(kinds, expected);
}

void tst_StorageEngines::runsOfNeighboursAreRemovedExactly()
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

void tst_StorageEngines::emptyValuesStayEmpty()
{
    EngineBatch batch;
    SessionRow session = sessionRow(0, QByteArray());
    session.testament.emplace();
    batch.sessions = {session};
    batch.subscriptions = {subscriptionRow(0, QByteArray())};
    batch.retained = {{QByteArray(), 0}};
    batch.messages = {messageRow(0, QByteArray(), QByteArray())};
    batch.settled = {{0, QByteArray()}};
    batch.values = {{QByteArray(), QByteArray(), QByteArray()}};
    commit(batch);
    const QByteArrayList expected = {"session 0 [] [] 3600 -1 [] will [] [] [] 4294967295 0 0 0",
                                     "subscription 0 [] 0 1 0 0 0 0 250 0",
                                     "retained [] 0",
                                     "message 0 1 0 1 0 [] [] [] -1 4294967295 [] 0",
                                     "settled 0 []",
                                     "value [] [] []"};
    QCOMPARE(reopened(), expected);
    EngineBatch removal;
    removal.removedSessions = {0};
    removal.removedRetained = {QByteArray()};
    removal.removedMessages = {0};
    removal.removedValues = {{QByteArray(), QByteArray()}};
    commit(removal);
    QCOMPARE(dump(*m_engine), QByteArrayList());
}

void tst_StorageEngines::bytesAreBytes()
{
    const QByteArray first("a\0b", 3);
    const QByteArray second("a\0c", 3);
    const QByteArray high("\xff\xfe\x80", 3);
    EngineBatch batch;
    batch.values = {{first, second, high}, {first, first, "1"}, {second, first, "2"}};
    batch.retained = {{first, 1}, {second, 2}, {high, 3}};
    batch.subscriptions = {subscriptionRow(1, first), subscriptionRow(1, second)};
    batch.messages = {messageRow(1, first, second)};
    commit(batch);
    EngineBatch removal;
    removal.removedRetained = {first};
    removal.removedSubscriptions = {{1, second}};
    removal.removedValues = {{first, first}};
    commit(removal);
    const QByteArrayList expected = {"subscription 1 [610062] 0 1 0 0 0 0 250 0",
                                     "retained [610063] 2",
                                     "retained [fffe80] 3",
                                     "message 1 1 0 1 0 [610063] [] [610062] -1 4294967295 [] 0",
                                     "value [610062] [610063] [fffe80]",
                                     "value [610063] [610062] [32]"};
    QCOMPARE(reopened(), expected);
}

void tst_StorageEngines::largePayloads()
{
    QByteArray payload(16 << 20, Qt::Uninitialized);
    for (qsizetype i = 0; i < payload.size(); ++i)
        payload[i] = char(i * 7 + i / 4096);
    EngineBatch batch;
    batch.messages = {messageRow(1, payload), messageRow(2, "small"), messageRow(3, payload)};
    batch.sync = true;
    commit(batch);
    const QByteArrayList before = dump(*m_engine);
    QCOMPARE(before.size(), 3);
    QCOMPARE(reopened(), before);
    EngineBatch removal;
    removal.removedMessages = {1, 3};
    commit(removal);
    QCOMPARE(reopened(), QByteArrayList{before.at(1)});
}

void tst_StorageEngines::manyMessages()
{
    constexpr quint64 kCount = 100'000;
    constexpr quint64 kGroup = 1000;
    for (quint64 first = 1; first <= kCount; first += kGroup) {
        EngineBatch batch;
        for (quint64 sequence = first; sequence < first + kGroup; ++sequence)
            batch.messages.push_back(messageRow(sequence, QByteArray::number(sequence)));
        commit(batch);
    }
    const QByteArrayList all = reopened();
    QCOMPARE(quint64(all.size()), kCount);
    for (quint64 index = 0; index < kCount; ++index) {
        const QByteArray number = QByteArray::number(index + 1);
        QVERIFY(all.at(qsizetype(index)).startsWith("message " + number + ' '));
        QVERIFY(all.at(qsizetype(index)).contains('[' + number.toHex() + ']'));
    }
    EngineBatch removal;
    for (quint64 sequence = 1; sequence <= kCount; sequence += 2)
        removal.removedMessages.push_back(sequence);
    commit(removal);
    QCOMPARE(quint64(reopened().size()), kCount / 2);
}

void tst_StorageEngines::numbersStayUntilTheyChange()
{
    EngineBatch batch;
    batch.reservedSequence = 1000;
    batch.reservedSession = 20;
    batch.epoch = 3;
    commit(batch);
    EngineBatch next;
    next.reservedSequence = 2000;
    commit(next);
    m_engine->close();
    Result<StoreMeta> meta = m_engine->open();
    QVERIFY(meta);
    QCOMPARE(meta->reservedSequence, 2000U);
    QCOMPARE(meta->reservedSession, 20U);
    QCOMPARE(meta->epoch, 3U);
    EngineBatch last;
    last.reservedSession = 21;
    last.epoch = 4;
    last.sync = true;
    commit(last);
    m_engine->close();
    meta = m_engine->open();
    QVERIFY(meta);
    QCOMPARE(meta->reservedSequence, 2000U);
    QCOMPARE(meta->reservedSession, 21U);
    QCOMPARE(meta->epoch, 4U);
}

void tst_StorageEngines::emptyBatchIsFine()
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

void tst_StorageEngines::syncCanFollowUnsynced()
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

void tst_StorageEngines::closedEngineRefuses()
{
    m_engine->close();
    m_engine->close();
    QCOMPARE(m_engine->commit({}).error().code(), ErrorCode::StorageFailed);
    QCOMPARE(m_engine->checkpoint().error().code(), ErrorCode::StorageFailed);
    StoreDump visitor;
    QCOMPARE(m_engine->load(visitor).error().code(), ErrorCode::StorageFailed);
    QCOMPARE(visitor.lines, QByteArrayList());
}

void tst_StorageEngines::refusedBatchLeavesNothing()
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

QTEST_GUILESS_MAIN(tst_StorageEngines)
#include "tst_storageengines.moc"
