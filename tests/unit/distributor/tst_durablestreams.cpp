// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/restore.h"
#include "core/store/memoryengine.h"
#include "core/store/sqliteengine.h"
#include "core/store/store.h"
#include "simhost.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QTemporaryDir>
#include <QTest>

#include <map>

using namespace fairlead;
using sim::SimHost;

namespace {

using Peer = std::unique_ptr<sim::SimLink>;

/// Counts what a store keeps.
class Counts final : public core::StoreVisitor
{
public:
    void visitSession(core::SessionRow) override { }

    void visitSubscription(core::SubscriptionRow) override { }

    void visitKey(quint64, quint32) override { }

    void visitRetained(const QByteArray &, quint64) override { }

    void visitMessage(core::MessageRow row) override
    {
        ++messages;
        logged += row.streams != 0 ? 1 : 0;
    }

    void visitSettled(quint64, const QByteArray &) override { }

    void visitTag(const core::TagRow &) override { }

    void visitValue(core::record::PutValue row) override { ++values[row.space]; }

    int messages = 0;
    int logged = 0;
    std::map<QByteArray, int> values;
};

core::StreamSpec stream(const char *name, const char *filter)
{
    core::StreamSpec spec;
    spec.name = name;
    spec.filter = *TopicFilter::parse(filter);
    spec.durable = true;
    spec.limits = {1000, 0, 0};
    return spec;
}

/// One start of the host on the engine.
class Run
{
public:
    Run(core::StorageEngine &engine, sim::SimClock &clock, std::vector<core::StreamSpec> streams)
        : store(engine, clock, core::Store::Options())
        , kept(store.open())
        , host(setup(clock, std::move(streams)))
    {
        core::restore(host.distributor(), kept);
        for (int i = 0; i < host.reactorCount(); ++i) {
            core::Reactor &reactor = host.reactor(i);
            reactor.post([&reactor] { reactor.beginWaiting(); });
        }
        host.settle();
    }

    /// Everything that can be kept is.
    void settle()
    {
        for (int i = 0; i < 20; ++i) {
            host.settle();
            static_cast<void>(store.drain());
            host.wakeAll();
        }
        host.settle();
    }

    void publish(const Peer &link, const char *topic, int from, int to, quint8 qos = 0)
    {
        for (int i = from; i < to; ++i)
            (*link)->publish(topic, std::to_string(i), qos, false, quint32(i + 1));
        host.settle();
    }

    Peer subscriber(const char *peerKey, const std::string &filter, const std::string &from = {})
    {
        Peer link = host.connect(0, peerKey);
        SubscribeRequest request;
        request.filter = filter;
        request.replayFrom = from;
        request.showPositions = true;
        (*link)->lease()->subscribe(&request, 1, 1);
        host.settle();
        return link;
    }

    core::Store store;
    const core::Recovered kept;
    SimHost host;

private:
    SimHost::Setup setup(sim::SimClock &clock, std::vector<core::StreamSpec> streams)
    {
        SimHost::Setup setup;
        setup.reactors = 2;
        setup.limits.streams = std::move(streams);
        setup.store = &store;
        setup.next = {kept.epoch, kept.nextSequence};
        setup.clock = &clock;
        return setup;
    }
};

std::vector<std::string> payloads(const sim::SimLink &link)
{
    std::vector<std::string> list;
    for (const auto &got : link.record->got)
        list.push_back(got.payload);
    return list;
}

std::vector<std::string> numbers(int from, int to)
{
    std::vector<std::string> list;
    for (int i = from; i < to; ++i)
        list.push_back(std::to_string(i));
    return list;
}

std::string text(Position position)
{
    return std::to_string(position.epoch) + ':' + std::to_string(position.sequence);
}

std::string placeOf(const sim::SimLink &link, std::size_t index)
{
    return text(link.record->got.at(index).position);
}

Counts countsOf(core::StorageEngine &engine)
{
    Counts counts;
    [&] { QVERIFY(engine.open() && engine.load(counts)); }();
    return counts;
}

Error full()
{
    return {ErrorCode::StorageFull, QStringLiteral("no space is left")};
}

} // namespace

class tst_DurableStreams : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void engines_data()
    {
        QTest::addColumn<bool>("onDisk");
        QTest::addColumn<bool>("crash");
        QTest::newRow("memory, ended") << false << false;
        QTest::newRow("memory, crashed") << false << true;
        QTest::newRow("disk, ended") << true << false;
        QTest::newRow("disk, crashed") << true << true;
    }

    // RP-05: a position of an earlier start, where the log proves that nothing after it is missing.
    void aPositionOutlivesItsStart_data() { engines_data(); }

    void aPositionOutlivesItsStart()
    {
        QFETCH(bool, onDisk);
        QFETCH(bool, crash);
        const QTemporaryDir folder;
        sim::SimClock clock;
        core::MemoryEngine memory;
        core::SqliteEngine::Options options;
        options.place.path = folder.filePath(QStringLiteral("store.db"));
        core::SqliteEngine disk(options, clock);
        core::StorageEngine &engine = onDisk ? static_cast<core::StorageEngine &>(disk) : memory;
        std::string place;
        {
            Run run(engine, clock, {stream("s", "s/#")});
            const Peer source = run.host.connect(0, "p");
            const Peer one = run.subscriber("x", "s/#");
            run.publish(source, "s/a", 0, 5, 0);
            run.publish(source, "other", 100, 110, 1);
            run.publish(source, "s/b", 5, 10, 1);
            run.settle();
            QVERIFY(payloads(*one) == numbers(0, 10));
            place = placeOf(*one, 4);
            if (!crash)
                QVERIFY(run.store.close());
        }
        for (int start = 0; start < 3; ++start) {
            Run run(engine, clock, {stream("s", "s/#")});
            const int count = 10 + start;
            QCOMPARE(run.kept.streams[0].size(), std::size_t(count));
            const Peer one = run.subscriber("x", "$replay/" + place + "/s/#");
            const Peer all = run.subscriber("y", "s/#", "0");
            const Peer source = run.host.connect(1, "p");
            run.publish(source, "s/a", count, count + 1, 1);
            run.settle();
            QVERIFY(payloads(*one) == numbers(5, count + 1));
            QVERIFY(one->record->notices.empty());
            QVERIFY(payloads(*all) == numbers(0, count + 1));
            if (!crash)
                QVERIFY(run.store.close());
        }
    }

    // A position is not shown before its message is kept, so that no crash can take it back.
    void aPositionIsShownOnceItIsKept()
    {
        sim::SimClock clock;
        core::MemoryEngine engine;
        std::string place;
        {
            Run run(engine, clock, {stream("s", "s/#")});
            const Peer source = run.host.connect(0, "p");
            const Peer one = run.subscriber("x", "s/#");
            const Peer other = run.host.connect(1, "y");
            (*other)->subscribe("s/#");
            run.settle();
            run.publish(source, "s/a", 0, 5, 0);
            run.settle();
            run.publish(source, "s/a", 5, 8, 0);
            QVERIFY(payloads(*one) == numbers(0, 5));
            QVERIFY(payloads(*other) == numbers(0, 8));
            const Peer reader = run.subscriber("z", "$replay/0/s/#");
            QVERIFY(payloads(*reader).empty());
            place = placeOf(*one, 4);
        }
        Run run(engine, clock, {stream("s", "s/#")});
        const Peer one = run.subscriber("x", "$replay/" + place + "/s/#");
        const Peer source = run.host.connect(0, "p");
        run.publish(source, "s/a", 8, 9, 1);
        run.settle();
        QVERIFY(payloads(*one) == numbers(8, 9));
        QVERIFY(one->record->notices.empty());
    }

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

    // What another filter selected, or a start that did not log, is no history of the stream.
    void anotherStreamBeginsAnew()
    {
        sim::SimClock clock;
        core::MemoryEngine engine;
        std::string place;
        std::string last;
        {
            Run run(engine, clock, {stream("s", "s/#"), stream("t", "t/#")});
            const Peer source = run.host.connect(0, "p");
            const Peer one = run.subscriber("x", "s/#");
            run.publish(source, "s/a", 0, 5, 0);
            run.publish(source, "t/a", 0, 5, 0);
            run.settle();
            place = placeOf(*one, 2);
        }
        {
            Run run(engine, clock, {stream("s", "s/+"), stream("a", "t/+")});
            const Peer one = run.subscriber("x", "$replay/" + place + "/s/+");
            const Peer other = run.subscriber("y", "$replay/0/t/+");
            run.settle();
            for (const Peer *link : {&one, &other}) {
                QVERIFY(payloads(**link).empty());
                QCOMPARE((*link)->record->notices.size(), std::size_t(1));
            }
            const Counts counts = countsOf(engine);
            QCOMPARE(counts.messages, 0);
            QCOMPARE(counts.values.at("fairlead.stream"), 2);
            const Peer source = run.host.connect(0, "p");
            run.publish(source, "t/a", 5, 6, 0);
            run.settle();
            last = placeOf(*other, 0);
        }
        {
            const Run run(engine, clock, {});
            QVERIFY(run.kept.streams[0].size() + run.kept.streams[1].size() == 1);
        }
        // That start wrote nothing more, and yet it is known that there was one.
        Run run(engine, clock, {stream("a", "t/+")});
        const Peer one = run.subscriber("x", "$replay/" + last + "/t/+");
        run.settle();
        QVERIFY(payloads(*one).empty());
        QCOMPARE(one->record->notices.size(), std::size_t(1));
        QCOMPARE(countsOf(engine).messages, 0);
    }

    // A position that no start of this store can have shown.
    void aPositionOfAnotherStoreIsAGap()
    {
        sim::SimClock clock;
        core::MemoryEngine engine;
        Position place;
        {
            Run run(engine, clock, {stream("s", "s/#")});
            const Peer source = run.host.connect(0, "p");
            const Peer one = run.subscriber("x", "s/#");
            run.publish(source, "s/a", 0, 5, 0);
            run.settle();
            place = one->record->got.at(2).position;
        }
        Run run(engine, clock, {stream("s", "s/#")});
        const std::vector<Position> unknown = {{place.epoch - 1, place.sequence},
                                               {run.kept.epoch + 1, place.sequence},
                                               {place.epoch, run.kept.nextSequence}};
        for (const Position &position : unknown) {
            const Peer one = run.subscriber("x", "$replay/" + text(position) + "/s/#");
            run.settle();
            QCOMPARE(one->record->notices.size(), std::size_t(1));
            // Nobody can tell what of it is new.
            QVERIFY(payloads(*one) == numbers(0, 5));
        }
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

QTEST_APPLESS_MAIN(tst_DurableStreams)
#include "tst_durablestreams.moc"
