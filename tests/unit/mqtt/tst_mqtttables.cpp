// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "server/incomingaliases.h"
#include "server/inflight.h"
#include "server/outgoingaliases.h"
#include "server/packetidset.h"

#include <QtTest/QTest>

#include <map>
#include <random>
#include <set>

using namespace fairlead::mqtt;

/// The small tables of a link, each against a plain model.
class tst_MqttTables : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void inFlightBehavesLikeAMap();
    void packetIdSetBehavesLikeASet();
    void inFlightFindsFreeIds();
    void inFlightTakesWholeRuns();
    void outgoingAliasesAgreeWithTheReceiver_data();
    void outgoingAliasesAgreeWithTheReceiver();
    void steadyTopicsKeepTheirAlias();
    void latestAliasIsNotTheFirstToGo();
    void incomingAliasesKeepCopies();
};

void tst_MqttTables::inFlightBehavesLikeAMap()
{
    std::mt19937 random(7);
    InFlight table;
    std::map<quint16, quint64> model;
    for (int i = 0; i < 200000; ++i) {
        // Few ids, so that runs form, break and wrap around.
        const auto id = quint16(1 + random() % 300 + (random() % 2 ? 65200 : 0));
        if (random() % 2) {
            if (!table.contains(id)) {
                table.insert(id, quint64(i), Flight::AwaitPuback);
                model[id] = quint64(i);
            }
        } else {
            table.erase(id);
            model.erase(id);
        }
        QCOMPARE(table.size(), int(model.size()));
        const auto probe = quint16(1 + random() % 65535);
        const InFlight::Entry *const entry = table.find(probe);
        const auto expected = model.find(probe);
        QCOMPARE(entry != nullptr, expected != model.end());
        if (entry != nullptr)
            QCOMPARE(entry->handle, expected->second);
    }
    for (const auto &[id, handle] : model) {
        QVERIFY(table.contains(id));
        QCOMPARE(table.find(id)->handle, handle);
    }
}

void tst_MqttTables::packetIdSetBehavesLikeASet()
{
    std::mt19937 random(11);
    PacketIdSet set;
    std::set<quint16> model;
    for (int i = 0; i < 200000; ++i) {
        // Now and then it runs empty.
        const auto id = quint16(1 + random() % 300 + (random() % 2 ? 65200 : 0));
        if (i % 4000 > 3000 || random() % 2)
            QCOMPARE(set.erase(id), model.erase(id) == 1);
        else
            QCOMPARE(set.insert(id), model.insert(id).second);
    }
    for (quint32 id = 1; id <= 65535; ++id)
        QCOMPARE(set.erase(quint16(id)), model.count(quint16(id)) == 1);
    for (quint32 id = 1; id <= 65535; ++id)
        QVERIFY(set.insert(quint16(id)));
    for (quint32 id = 1; id <= 65535; ++id)
        QVERIFY(!set.insert(quint16(id)));
}

void tst_MqttTables::inFlightFindsFreeIds()
{
    InFlight table;
    QVERIFY(table.find(0) == nullptr);
    QVERIFY(!table.contains(1));
    table.insert(65535, 1, Flight::AwaitPuback);
    table.insert(1, 2, Flight::AwaitPuback);
    QCOMPARE(table.nextFree(65534), quint16(2));
    QCOMPARE(table.nextFree(65535), quint16(2));
    QCOMPARE(table.nextFree(7), quint16(8));
    QVERIFY(table.find(0) == nullptr);
}

void tst_MqttTables::inFlightTakesWholeRuns()
{
    InFlight table;
    for (int round = 0; round < 3; ++round) {
        for (quint32 id = 1; id <= 16384; ++id)
            table.insert(quint16(id), id, Flight::AwaitPubrec);
        QCOMPARE(table.size(), 16384);
        for (quint32 id = 16384; id >= 1; --id)
            table.erase(quint16(id));
        QCOMPARE(table.size(), 0);
    }
}

void tst_MqttTables::outgoingAliasesAgreeWithTheReceiver_data()
{
    QTest::addColumn<int>("maximum");
    QTest::addColumn<int>("topics");
    QTest::newRow("one") << 1 << 10;
    QTest::newRow("three") << 3 << 10;
    QTest::newRow("five") << 5 << 4;
    QTest::newRow("64, few topics") << 64 << 20;
    QTest::newRow("64, many topics") << 64 << 5000;
    QTest::newRow("all") << 65535 << 5000;
}

/// Whatever is chosen, the receiver that follows the standard sees the right topic.
void tst_MqttTables::outgoingAliasesAgreeWithTheReceiver()
{
    QFETCH(int, maximum);
    QFETCH(int, topics);
    std::mt19937 random(3);
    OutgoingAliases aliases{quint16(maximum)};
    std::map<quint16, std::string> receiver;
    int saved = 0;
    for (int i = 0; i < 50000; ++i) {
        // Half of the traffic on a tenth of the topics.
        const unsigned n
            = random() % 2 ? random() % unsigned(topics) : random() % unsigned(1 + topics / 10);
        const std::string topic = "some/topic/" + std::to_string(n);
        const OutgoingAliases::Choice choice = aliases.choose(topic);
        QVERIFY(choice.alias <= maximum);
        if (choice.known) {
            QCOMPARE(receiver[choice.alias], topic);
            ++saved;
        } else if (choice.alias != 0) {
            if (random() % 10 == 0)
                aliases.withdraw(choice.alias); // not sent
            else
                receiver[choice.alias] = topic;
        }
    }
    QVERIFY(saved > 100);
}

void tst_MqttTables::steadyTopicsKeepTheirAlias()
{
    OutgoingAliases aliases(64);
    int known = 0;
    for (int i = 0; i < 10000; ++i) {
        known += aliases.choose("steady/topic").known;
        // Topics that come once never push it out.
        aliases.choose("passing/" + std::to_string(i));
        aliases.choose("passing/by/" + std::to_string(i));
    }
    QVERIFY(known > 9900);
}

void tst_MqttTables::latestAliasIsNotTheFirstToGo()
{
    OutgoingAliases aliases(1);
    aliases.choose("topic/a");
    QCOMPARE(aliases.choose("topic/a").alias, quint16(1));
    aliases.choose("topic/b");
    QCOMPARE(aliases.choose("topic/b").alias, quint16(0));
    QVERIFY(aliases.choose("topic/a").known);
    // One that is not used any more makes room.
    aliases.choose("topic/b");
    aliases.choose("topic/b");
    QVERIFY(aliases.choose("topic/b").known);
}

void tst_MqttTables::incomingAliasesKeepCopies()
{
    IncomingAliases aliases;
    QVERIFY(aliases.find(1).empty());
    std::string topic = "first";
    aliases.set(5, topic);
    topic = "other";
    QCOMPARE(aliases.find(5), Bytes("first"));
    QVERIFY(aliases.find(4).empty());
    QVERIFY(aliases.find(6).empty());
    aliases.set(5, topic);
    QCOMPARE(aliases.find(5), Bytes("other"));
    aliases.set(5, "longer than before");
    QCOMPARE(aliases.find(5), Bytes("longer than before"));
    aliases.set(65535, "x");
    QCOMPARE(aliases.find(65535), Bytes("x"));
    QCOMPARE(aliases.find(5), Bytes("longer than before"));
}

QTEST_APPLESS_MAIN(tst_MqttTables)

#include "tst_mqtttables.moc"
