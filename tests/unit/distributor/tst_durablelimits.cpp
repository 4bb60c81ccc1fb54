// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "durablerun.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

using namespace fairlead;
using namespace fairlead::test;

class tst_DurableLimits : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    // Acknowledged is stored, whether somebody is there to get it or not.
    void itsPublishersWaitForTheStore()
    {
        sim::SimClock clock;
        core::MemoryEngine engine;
        Run run(engine, clock, {stream("s", "s/#")});
        const Peer source = run.host.connect(0, "p");
        run.publish(source, "s/a", 0, 1, 1);
        QVERIFY(source->record->completions.empty());
        run.settle();
        QCOMPARE(source->record->completions.size(), std::size_t(1));
        QCOMPARE(source->record->completions[0].outcome, Outcome::NoReceiver);
        QCOMPARE(countsOf(engine).logged, 1);
    }

    // What a full disk kept out of the log is told to who may miss it: once, and only if the host
    // ended before there was room again.
    void aFullDiskIsAGapAfterTheNextStart()
    {
        sim::SimClock clock;
        core::MemoryEngine engine;
        std::string kept;
        std::string lost;
        {
            Run run(engine, clock, {stream("s", "s/#")});
            const Peer source = run.host.connect(0, "p");
            const Peer one = run.subscriber("x", "s/#");
            run.publish(source, "s/a", 0, 5, 0);
            run.settle();
            engine.setRefusal(full());
            run.publish(source, "s/a", 5, 8, 0);
            run.settle();
            QVERIFY(run.store.isDegraded());
            // Live it goes on, and this host has all of it.
            QVERIFY(payloads(*one) == numbers(0, 8));
            const Peer other = run.subscriber("y", "$replay/" + placeOf(*one, 2) + "/s/#");
            run.settle();
            QVERIFY(payloads(*other) == numbers(3, 8));
            QVERIFY(other->record->notices.empty());
            (*source)->publish("s/a", "refused", 1, false, 77);
            run.host.settle();
            QCOMPARE(source->record->completions.back().outcome, Outcome::Quota);
            kept = placeOf(*one, 2);
            lost = placeOf(*one, 7);
        }
        engine.setRefusal({});
        for (int start = 0; start < 2; ++start) {
            Run run(engine, clock, {stream("s", "s/#")});
            QCOMPARE(run.kept.isComplete, start > 0);
            const Peer one = run.subscriber("x", "$replay/" + kept + "/s/#");
            const Peer other = run.subscriber("y", "$replay/" + lost + "/s/#");
            run.settle();
            QVERIFY(payloads(*one) == numbers(3, 5));
            QCOMPARE(one->record->notices.size(), std::size_t(1));
            QCOMPARE(one->record->noticesAt.at(0), std::size_t(0));
            QVERIFY(payloads(*other).empty());
            QCOMPARE(other->record->notices.size(), std::size_t(1));
            const QJsonObject told
                = QJsonDocument::fromJson(QByteArray::fromStdString(other->record->notices[0]))
                      .object();
            QCOMPARE(told.value(QStringLiteral("reason")).toString(), QStringLiteral("replay-gap"));
            QCOMPARE(told.value(QStringLiteral("requested")).toString().toStdString(), lost);
        }
    }

    // With room again before the end nothing is missing.
    void whatAFullDiskDelayedIsKeptInTheEnd()
    {
        sim::SimClock clock;
        core::MemoryEngine engine;
        std::string place;
        {
            Run run(engine, clock, {stream("s", "s/#")});
            const Peer source = run.host.connect(0, "p");
            const Peer one = run.subscriber("x", "s/#");
            run.publish(source, "s/a", 0, 3, 0);
            run.settle();
            engine.setRefusal(full());
            run.publish(source, "s/a", 3, 5, 0);
            // Refused to its publisher, but seen by who was there.
            run.publish(source, "s/a", 5, 6, 1);
            run.settle();
            QCOMPARE(source->record->completions.back().outcome, Outcome::Quota);
            QVERIFY(payloads(*one) == numbers(0, 6));
            engine.setRefusal({});
            run.settle();
            QVERIFY(!run.store.isDegraded());
            place = placeOf(*one, 1);
        }
        Run run(engine, clock, {stream("s", "s/#")});
        QVERIFY(run.kept.isComplete);
        const Peer one = run.subscriber("x", "$replay/" + place + "/s/#");
        run.settle();
        QVERIFY(payloads(*one) == numbers(2, 6));
        QVERIFY(one->record->notices.empty());
    }

    // RP-01 holds for the log, and over a restart.
    void theLogHasTheBoundsOfTheRing()
    {
        sim::SimClock clock;
        core::MemoryEngine engine;
        std::string early;
        std::string late;
        core::StreamSpec spec = stream("s", "s/#");
        spec.limits = {500, 0, 0};
        {
            Run run(engine, clock, {spec});
            const Peer source = run.host.connect(0, "p");
            const Peer one = run.subscriber("x", "s/#");
            for (int i = 0; i < 3000; i += 100) {
                run.publish(source, "s/a", i, i + 100, 0);
                run.publish(source, "t", 0, 3, 0);
                run.settle();
                QVERIFY(countsOf(engine).logged < 500 + 256 + 100);
            }
            early = placeOf(*one, 2000);
            late = placeOf(*one, 2600);
        }
        Run run(engine, clock, {spec});
        const Peer one = run.subscriber("x", "$replay/" + late + "/s/#");
        const Peer other = run.subscriber("y", "$replay/" + early + "/s/#");
        run.settle();
        QCOMPARE(countsOf(engine).logged, 500);
        QVERIFY(payloads(*one) == numbers(2601, 3000));
        QVERIFY(one->record->notices.empty());
        QVERIFY(payloads(*other) == numbers(2500, 3000));
        QCOMPARE(other->record->notices.size(), std::size_t(1));
    }

    // RP-01: what is too old goes without traffic; a message grows no younger over a restart.
    void itsAgeGoesOnOverARestart()
    {
        sim::SimClock clock;
        core::MemoryEngine engine;
        std::string place;
        core::StreamSpec spec = stream("s", "s/#");
        spec.limits.ageNs = 300 * kNsPerSecond;
        {
            Run run(engine, clock, {spec});
            const Peer source = run.host.connect(0, "p");
            const Peer one = run.subscriber("x", "s/#");
            run.publish(source, "s/a", 0, 2, 0);
            run.settle();
            run.host.advance(200 * kNsPerSecond);
            run.publish(source, "s/a", 2, 4, 0);
            run.settle();
            place = placeOf(*one, 0);
        }
        {
            Run run(engine, clock, {spec});
            QCOMPARE(run.host.distributor().streams.ring(1).count(), quint64(4));
            const Peer one = run.subscriber("x", "$replay/250s/s/#");
            run.settle();
            QVERIFY(payloads(*one) == numbers(0, 4));
            run.host.advance(101 * kNsPerSecond);
            run.settle();
            QCOMPARE(countsOf(engine).logged, 2);
            QCOMPARE(run.host.distributor().streams.ring(1).count(), quint64(2));
        }
        Run run(engine, clock, {spec});
        run.host.advance(300 * kNsPerSecond);
        run.settle();
        QCOMPARE(countsOf(engine).messages, 0);
        const Peer one = run.subscriber("x", "$replay/" + place + "/s/#");
        run.settle();
        QCOMPARE(one->record->notices.size(), std::size_t(1));
    }

    // Without a durable stream nothing is stored for one.
    void aStreamInMemoryStoresNothing()
    {
        sim::SimClock clock;
        core::MemoryEngine engine;
        core::StreamSpec spec = stream("s", "s/#");
        spec.durable = false;
        Run run(engine, clock, {spec});
        const Peer source = run.host.connect(0, "p");
        run.publish(source, "s/a", 0, 5, 1);
        QCOMPARE(source->record->completions.size(), std::size_t(5));
        run.settle();
        const Counts counts = countsOf(engine);
        QCOMPARE(counts.messages, 0);
        QVERIFY(counts.values.empty());
    }
};

QTEST_GUILESS_MAIN(tst_DurableLimits)
#include "tst_durablelimits.moc"
