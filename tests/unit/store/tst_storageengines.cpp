// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "enginetest.h"

using namespace fairlead;
using namespace fairlead::core;

/// What every engine gives back.
class tst_StorageEngines : public EngineTest
{
    Q_OBJECT

private Q_SLOTS:
    void freshStoreIsEmpty();
    void everyKindComesBack();
    void extremesComeBack();
    void loadsInOrder();
    void emptyValuesStayEmpty();
    void bytesAreBytes();
    void largePayloads();
    void manyMessages();
    void numbersStayUntilTheyChange();
};

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
                                     "message 0 1 0 1 0 [] [] [] -1 4294967295 [] 0 0",
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
                                     "message 1 1 0 1 0 [610063] [] [610062] -1 4294967295 [] 0 0",
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

QTEST_GUILESS_MAIN(tst_StorageEngines)
#include "tst_storageengines.moc"
