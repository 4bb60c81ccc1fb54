// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "received.h"
#include "simhost.h"

#include <QTest>

#include <fairlead/clock.h>

using namespace fairlead;
using sim::numbers;
using sim::SimHost;

namespace {

constexpr int kMessages = 20;
constexpr int kWindow = 8;

/// One member alone holds what was published: kWindow in flight, the rest waits. Then another joins.
struct Group
{
    Group(int reactors, quint8 qos, quint32 expirySeconds = 0)
        : host(reactors)
        , first(host.connect(0, "first", expirySeconds))
        , publisher(host.connect(0, "publisher"))
    {
        first->record->autoSettle = false;
        first->record->window = kWindow;
        (*first)->subscribe("$share/g/t", qos);
        host.settle();
        for (int i = 0; i < kMessages; ++i)
            (*publisher)->publish("t", std::to_string(i), qos, false, 1, qos == 2 ? 100 + i : 0);
        host.settle();
        second = host.connect(reactors - 1, "second");
        (*second)->subscribe("$share/g/t", qos, 7);
        host.settle();
    }

    void endFirst()
    {
        (*first)->link().close(
            Error(ErrorCode::ConnectionClosed, QString()), CloseMode::Abort, false);
        host.settle();
    }

    SimHost host;
    std::unique_ptr<sim::SimLink> first;
    std::unique_ptr<sim::SimLink> publisher;
    std::unique_ptr<sim::SimLink> second;
};

} // namespace

/// What a member of a shared group was owed when its session ended (MQTT 5.0, 4.8.2).
class tst_SharedEnd : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void reactors_data()
    {
        QTest::addColumn<int>("reactors");
        QTest::newRow("one reactor") << 1;
        QTest::newRow("two reactors") << 2;
    }

    void unacknowledgedQos1GoesToAnotherMember_data() { reactors_data(); }

    void unacknowledgedQos1GoesToAnotherMember()
    {
        QFETCH(int, reactors);
        Group group(reactors, 1);
        QCOMPARE(group.first->record->got.size(), std::size_t(kWindow));
        QVERIFY(group.second->record->got.empty());
        group.endFirst();
        QCOMPARE(payloads(*group.second), numbers(0, kMessages));
        QCOMPARE(group.second->record->got[0].ids, std::vector<quint32>{7});
        QVERIFY(!group.second->record->got[0].resent);
        QCOMPARE(group.host.drops(core::DropReason::NoMember), quint64(0));
    }

    // [MQTT-4.8.2-6]: an acknowledgement, of whatever kind, ends the delivery.
    void whatWasAcknowledgedStaysDelivered_data() { reactors_data(); }

    void whatWasAcknowledgedStaysDelivered()
    {
        QFETCH(int, reactors);
        Group group(reactors, 1);
        for (int i = 0; i < 3; ++i)
            (*group.first)->settle(group.first->record->got[std::size_t(i)].handle);
        group.host.settle();
        QCOMPARE(group.first->record->got.size(), std::size_t(kWindow + 3));
        group.endFirst();
        QCOMPARE(payloads(*group.second), numbers(3, kMessages));
    }

    // [MQTT-4.8.2-5]
    void aBegunQos2DeliveryGoesToNobodyElse_data() { reactors_data(); }

    void aBegunQos2DeliveryGoesToNobodyElse()
    {
        QFETCH(int, reactors);
        Group group(reactors, 2);
        group.endFirst();
        QCOMPARE(payloads(*group.second), numbers(kWindow, kMessages));
    }

    // [MQTT-4.8.2-4]: while its session lives, the messages are its own.
    void aSessionThatWaitsKeepsItsMessagesUntilItExpires_data() { reactors_data(); }

    void aSessionThatWaitsKeepsItsMessagesUntilItExpires()
    {
        QFETCH(int, reactors);
        Group group(reactors, 1, 60);
        group.endFirst();
        QVERIFY(group.second->record->got.empty());
        group.host.advance(61 * kNsPerSecond);
        group.host.settle();
        QCOMPARE(payloads(*group.second), numbers(0, kMessages));
    }

    void aCleanStartOfTheMemberItselfPassesThemOn_data() { reactors_data(); }

    void aCleanStartOfTheMemberItselfPassesThemOn()
    {
        QFETCH(int, reactors);
        Group group(reactors, 1, 60);
        auto again = group.host.connect(0, "first", 60, true);
        group.host.settle();
        QCOMPARE(payloads(*group.second), numbers(0, kMessages));
        QVERIFY(again->record->got.empty());
    }

    void withoutAnotherMemberTheyAreCounted()
    {
        Group group(1, 1);
        (*group.second)->unsubscribe("$share/g/t");
        group.host.settle();
        group.endFirst();
        QCOMPARE(group.host.drops(core::DropReason::NoMember), quint64(kMessages));
    }

    void ownSubscriptionsAreNotPassedOn()
    {
        SimHost host(1);
        auto first = host.connect(0, "first");
        first->record->autoSettle = false;
        (*first)->subscribe("t", 1);
        (*first)->subscribe("$share/g/other", 1);
        auto second = host.connect(0, "second");
        (*second)->subscribe("$share/g/t", 1);
        host.settle();
        (*second)->publish("t", "m", 1, false, 1);
        host.settle();
        QCOMPARE(second->record->got.size(), std::size_t(1));
        (*first)->link().close(
            Error(ErrorCode::ConnectionClosed, QString()), CloseMode::Abort, false);
        host.settle();
        QCOMPARE(second->record->got.size(), std::size_t(1));
    }
};

QTEST_APPLESS_MAIN(tst_SharedEnd)
#include "tst_sharedend.moc"
