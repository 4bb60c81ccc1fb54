// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "durablerun.h"

#include <QTemporaryDir>
#include <QTest>

using namespace fairlead;
using namespace fairlead::test;

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
};

QTEST_GUILESS_MAIN(tst_DurableStreams)
#include "tst_durablestreams.moc"
