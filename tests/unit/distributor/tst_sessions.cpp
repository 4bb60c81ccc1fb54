// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "received.h"
#include "simhost.h"

#include <QTest>

using namespace fairlead;
using sim::SimHost;

namespace {

Error gone()
{
    return Error(ErrorCode::ConnectionClosed, QStringLiteral("gone"));
}

void lose(SimHost &host, sim::SimLink &link)
{
    link->link().close(gone(), CloseMode::Abort, false);
    host.settle();
}

} // namespace

class tst_Sessions : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void reactors_data()
    {
        QTest::addColumn<int>("reactors");
        QTest::newRow("one reactor") << 1;
        QTest::newRow("three reactors") << 3;
    }

    // [MQTT-3.1.2-5], [MQTT-4.4.0-1]: what was not acknowledged comes again, in order, marked.
    void aResumedSessionGetsWhatIsOwed_data() { reactors_data(); }

    void aResumedSessionGetsWhatIsOwed()
    {
        QFETCH(int, reactors);
        SimHost host(reactors);
        auto first = host.connect(0, "c", 60);
        first->record->autoSettle = false;
        (*first)->subscribe("t", 1);
        auto publisher = host.connect(0, "p");
        (*publisher)->publish("t", "1", 1, false, 1);
        (*publisher)->publish("t", "2", 1, false, 2);
        host.settle();
        QCOMPARE(first->record->got.size(), std::size_t(2));
        (*first)->settle(first->record->got[0].handle);
        lose(host, *first);
        (*publisher)->publish("t", "3", 1, false, 3);
        (*publisher)->publish("t", "lost at QoS 0", 0);
        host.settle();
        auto second = host.connect(reactors - 1, "c", 60);
        QVERIFY(second->record->grant.resumed);
        QVERIFY((payloads(*second) == std::vector<std::string>{"2", "3"}));
        QVERIFY(second->record->got[0].resent);
        QVERIFY(!second->record->got[1].resent);
    }

    // RG-01, RG-14, [MQTT-3.1.4-3]: the latest link has the session, the former one is fenced.
    void theLatestLinkTakesTheSession_data() { reactors_data(); }

    void theLatestLinkTakesTheSession()
    {
        QFETCH(int, reactors);
        SimHost host(reactors);
        auto publisher = host.connect(0, "p");
        std::vector<std::unique_ptr<sim::SimLink>> links;
        std::size_t delivered = 0;
        for (int i = 0; i < 12; ++i) {
            links.push_back(host.connect(i % reactors, "c", 60));
            QVERIFY(links.back()->record->grant.lease);
            QCOMPARE(links.back()->record->grant.resumed, i > 0);
            if (i == 0)
                (*links.back())->subscribe("t", 1);
            else
                QVERIFY(!links[links.size() - 2]->isOpen());
            host.settle();
            (*publisher)->publish("t", std::to_string(i), 1, false, 1);
            host.settle();
            delivered += links.back()->record->got.size();
            QCOMPARE(links.back()->record->got.size(), std::size_t(1));
            QCOMPARE(links.back()->record->got[0].payload, std::to_string(i));
        }
        QCOMPARE(delivered, std::size_t(12));
        QCOMPARE(host.distributor().links.size(), qsizetype(2));
        QCOMPARE(host.distributor().directory.count(), quint64(2));
    }

    // RG-01 under racing claims: exactly one link stays, and nothing is lost or repeated.
    void racingLinksEndAsOne_data()
    {
        QTest::addColumn<int>("seed");
        for (int seed = 1; seed <= 30; ++seed)
            QTest::addRow("seed %d", seed) << seed;
    }

    void racingLinksEndAsOne()
    {
        QFETCH(int, seed);
        SimHost host(3, quint64(seed));
        auto publisher = host.connect(0, "p");
        auto first = host.connect(1, "c", 3600);
        (*first)->subscribe("t", 1);
        host.settle();
        std::vector<std::unique_ptr<sim::SimLink>> links;
        links.push_back(std::move(first));
        int published = 0;
        for (int round = 0; round < 60; ++round) {
            if (host.random().chance(30)) {
                links.push_back(host.open(int(host.random().below(3))));
                (*links.back())->connect("c", 3600);
            }
            if (host.random().chance(10) && links.back()->isOpen()) {
                (*links.back())->link().close(gone(), CloseMode::Abort, false);
            }
            (*publisher)->publish("t", std::to_string(published++), 1, false, 1);
            for (auto steps = host.random().below(4); steps > 0; --steps)
                host.step();
        }
        QVERIFY(host.settle());
        auto last = host.connect(int(host.random().below(3)), "c", 3600);
        QVERIFY(last->record->grant.resumed);
        links.push_back(std::move(last));
        int open = 0;
        std::vector<std::string> got;
        for (const auto &link : links) {
            open += link->isOpen() ? 1 : 0;
            for (const auto &one : link->record->got) {
                if (!one.resent)
                    got.push_back(one.payload);
            }
        }
        QCOMPARE(open, 1);
        std::vector<std::string> expected;
        for (int i = 0; i < published; ++i)
            expected.push_back(std::to_string(i));
        std::sort(got.begin(), got.end());
        std::sort(expected.begin(), expected.end());
        QVERIFY(got == expected);
        QCOMPARE(host.distributor().directory.count(), quint64(2));
    }

    // [MQTT-3.1.2-4], [MQTT-3.1.2-6]
    void aCleanStartDiscardsWhatWas_data() { reactors_data(); }

    void aCleanStartDiscardsWhatWas()
    {
        QFETCH(int, reactors);
        SimHost host(reactors);
        auto first = host.connect(0, "c", 60);
        (*first)->subscribe("t", 1);
        host.settle();
        lose(host, *first);
        auto publisher = host.connect(0, "p");
        (*publisher)->publish("t", "old", 1, false, 1);
        host.settle();
        auto second = host.connect(reactors - 1, "c", 60, true);
        QVERIFY(!second->record->grant.resumed);
        (*publisher)->publish("t", "new", 1, false, 2);
        host.settle();
        QCOMPARE(second->record->got.size(), std::size_t(0));
        QCOMPARE(host.distributor().index.subscriptionCount(), quint64(0));
    }

    // RP-06, [MQTT-3.1.2-23]: exactly at the deadline.
    void aDetachedSessionExpiresAtItsDeadline()
    {
        SimHost host(1);
        auto first = host.connect(0, "c", 30);
        (*first)->subscribe("t", 1);
        host.settle();
        lose(host, *first);
        host.advance(30 * kNsPerSecond - 1);
        QCOMPARE(host.distributor().directory.count(), quint64(1));
        host.advance(1);
        QCOMPARE(host.distributor().directory.count(), quint64(0));
        QCOMPARE(host.distributor().index.subscriptionCount(), quint64(0));
        auto second = host.connect(0, "c", 30);
        QVERIFY(!second->record->grant.resumed);
    }

    void aSessionWithoutExpiryEndsWithItsLink()
    {
        SimHost host(1);
        auto link = host.connect(0, "c", 0);
        (*link)->subscribe("t", 1);
        host.settle();
        lose(host, *link);
        QCOMPARE(host.distributor().directory.count(), quint64(0));
        QCOMPARE(host.distributor().index.subscriptionCount(), quint64(0));
        QCOMPARE(host.distributor().links.size(), qsizetype(0));
    }

    // [MQTT-3.1.2-8], [MQTT-3.1.3-9], [MQTT-3.1.2-10]
    void aTestamentIsPublishedWhenTheLinkIsLost_data()
    {
        QTest::addColumn<quint32>("delay");
        QTest::addColumn<quint32>("expiry");
        QTest::addColumn<qint64>("due");
        QTest::newRow("at once") << 0U << 60U << qint64(0);
        QTest::newRow("after the delay") << 5U << 60U << 5 * kNsPerSecond;
        QTest::newRow("when the session ends first") << 50U << 10U << 10 * kNsPerSecond;
        QTest::newRow("with a session that ends at once") << 50U << 0U << qint64(0);
    }

    void aTestamentIsPublishedWhenTheLinkIsLost()
    {
        QFETCH(quint32, delay);
        QFETCH(quint32, expiry);
        QFETCH(qint64, due);
        SimHost host(1);
        auto watcher = host.connect(0, "w");
        (*watcher)->subscribe("will");
        Testament testament;
        testament.topic = "will";
        testament.payload = "bye";
        testament.delaySeconds = delay;
        auto link = host.open(0);
        (*link)->connect("c", expiry, false, &testament);
        host.settle();
        lose(host, *link);
        if (due > 0) {
            host.advance(due - 1);
            QCOMPARE(watcher->record->got.size(), std::size_t(0));
            host.advance(1);
            host.settle();
        }
        QVERIFY(payloads(*watcher) == std::vector<std::string>{"bye"});
        host.advance(100 * kNsPerSecond);
        QCOMPARE(watcher->record->got.size(), std::size_t(1));
    }

    // [MQTT-3.1.3-9]: a return in time cancels it.
    void aReturnInTimeCancelsADelayedTestament()
    {
        SimHost host(2);
        auto watcher = host.connect(0, "w");
        (*watcher)->subscribe("will");
        Testament testament;
        testament.topic = "will";
        testament.payload = "bye";
        testament.delaySeconds = 5;
        auto link = host.open(0);
        (*link)->connect("c", 60, false, &testament);
        host.settle();
        lose(host, *link);
        host.advance(4 * kNsPerSecond);
        auto back = host.connect(1, "c", 60);
        QVERIFY(back->record->grant.resumed);
        host.advance(60 * kNsPerSecond);
        QCOMPARE(watcher->record->got.size(), std::size_t(0));
    }

    // [MQTT-3.14.4-3]
    void aReleaseInOrderDiscardsTheTestament()
    {
        SimHost host(1);
        auto watcher = host.connect(0, "w");
        (*watcher)->subscribe("will");
        Testament testament;
        testament.topic = "will";
        testament.payload = "bye";
        for (const bool publish : {false, true}) {
            auto link = host.open(0);
            (*link)->connect("c", 0, false, &testament);
            host.settle();
            (*link)->lease()->release({publish, false, 0});
            lose(host, *link);
            QCOMPARE(watcher->record->got.size(), std::size_t(publish ? 1 : 0));
        }
    }

    // LC-08
    void aHandshakeHasOneDeadline()
    {
        SimHost host(1);
        auto link = host.open(0);
        host.settle();
        host.advance(5 * kNsPerSecond);
        link->stream->arrive("x");
        host.settle();
        host.advance(5 * kNsPerSecond - 1);
        QVERIFY(link->isOpen());
        host.advance(1);
        host.settle();
        QCOMPARE(link->record->closing.code(), ErrorCode::HandshakeTimeout);
        QVERIFY(!link->isOpen());
    }

    // LC-14
    void aGracefulEndSendsWhatWasAcceptedFirst()
    {
        SimHost host(1);
        auto link = host.connect(0, "c");
        link->stream->setRoom(10);
        char *bytes = (*link)->stream().reserve(100);
        std::fill_n(bytes, 100, 'x');
        (*link)->stream().commit(100);
        host.settle();
        QCOMPARE(host.reactor(0).shutDownLinks(Error(ErrorCode::ShuttingDown, QString())),
                 std::size_t(1));
        host.settle();
        QVERIFY(link->isOpen());
        link->stream->setRoom(-1);
        host.settle();
        QVERIFY(!link->isOpen());
    }

    void aGracefulEndIsBounded()
    {
        SimHost host(1);
        auto link = host.connect(0, "c");
        link->stream->setRoom(0);
        (*link)->stream().reserve(100);
        (*link)->stream().commit(100);
        host.settle();
        host.reactor(0).shutDownLinks(Error(ErrorCode::ShuttingDown, QString()));
        host.settle();
        QVERIFY(link->isOpen());
        host.advance(2 * kNsPerSecond);
        host.settle();
        QVERIFY(!link->isOpen());
        host.advance(2 * kNsPerSecond);
        host.settle();
        QVERIFY(host.reactor(0).isEmpty());
    }

    void theSessionLimitRefusesFurtherPeers()
    {
        core::DistributorLimits limits;
        limits.sessions = 2;
        SimHost host(1, 1, limits);
        auto a = host.connect(0, "a");
        auto b = host.connect(0, "b");
        auto c = host.connect(0, "c");
        QVERIFY(!c->record->grant.lease);
        QCOMPARE(c->record->grant.error.code(), ErrorCode::LimitReached);
        QVERIFY(!c->isOpen());
        // A peer that is known needs no further place.
        auto again = host.connect(0, "a");
        QVERIFY(again->record->grant.lease);
    }

    void subscriptionsAreBounded()
    {
        core::DistributorLimits limits;
        limits.session.subscriptions = 2;
        limits.session.filterLevels = 4;
        SimHost host(1, 1, limits);
        auto link = host.connect(0, "a");
        (*link)->subscribe("1");
        (*link)->subscribe("a/b/c/d");
        (*link)->subscribe("2");
        (*link)->subscribe("3");
        (*link)->subscribe("2");
        host.settle();
        std::vector<Outcome> outcomes;
        for (const auto &one : link->record->subscribed)
            outcomes.push_back(one.outcome);
        const std::vector<Outcome> expected
            = {Outcome::Done, Outcome::Quota, Outcome::Done, Outcome::Quota, Outcome::Done};
        QVERIFY(outcomes == expected);
    }
};

QTEST_GUILESS_MAIN(tst_Sessions)
#include "tst_sessions.moc"
