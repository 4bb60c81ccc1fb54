// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "slowreader.h"

#include <QTest>

using namespace fairlead;
using namespace fairlead::test;

class tst_Overrun : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    // A batch that was read before its publisher could be held finds a place above the limit (DS-04).
    void whatWasOnItsWayIsNoOverflow_data() { reactors_data(); }

    void whatWasOnItsWayIsNoOverflow()
    {
        QFETCH(int, reactors);
        SimHost host(reactors, 1, smallQueues());
        auto slow = reader(host, 0, "slow", 0);
        auto publisher = host.connect(reactors - 1, "p");
        constexpr int kAll = int(kQueue + kQueue / 4);
        for (int i = 0; i < kAll; ++i)
            (void)(*publisher)->publish("t", std::to_string(i));
        host.settle();
        QVERIFY(slow->isOpen());
        QCOMPARE(host.drops(core::DropReason::QueueFull), quint64(0));
        slow->stream->setRoom(-1);
        host.settle();
        QVERIFY(payloads(*slow) == numbers(0, kAll));
    }

    // However many messages one read brings, no more of them than may be on their way pass the hold.
    void oneBigReadIsNoOverflow_data() { reactors_data(); }

    void oneBigReadIsNoOverflow()
    {
        QFETCH(int, reactors);
        SimHost host(reactors, 1, smallQueues());
        auto slow = reader(host, 0, "slow", 0);
        auto publisher = host.connect(reactors - 1, "p");
        constexpr int kAll = 20 * int(kQueue);
        int sent = 0;
        publisher->record->onBytes = [&](ByteSpan input) {
            Consumed consumed;
            Flow flow = Flow::Continue;
            while (consumed.used < input.size() && flow == Flow::Continue) {
                flow = (*publisher)->publish("t", std::to_string(sent++));
                ++consumed.used;
            }
            return consumed;
        };
        publisher->stream->arrive(std::string(std::size_t(kAll), '.'));
        publisher->stream->endInput();
        host.settle();
        QCOMPARE(host.drops(core::DropReason::QueueFull), quint64(0));
        QVERIFY(sent < kAll);
        slow->stream->setRoom(-1);
        host.settle();
        host.advance(kNsPerSecond);
        QVERIFY(payloads(*slow) == numbers(0, kAll));
    }

    // The place above the limit is bounded, and is for who may yet read.
    void whatIsMoreThanWasOnItsWayOverflows_data() { reactors_data(); }

    void whatIsMoreThanWasOnItsWayOverflows()
    {
        QFETCH(int, reactors);
        for (const bool stalled : {false, true}) {
            SimHost host(reactors, 1, smallQueues());
            auto slow = reader(host, 0, "slow", 0);
            auto publisher = host.connect(reactors - 1, "p");
            const int held = stalled ? publishUntilHeld(host, *publisher, 0, kQueue) : 0;
            host.advance(stalled ? kPatienceNs : 0);
            const int most = stalled ? int(kQueue) + 10 : 3 * int(kQueue);
            for (int i = held; i < most; ++i)
                (void)(*publisher)->publish("t", std::to_string(i));
            host.settle();
            host.advance(3 * kNsPerSecond); // what a link that does not read is given to leave
            QCOMPARE(slow->record->closing.code(), ErrorCode::QueueOverflow);
            QVERIFY(!slow->isOpen());
        }
    }

    // The only reader sets the pace, and nothing is lost.
    void aSoleSlowReaderLosesNothing_data() { reactors_data(); }

    void aSoleSlowReaderLosesNothing()
    {
        QFETCH(int, reactors);
        SimHost host(reactors, 1, smallQueues());
        auto slow = reader(host, 0, "slow", 0);
        auto publisher = host.connect(reactors - 1, "p");
        constexpr int kAll = 1000;
        int sent = 0;
        qint64 ms = 0;
        while (sent < kAll) {
            if (publisher->stream->unread() == 0)
                sent += publishUntilHeld(host, *publisher, sent, kAll - sent);
            slow->stream->setRoom(kBytesPerMessage);
            host.advance(kNsPerMs);
            slow->stream->takeSent();
            QVERIFY(++ms < 2 * kAll);
        }
        slow->stream->setRoom(-1);
        host.settle();
        QVERIFY(payloads(*slow) == numbers(0, kAll));
        QCOMPARE(host.drops(core::DropReason::QueueFull), quint64(0));
        // Its pace: one message per millisecond.
        QVERIFY(ms >= kAll - int(kQueue));
    }

    // DS-03, DS-06: who does not read at all costs the others one pause, then its own link.
    void aDeadReaderDelaysOthersOnce_data() { reactors_data(); }

    void aDeadReaderDelaysOthersOnce()
    {
        QFETCH(int, reactors);
        SimHost host(reactors, 1, smallQueues());
        auto dead = reader(host, 0, "dead", 0);
        Links fast;
        for (int i = 0; i < 9; ++i) {
            fast.push_back(host.connect(i % reactors, "f" + std::to_string(i)));
            (*fast.back())->subscribe("t");
        }
        auto publisher = host.connect(reactors - 1, "p");
        constexpr int kAll = 1000;
        int sent = 0;
        qint64 delayed = 0;
        while (sent < kAll) {
            if (publisher->stream->unread() == 0) {
                sent += publishUntilHeld(host, *publisher, sent, kAll - sent);
                continue;
            }
            host.advance(kNsPerMs);
            delayed += kNsPerMs;
        }
        QVERIFY(delayed <= kPatienceNs);
        for (const auto &link : fast) {
            QVERIFY(link->isOpen());
            QVERIFY(payloads(*link) == numbers(0, kAll));
        }
        QCOMPARE(dead->record->closing.code(), ErrorCode::QueueOverflow);
        QVERIFY(host.drops(core::DropReason::QueueFull) > 0);
    }

    // DS-05, DS-06: what was queued before the overflow stays readable, what was not is counted.
    void overflowEndsTheSlowLinkOnly_data() { reactors_data(); }

    void overflowEndsTheSlowLinkOnly()
    {
        QFETCH(int, reactors);
        SimHost host(reactors, 1, smallQueues());
        auto slow = host.connect(0, "slow", 60);
        slow->record->window = 0;
        (*slow)->subscribe("t", 1);
        auto fast = host.connect(reactors / 2, "fast", 60);
        (*fast)->subscribe("t", 1);
        auto publisher = host.connect(reactors - 1, "p");
        host.settle();
        constexpr int kAll = 150;
        for (int i = 0; i < kAll; ++i) {
            (*publisher)->publish("t", std::to_string(i), 1, false, 1);
            host.settle();
        }
        host.advance(3 * kNsPerSecond);
        QCOMPARE(slow->record->closing.code(), ErrorCode::QueueOverflow);
        QVERIFY(!slow->isOpen());
        QVERIFY(fast->isOpen());
        QVERIFY(payloads(*fast) == numbers(0, kAll));
        auto back = host.connect(reactors - 1, "slow", 60);
        QVERIFY(back->record->grant.resumed);
        QCOMPARE(back->record->got.size() + host.drops(core::DropReason::QueueFull),
                 std::size_t(kAll));
        QCOMPARE(back->record->got.size(), std::size_t(kQueue));
    }

    // Nobody is there to be told: the latest are worth more than the oldest.
    void aDetachedSessionDropsTheOldest_data() { reactors_data(); }

    void aDetachedSessionDropsTheOldest()
    {
        QFETCH(int, reactors);
        SimHost host(reactors, 1, smallQueues());
        {
            auto away = host.connect(0, "away", 60);
            (*away)->subscribe("t", 1);
            host.settle();
            away->stream->breakOff();
            host.settle();
        }
        auto publisher = host.connect(reactors - 1, "p");
        for (int i = 0; i < int(kQueue) + 50; ++i)
            (*publisher)->publish("t", std::to_string(i), 1, false, 1);
        host.settle();
        auto back = host.connect(reactors / 2, "away", 60);
        QVERIFY(payloads(*back) == numbers(50, int(kQueue) + 50));
        // What it lost is told before what is left (DS-05).
        QCOMPARE(back->record->notices.size(), std::size_t(1));
        QVERIFY(back->record->notices[0].find("\"count\":50") != std::string::npos);
        QCOMPARE(host.drops(core::DropReason::QueueFull), quint64(50));
    }

    void theLimitInBytesCounts_data() { reactors_data(); }

    void theLimitInBytesCounts()
    {
        QFETCH(int, reactors);
        core::DistributorLimits limits;
        limits.session.queueBytes = 10'000;
        SimHost host(reactors, 1, limits);
        {
            auto away = host.connect(0, "away", 60);
            (*away)->subscribe("t", 1);
            host.settle();
            away->stream->breakOff();
            host.settle();
        }
        auto publisher = host.connect(reactors - 1, "p");
        const std::string body(999, 'b');
        for (int i = 0; i < 15; ++i)
            (*publisher)->publish("t", body, 1, false, 1);
        // Larger than a whole queue: it is lost, and costs nobody else his place.
        (*publisher)->publish("t", std::string(10'000, 'x'), 1, false, 1);
        host.settle();
        auto back = host.connect(0, "away", 60);
        QVERIFY(payloads(*back) == std::vector<std::string>(10, body));
        QCOMPARE(host.drops(core::DropReason::QueueFull), quint64(6));
        QCOMPARE(publisher->record->completions.size(), std::size_t(16));
    }

    // What is in flight counts too (DS-03).
    void whatIsInFlightTakesRoomInTheQueue()
    {
        SimHost host(1, 1, smallQueues());
        auto link = host.connect(0, "x", 60);
        link->record->autoSettle = false;
        link->record->window = 1000;
        (*link)->subscribe("t", 1);
        auto publisher = host.connect(0, "p");
        for (int i = 0; i <= int(kQueue); ++i) {
            QVERIFY(link->record->closing.isNull());
            (*publisher)->publish("t", std::to_string(i), 1, false, 1);
            host.settle();
        }
        QCOMPARE(link->record->got.size(), std::size_t(kQueue));
        QCOMPARE(link->record->closing.code(), ErrorCode::QueueOverflow);
    }

    // One read may hold more messages to oneself than a queue does; whoever reads loses none.
    void aBigReadToOneselfOverflowsNothing()
    {
        SimHost host(1, 1, smallQueues());
        auto link = host.connect(0, "x");
        (*link)->subscribe("t");
        host.settle();
        int sent = 0;
        link->record->onBytes = [&](ByteSpan input) {
            Consumed consumed;
            while (consumed.used < input.size()) {
                ++consumed.used;
                if ((*link)->publish("t", std::to_string(sent++)) == Flow::Pause)
                    break;
            }
            return consumed;
        };
        link->stream->arrive(std::string(5000, 'x'));
        QVERIFY(host.settle());
        QVERIFY(link->isOpen());
        QVERIFY(payloads(*link) == numbers(0, 5000));
    }

    // The end of a link for overflow waits until its driver has returned.
    void aDriverIsNotEnteredTwice()
    {
        SimHost host(1, 1, smallQueues());
        auto link = host.connect(0, "x", 60);
        link->record->window = 0; // nothing is taken
        (*link)->subscribe("t", 1);
        host.settle();
        bool entered = false;
        link->record->onBytes = [&](ByteSpan input) {
            for (int i = 0; i < 600; ++i)
                (void)(*link)->publish("t", std::to_string(i), 1, false, 1);
            entered = !link->record->closing.isNull();
            return Consumed{input.size(), 0};
        };
        link->stream->arrive("x");
        QVERIFY(host.settle());
        QVERIFY(!entered);
        QCOMPARE(link->record->closing.code(), ErrorCode::QueueOverflow);
        QCOMPARE(host.drops(core::DropReason::QueueFull), quint64(600 - kQueue));
    }

    // Two who flood each other without reading are parted, not locked up.
    void mutualFloodsEnd_data() { reactors_data(); }

    void mutualFloodsEnd()
    {
        QFETCH(int, reactors);
        SimHost host(reactors, 1, smallQueues());
        Links links;
        for (int i = 0; i < 2; ++i) {
            links.push_back(host.connect(i % reactors, "x" + std::to_string(i)));
            links.back()->record->bytesPerMessage = kBytesPerMessage;
            links.back()->stream->setRoom(0);
            (*links.back())->subscribe("t/" + std::to_string(1 - i));
            auto *link = links.back().get();
            link->record->onBytes = [link, i](ByteSpan input) {
                Consumed consumed;
                while (consumed.used < input.size()) {
                    ++consumed.used;
                    if ((*link)->publish("t/" + std::to_string(i), "m") == Flow::Pause)
                        break;
                }
                return consumed;
            };
        }
        host.settle();
        for (const auto &link : links)
            link->stream->arrive(std::string(1000, 'x'));
        host.settle();
        QVERIFY(links[0]->isOpen() && links[1]->isOpen());
        // Their streams are full, so neither is read before its link ends.
        host.advance(4 * kPatienceNs);
        for (const auto &link : links)
            link->stream->setRoom(-1);
        host.advance(kNsPerSecond);
        host.settle();
        for (const auto &link : links)
            QVERIFY(!link->isOpen() || link->stream->unread() == 0);
    }
};

QTEST_GUILESS_MAIN(tst_Overrun)
#include "tst_overrun.moc"
