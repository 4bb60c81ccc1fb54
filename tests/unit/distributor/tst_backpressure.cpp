// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "slowreader.h"

#include <QTest>

using namespace fairlead;
using namespace fairlead::test;

class tst_Backpressure : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void aFullReaderHoldsItsPublisher_data() { reactors_data(); }

    void aFullReaderHoldsItsPublisher()
    {
        QFETCH(int, reactors);
        SimHost host(reactors, 1, smallQueues());
        auto slow = reader(host, 0, "slow", 0);
        auto publisher = host.connect(reactors - 1, "p");
        auto other = host.connect(reactors - 1, "other");
        const int held = publishUntilHeld(host, *publisher, 0, kQueue);
        // Half a queue, and what the stream took before it was full.
        QCOMPARE(held, int(kQueue / 2 + 8));
        QVERIFY(!isRead(host, *publisher));
        QVERIFY(isRead(host, *other));
        QCOMPARE(host.drops(core::DropReason::QueueFull), quint64(0));
    }

    void theHoldEndsBelowAQuarter_data() { reactors_data(); }

    void theHoldEndsBelowAQuarter()
    {
        QFETCH(int, reactors);
        SimHost host(reactors, 1, smallQueues());
        auto slow = reader(host, 0, "slow", 0);
        auto publisher = host.connect(reactors - 1, "p");
        const int held = publishUntilHeld(host, *publisher, 0, kQueue);
        // Down to a quarter exactly: still held.
        for (int taken = 0; taken < int(kQueue / 4); ++taken) {
            slow->stream->setRoom(kBytesPerMessage);
            host.settle();
        }
        QVERIFY(!isRead(host, *publisher));
        slow->stream->setRoom(kBytesPerMessage);
        host.settle();
        QCOMPARE(publisher->stream->unread(), std::size_t(0));
        slow->stream->setRoom(-1);
        host.settle();
        QVERIFY(payloads(*slow) == numbers(0, held));
    }

    void theHoldEndsWithPatience_data() { reactors_data(); }

    void theHoldEndsWithPatience()
    {
        QFETCH(int, reactors);
        SimHost host(reactors, 1, smallQueues());
        auto slow = reader(host, 0, "slow", 0);
        auto publisher = host.connect(reactors - 1, "p");
        const int held = publishUntilHeld(host, *publisher, 0, kQueue);
        host.advance(kPatienceNs - 1);
        QVERIFY(!isRead(host, *publisher));
        host.advance(1);
        host.settle();
        QCOMPARE(publisher->stream->unread(), std::size_t(0));
        // Stalled, it holds nobody any more, up to its limit.
        QCOMPARE(publishUntilHeld(host, *publisher, held, 30), 30);
        QVERIFY(slow->isOpen());
        // Below a quarter it counts as a reader again.
        slow->stream->setRoom(-1);
        host.settle();
        slow->stream->setRoom(0);
        host.settle();
        QVERIFY(publishUntilHeld(host, *publisher, held + 30, kQueue) < int(kQueue));
    }

    void theHoldEndsWithItsReader_data() { reactors_data(); }

    void theHoldEndsWithItsReader()
    {
        QFETCH(int, reactors);
        SimHost host(reactors, 1, smallQueues());
        auto slow = reader(host, 0, "slow", 0);
        auto publisher = host.connect(reactors - 1, "p");
        publishUntilHeld(host, *publisher, 0, kQueue);
        QVERIFY(!isRead(host, *publisher));
        slow->stream->breakOff();
        host.settle();
        QVERIFY(!slow->isOpen());
        QCOMPARE(publisher->stream->unread(), std::size_t(0));
    }

    // A publisher with two slow readers waits for both.
    void everySlowReaderHolds_data() { reactors_data(); }

    void everySlowReaderHolds()
    {
        QFETCH(int, reactors);
        SimHost host(reactors, 1, smallQueues());
        auto one = reader(host, 0, "one", 0);
        auto two = reader(host, reactors / 2, "two", 0);
        auto publisher = host.connect(reactors - 1, "p");
        publishUntilHeld(host, *publisher, 0, kQueue);
        one->stream->setRoom(-1);
        host.settle();
        QVERIFY(!isRead(host, *publisher));
        two->stream->setRoom(-1);
        host.settle();
        QCOMPARE(publisher->stream->unread(), std::size_t(0));
    }
};

QTEST_GUILESS_MAIN(tst_Backpressure)
#include "tst_backpressure.moc"
