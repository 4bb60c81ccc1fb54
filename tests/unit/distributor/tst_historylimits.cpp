// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "historytest.h"

#include <QTest>

using namespace fairlead;
using namespace fairlead::history;
using sim::SimHost;

/// What is kept and for whom, and what is told of what is not.
class tst_HistoryLimits : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    // RP-01: kept though nobody asked for it, and let go of without traffic.
    void whatNobodyTakesIsKeptForItsTime()
    {
        SimHost host(2);
        const Peer source = host.connect(0, "p");
        publish(host, source, "t", 0, 5);
        publish(host, source, "$other/t", 0, 5);
        QCOMPARE(kept(host), quint64(5));
        host.advance(299 * kNsPerSecond);
        QCOMPARE(kept(host), quint64(5));
        publish(host, source, "t", 5, 6);
        host.advance(kNsPerSecond);
        QCOMPARE(kept(host), quint64(1));
        host.advance(300 * kNsPerSecond);
        QCOMPARE(kept(host), quint64(0));
        publish(host, source, "t", 6, 7);
        host.advance(300 * kNsPerSecond);
        QCOMPARE(kept(host), quint64(0));
    }

    // RP-01: a publisher is still told that nobody got it.
    void keepingIsNotReceiving()
    {
        SimHost host(1);
        const Peer source = host.connect(0, "p");
        (*source)->publish("t", "m", 1, false, 1);
        host.settle();
        QCOMPARE(source->record->completions.at(0).outcome, Outcome::NoReceiver);
    }

    // RP-04: exactly one notice, before the first message.
    void aGapIsToldFirstAndOnce()
    {
        SimHost host(1, 1, keeping(10));
        const Peer source = host.connect(0, "p");
        publish(host, source, "t", 0, 30);
        const Peer link = host.connect(0, "x");
        subscribe(link, "$replay/5/t");
        host.settle();
        publish(host, source, "t", 30, 40);
        QVERIFY(payloads(*link) == numbers(20, 40));
        QCOMPARE(link->record->notices.size(), std::size_t(1));
        QCOMPARE(link->record->noticesAt.at(0), std::size_t(0));
        const QJsonObject told = notice(*link, 0);
        QCOMPARE(told.value(QLatin1String("reason")).toString(), QStringLiteral("replay-gap"));
        QCOMPARE(told.value(QLatin1String("filter")).toString(), QStringLiteral("t"));
        QCOMPARE(told.value(QLatin1String("first")).toInt(), 6);
        QCOMPARE(told.value(QLatin1String("last")).toInt(), 20);
        QCOMPARE(told.value(QLatin1String("requested")).toString(), QStringLiteral("1:5"));
        QCOMPARE(told.value(QLatin1String("oldest")).toString(), QStringLiteral("1:21"));
    }

    // RP-04: who has no place of his own misses nothing.
    void aFreshSubscriptionHasNoGap_data()
    {
        QTest::addColumn<QByteArray>("filter");
        QTest::newRow("live alone") << QByteArray("t");
        QTest::newRow("the last") << QByteArray("$replay/-100/t");
        QTest::newRow("a time") << QByteArray("$replay/1d/t");
        QTest::newRow("caught up") << QByteArray("$replay/30/t");
        QTest::newRow("all that is kept") << QByteArray("$replay/20/t");
    }

    void aFreshSubscriptionHasNoGap()
    {
        QFETCH(QByteArray, filter);
        SimHost host(1, 1, keeping(10));
        const Peer source = host.connect(0, "p");
        publish(host, source, "t", 0, 30);
        const Peer link = host.connect(0, "x");
        subscribe(link, filter.toStdString());
        host.settle();
        QVERIFY(link->record->notices.empty());
    }

    // RP-04: the ring is off.
    void withoutHistoryItIsAllGap()
    {
        SimHost host(2, 1, keepingNothing());
        const Peer source = host.connect(0, "p");
        publish(host, source, "t", 0, 30);
        QCOMPARE(kept(host), quint64(0));
        const Peer link = host.connect(1, "x");
        // The witness is what keeps the sequence going.
        subscribe(source, "#");
        publish(host, source, "t", 30, 40);
        subscribe(link, "$replay/5/t");
        publish(host, source, "t", 40, 50);
        QVERIFY(payloads(*link) == numbers(40, 50));
        QCOMPARE(link->record->notices.size(), std::size_t(1));
        QCOMPARE(notice(*link, 0).value(QLatin1String("last")).toInt(), 10);
        QVERIFY(notice(*link, 0).value(QLatin1String("oldest")).isNull());
    }

    // RP-05
    void aPlaceInAnotherEpochIsAGap()
    {
        SimHost host(1);
        const Peer source = host.connect(0, "p");
        publish(host, source, "t", 0, 30);
        const Peer link = host.connect(0, "x");
        subscribe(link, "$replay/7:500/t");
        host.settle();
        QVERIFY(payloads(*link) == numbers(0, 30));
        QCOMPARE(link->record->notices.size(), std::size_t(1));
        QCOMPARE(link->record->noticesAt.at(0), std::size_t(0));
        QCOMPARE(notice(*link, 0).value(QLatin1String("requested")).toString(),
                 QStringLiteral("7:500"));
    }

    // RP-02: what went while it was read is told where it is missing, and nothing waits in memory.
    void aSlowReaderIsOvertakenWithNotice()
    {
        SimHost host(2, 1, keeping(50));
        const Peer source = host.connect(0, "p");
        publish(host, source, "t", 0, 50);
        const Peer link = host.connect(1, "x");
        link->record->bytesPerMessage = kBytesPerMessage;
        link->stream->setRoom(0);
        subscribe(link, "$replay/0/t");
        host.settle();
        const std::size_t before = link->record->got.size();
        QVERIFY(before < 20);
        publish(host, source, "t", 50, 2000);
        core::Session *const session = link->host->session();
        QCOMPARE(session->queuedMessages(), std::size_t(0));
        QVERIFY(session->queuedBytes() == 0);
        link->stream->setRoom(-1);
        host.settle();
        QCOMPARE(link->record->notices.size(), std::size_t(1));
        const QJsonObject told = notice(*link, 0);
        const std::size_t lost = std::size_t(told.value(QLatin1String("last")).toInt()
                                             - told.value(QLatin1String("first")).toInt())
            + 1;
        QCOMPARE(link->record->got.size() + lost, std::size_t(2000));
        const std::size_t at = link->record->noticesAt.at(0);
        QCOMPARE(link->record->got.at(at - 1).position.sequence + 1,
                 quint64(told.value(QLatin1String("first")).toInt()));
        QCOMPARE(link->record->got.at(at).position.sequence,
                 quint64(told.value(QLatin1String("last")).toInt()) + 1);
        QCOMPARE(link->record->got.back().payload, std::string("1999"));
    }

    void asksThatAreRefused_data()
    {
        QTest::addColumn<QByteArray>("filter");
        QTest::addColumn<QByteArray>("from");
        QTest::newRow("no start") << QByteArray("$replay//t") << QByteArray();
        QTest::newRow("no filter") << QByteArray("$replay/0") << QByteArray();
        QTest::newRow("empty filter") << QByteArray("$replay/0/") << QByteArray();
        QTest::newRow("bad start") << QByteArray("$replay/soon/t") << QByteArray();
        QTest::newRow("bad property") << QByteArray("t") << QByteArray("soon");
        QTest::newRow("shared") << QByteArray("$share/g/$replay/0/t") << QByteArray();
        QTest::newRow("shared within") << QByteArray("$replay/0/$share/g/t") << QByteArray();
        QTest::newRow("shared with property") << QByteArray("$share/g/t") << QByteArray("0");
        QTest::newRow("system topics") << QByteArray("$replay/0/$SYS/#") << QByteArray();
        QTest::newRow("twice") << QByteArray("$replay/0/$replay/0/t") << QByteArray();
    }

    void asksThatAreRefused()
    {
        QFETCH(QByteArray, filter);
        QFETCH(QByteArray, from);
        SimHost host(1);
        const Peer link = host.connect(0, "x");
        subscribe(link, filter.toStdString(), from.toStdString());
        host.settle();
        QCOMPARE(link->record->subscribed.at(0).outcome, Outcome::Invalid);
        QCOMPARE(link->host->session()->subscriptions().size(), 0);
    }

    // Access is decided for the filter alone.
    void accessIsThatOfTheFilter()
    {
        class OnlyPublic final : public AccessControl
        {
        public:
            bool mayPublish(const Principal &, ByteSpan, ByteSpan) const override { return true; }

            bool maySubscribe(const Principal &, ByteSpan, ByteSpan filter) const override
            {
                return filter.starts_with("public/");
            }

            quint64 revision() const noexcept override { return 1; }
        };

        SimHost host(1);
        host.endpoint().accessControl = std::make_shared<OnlyPublic>();
        const Peer source = host.connect(0, "p");
        publish(host, source, "secret/t", 0, 3);
        publish(host, source, "public/t", 0, 3);
        const Peer link = host.connect(0, "x");
        subscribe(link, "$replay/0/secret/t");
        subscribe(link, "secret/#", "0");
        subscribe(link, "$replay/0/public/#");
        host.settle();
        QCOMPARE(link->record->subscribed.at(0).outcome, Outcome::NotAuthorized);
        QCOMPARE(link->record->subscribed.at(1).outcome, Outcome::NotAuthorized);
        QCOMPARE(link->record->subscribed.at(2).outcome, Outcome::Done);
        QCOMPARE(link->record->got.size(), std::size_t(3));
        QCOMPARE(link->record->got.at(0).topic, std::string("public/t"));
    }

    void expiredMessagesAreNotReplayed()
    {
        SimHost host(1);
        const Peer source = host.connect(0, "p");
        (*source)->publish("t", "short", 0, false, 0, 0, 10);
        (*source)->publish("t", "long", 0, false, 0, 0, 100);
        host.advance(20 * kNsPerSecond);
        const Peer link = host.connect(0, "x");
        subscribe(link, "$replay/0/t");
        host.settle();
        QVERIFY((payloads(*link) == std::vector<std::string>{"long"}));
        QCOMPARE(link->record->got.at(0).expirySeconds, quint32(80));
        QCOMPARE(host.drops(core::DropReason::Expired), quint64(1));
    }

    // A configured stream answers for what is its own, on its own terms.
    void aStreamOfItsOwnKeepsLonger()
    {
        core::DistributorLimits limits = keeping(10);
        core::StreamSpec spec;
        spec.name = "meters";
        spec.filter = *TopicFilter::parse("meter/#");
        spec.limits.count = 1000;
        spec.limits.ageNs = 0;
        limits.streams.push_back(spec);
        SimHost host(1, 1, limits);
        const Peer source = host.connect(0, "p");
        publish(host, source, "meter/1", 0, 500);
        publish(host, source, "other", 0, 500);
        host.advance(1000 * kNsPerSecond);
        const Peer link = host.connect(0, "x");
        subscribe(link, "$replay/0/meter/+");
        host.settle();
        QVERIFY(payloads(*link) == numbers(0, 500));
        QVERIFY(link->record->notices.empty());
    }
};

QTEST_GUILESS_MAIN(tst_HistoryLimits)
#include "tst_historylimits.moc"
