// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/overflowsettings.h"
#include "simhost.h"

#include <QTest>

#include <fairlead/clock.h>

using namespace fairlead;
using sim::SimHost;

namespace {

constexpr quint32 kQueue = 20;
constexpr qint64 kBytesPerMessage = 32 * 1024;

using Peer = std::unique_ptr<sim::SimLink>;

core::DistributorLimits limits(quint32 seats)
{
    core::StreamSpec stream;
    stream.name = "orders";
    stream.filter = *TopicFilter::parse("orders/#");
    stream.maxSubscribers = seats;
    core::DistributorLimits limits;
    limits.session.queueMessages = kQueue;
    limits.streams.push_back(stream);
    return limits;
}

/// A world where endpoints end the source, with one publisher and readers that do not read.
struct World
{
    explicit World(int reactors, quint32 seats = 8)
        : host(reactors, 1, limits(seats))
    {
        host.endpoint().overflow.policy = core::OverflowPolicy::FaultSource;
        publisher = host.connect(reactors - 1, "publisher", 60);
        other = host.connect(reactors - 1, "other");
    }

    Peer reader(int reactor, const char *name, bool observes, const char *filter = "orders/#")
    {
        using core::PeerKind;
        host.endpoint().peerKind = observes ? PeerKind::Observer : PeerKind::External;
        Peer link = host.connect(reactor, name);
        host.endpoint().peerKind = PeerKind::External;
        link->record->bytesPerMessage = kBytesPerMessage;
        link->stream->setRoom(0);
        (*link)->subscribe(filter);
        host.settle();
        return link;
    }

    /// Far more than a queue and its margin, unless the publisher is ended first.
    int flood(const char *topic = "orders/1")
    {
        int sent = 0;
        for (; sent < int(kQueue) * 20 && publisher->isOpen(); ++sent) {
            (*publisher)->publish(topic, std::to_string(sent));
            if (sent % 5 == 0)
                host.settle();
            if (sent == int(kQueue))
                host.advance(300 * kNsPerMs); // the patience is over
        }
        host.settle();
        return sent;
    }

    SimHost host;
    Peer publisher;
    Peer other;
};

} // namespace

/// The policy `fault-source`: what a limited stream's only subscriber cannot take ends who sends it.
class tst_FaultSource : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void reactors_data()
    {
        QTest::addColumn<int>("reactors");
        QTest::newRow("one reactor") << 1;
        QTest::newRow("two reactors") << 2;
    }

    // DS-07: one external subscriber, alone or beside an observer.
    void theSourceOfTheOnlySubscriberEnds_data()
    {
        QTest::addColumn<int>("reactors");
        QTest::addColumn<bool>("observed");
        for (const int reactors : {1, 2}) {
            QTest::addRow("DS-07 one external, %d reactors", reactors) << reactors << false;
            QTest::addRow("DS-07 one external and an observer, %d reactors", reactors)
                << reactors << true;
        }
    }

    void theSourceOfTheOnlySubscriberEnds()
    {
        QFETCH(int, reactors);
        QFETCH(bool, observed);
        World world(reactors);
        const Peer reader = world.reader(0, "reader", false);
        const Peer observer = observed ? world.reader(0, "observer", true) : Peer();
        const int sent = world.flood();
        QVERIFY(!world.publisher->isOpen());
        QCOMPARE(world.publisher->record->closing.code(), ErrorCode::LimitReached);
        QVERIFY(reader->isOpen());
        QVERIFY(world.other->isOpen());
        // DS-05, DS-10: what was queued comes, then what was lost is told.
        reader->stream->setRoom(-1);
        world.host.settle();
        QVERIFY(!reader->record->notices.empty());
        QVERIFY(int(reader->record->got.size()) < sent);
        for (std::size_t i = 0; i < reader->record->got.size(); ++i)
            QCOMPARE(reader->record->got[i].payload, std::to_string(i));
        // The source may come again.
        const Peer again = world.host.connect(reactors - 1, "publisher", 60);
        const std::size_t before = reader->record->got.size();
        (*again)->publish("orders/1", "again");
        world.host.settle();
        QCOMPARE(reader->record->got.size(), before + 1);
    }

    // DS-07: of two, the one that does not read goes.
    void withTwoTheCulpritEnds_data() { reactors_data(); }

    void withTwoTheCulpritEnds()
    {
        QFETCH(int, reactors);
        World world(reactors);
        const Peer culprit = world.reader(0, "culprit", false);
        const Peer reader = world.reader(0, "reader", false);
        reader->stream->setRoom(-1);
        world.host.settle();
        const int sent = world.flood();
        QVERIFY(world.publisher->isOpen());
        world.host.advance(3 * kNsPerSecond); // it takes no farewell
        QVERIFY(!culprit->isOpen());
        QCOMPARE(culprit->record->closing.code(), ErrorCode::QueueOverflow);
        // DS-06: last sequence, capacity
        const QVariantMap details = culprit->record->closing.details();
        QVERIFY(details.value(QStringLiteral("last_sequence")).toULongLong() > 0);
        QCOMPARE(details.value(QStringLiteral("queue_messages")).toULongLong(), quint64(kQueue));
        QCOMPARE(reader->record->got.size(), std::size_t(sent));
    }

    // DS-07: an observer only loses, whatever his endpoint says, and holds nobody up.
    void anObserverHarmsNobody_data() { reactors_data(); }

    void anObserverHarmsNobody()
    {
        QFETCH(int, reactors);
        World world(reactors);
        const Peer observer = world.reader(0, "observer", true);
        for (int i = 0; i < int(kQueue); ++i) {
            (*world.publisher)->publish("orders/1", "before");
            world.host.settle();
            world.publisher->stream->arrive("x");
            world.host.settle();
            QCOMPARE(world.publisher->stream->unread(), std::size_t(0));
        }
        const int sent = world.flood();
        QCOMPARE(sent, int(kQueue) * 20);
        QVERIFY(world.publisher->isOpen());
        QVERIFY(observer->isOpen());
        observer->stream->setRoom(-1);
        world.host.settle();
        QVERIFY(!observer->record->notices.empty());
        // The newest are there.
        QCOMPARE(observer->record->got.back().payload, std::to_string(sent - 1));
        QVERIFY(observer->record->got.size() <= kQueue + 16);
    }

    // DS-07: outside of such streams it is as disconnect.
    void otherTopicsHaveNoSource_data() { reactors_data(); }

    void otherTopicsHaveNoSource()
    {
        QFETCH(int, reactors);
        World world(reactors);
        const Peer reader = world.reader(0, "reader", false, "free/#");
        world.flood("free/1");
        QVERIFY(world.publisher->isOpen());
        world.host.advance(3 * kNsPerSecond);
        QVERIFY(!reader->isOpen());
        // Nor for what comes by a subscription that leads elsewhere too.
        const Peer both = world.reader(0, "both", false, "#");
        world.flood("free/1");
        QVERIFY(world.publisher->isOpen());
        world.host.advance(3 * kNsPerSecond);
        QVERIFY(!both->isOpen());
    }

    // DS-07: who fills his own queue is his own source.
    void whoSendsToHimselfEndsAsAReader()
    {
        World world(1);
        world.publisher->record->bytesPerMessage = kBytesPerMessage;
        world.publisher->stream->setRoom(0);
        (*world.publisher)->subscribe("orders/#");
        world.host.settle();
        world.flood();
        world.host.advance(3 * kNsPerSecond);
        QVERIFY(!world.publisher->isOpen());
        QCOMPARE(world.publisher->record->closing.code(), ErrorCode::QueueOverflow);
    }
};

QTEST_APPLESS_MAIN(tst_FaultSource)
#include "tst_faultsource.moc"
