// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/restore.h"
#include "core/store/memoryengine.h"
#include "core/store/recovery.h"
#include "core/store/store.h"
#include "received.h"
#include "simhost.h"

#include <QTest>

#include <fairlead/clock.h>

using namespace fairlead;
using sim::SimHost;

namespace {

using Peer = std::unique_ptr<sim::SimLink>;

core::DistributorLimits seatsAt(quint32 seats)
{
    core::StreamSpec stream;
    stream.name = "orders";
    stream.filter = *TopicFilter::parse("orders/#");
    stream.maxSubscribers = seats;
    core::DistributorLimits limits;
    limits.streams.push_back(stream);
    return limits;
}

Outcome subscribe(SimHost &host, const Peer &link, const char *filter, quint8 qos = 1)
{
    const std::size_t before = link->record->subscribed.size();
    (*link)->subscribe(filter, qos);
    host.settle();
    return link->record->subscribed.size() == before + 1 ? link->record->subscribed.back().outcome
                                                         : Outcome::Failed;
}

void lose(SimHost &host, const Peer &link)
{
    (*link)->link().close(
        Error(ErrorCode::ConnectionClosed, QStringLiteral("gone")), CloseMode::Abort, false);
    host.settle();
}

quint64 refused(SimHost &host)
{
    quint64 sum = 0;
    for (int i = 0; i < host.reactorCount(); ++i)
        sum += host.reactor(i).traffic().subscribersRefused.value();
    return sum;
}

quint32 taken(SimHost &host)
{
    return host.distributor().seats.list().front().taken;
}

class LoginAs final : public Authenticator
{
public:
    explicit LoginAs(const char *name)
        : m_name(name)
    { }

    void authenticate(const Credentials &, Done done) override { done(Error(), {m_name, false}); }

private:
    const QByteArray m_name;
};

class Notebook final : public Logger
{
public:
    bool isEnabled(LogLevel) const noexcept override { return true; }

    void log(LogLevel, const char *event, const QString &text) override
    {
        if (qstrcmp(event, "subscriber-refused") == 0)
            lines.append(text);
    }

    QStringList lines;
};

} // namespace

/// Streams that only so many may subscribe to.
class tst_Exclusive : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void reactors_data()
    {
        QTest::addColumn<int>("reactors");
        QTest::newRow("one reactor") << 1;
        QTest::newRow("three reactors") << 3;
    }

    // DS-08: the second gets nothing, the first notices nothing.
    void anExclusiveStreamHasOneSubscriber_data() { reactors_data(); }

    void anExclusiveStreamHasOneSubscriber()
    {
        QFETCH(int, reactors);
        SimHost host(reactors, 1, seatsAt(1));
        const auto notes = std::make_shared<Notebook>();
        host.endpoint().logger = notes;
        const Peer first = host.connect(0, "first");
        const Peer second = host.connect(reactors - 1, "second");
        const Peer publisher = host.connect(0, "publisher");
        QCOMPARE(subscribe(host, first, "orders/new"), Outcome::Done);
        QCOMPARE(subscribe(host, first, "orders/+"), Outcome::Done);
        QCOMPARE(subscribe(host, first, "orders/new"), Outcome::Done); // replaced
        for (const char *filter : {"orders/new",
                                   "orders/old",
                                   "#",
                                   "+/new",
                                   "$share/g/orders/new",
                                   "$replay/0/orders/new"})
            QCOMPARE(subscribe(host, second, filter), Outcome::Quota);
        QCOMPARE(subscribe(host, second, "other/#"), Outcome::Done);
        QCOMPARE(refused(host), quint64(6));
        QVERIFY(notes->lines.front().contains(QStringLiteral("stream=orders")));
        QVERIFY(notes->lines.front().contains(QStringLiteral("reason=AlreadyActive")));
        (*publisher)->publish("orders/new", "1", 1, false, 1);
        host.settle();
        QCOMPARE(payloads(first).size(), std::size_t(1));
        QVERIFY(second->record->got.empty());
        QCOMPARE(taken(host), 1U);
        QVERIFY(second->isOpen());
    }

    // DS-08: shared mode
    void aCapOfEight_data() { reactors_data(); }

    void aCapOfEight()
    {
        QFETCH(int, reactors);
        SimHost host(reactors, 1, seatsAt(8));
        const auto notes = std::make_shared<Notebook>();
        host.endpoint().logger = notes;
        std::vector<Peer> peers;
        for (int i = 0; i < 8; ++i) {
            peers.push_back(host.connect(i % reactors, "s" + std::to_string(i)));
            QCOMPARE(subscribe(host, peers.back(), "orders/#"), Outcome::Done);
        }
        const Peer ninth = host.connect(reactors - 1, "ninth");
        QCOMPARE(subscribe(host, ninth, "orders/#"), Outcome::Quota);
        QVERIFY(notes->lines.back().contains(QStringLiteral("reason=LimitReached")));
        QVERIFY(notes->lines.back().contains(QStringLiteral("max_subscribers=8")));
        (*peers[3])->unsubscribe("orders/#");
        host.settle();
        QCOMPARE(subscribe(host, ninth, "orders/#"), Outcome::Done);
        QCOMPARE(taken(host), 8U);
    }

    // DS-08: an observer extra is always allowed, and nobody has to make room for him.
    void observersTakeNoSeat()
    {
        SimHost host(1, 1, seatsAt(1));
        host.endpoint().peerKind = core::PeerKind::Observer;
        const Peer early = host.connect(0, "watch");
        QCOMPARE(subscribe(host, early, "#"), Outcome::Done);
        host.endpoint().peerKind = core::PeerKind::External;
        const Peer first = host.connect(0, "first");
        QCOMPARE(subscribe(host, first, "orders/#"), Outcome::Done);
        // Of the same name, and yet somebody else.
        const Peer same = host.connect(0, "watch");
        QVERIFY(early->isOpen());
        QVERIFY(!same->record->grant.resumed);
        QCOMPARE(subscribe(host, same, "orders/#"), Outcome::Quota);
        host.endpoint().peerKind = core::PeerKind::Observer;
        const Peer late = host.connect(0, "late");
        QCOMPARE(subscribe(host, late, "orders/#"), Outcome::Done);
        QCOMPARE(taken(host), 1U);
        (*first)->publish("orders/1", "x", 1, false, 1);
        host.settle();
        for (const Peer *one : {&early, &first, &late})
            QCOMPARE((*one)->record->got.size(), std::size_t(1));
    }

    // DS-08: who is away holds its place until its session ends.
    void aSessionThatWaitsKeepsItsSeat_data() { reactors_data(); }

    void aSessionThatWaitsKeepsItsSeat()
    {
        QFETCH(int, reactors);
        SimHost host(reactors, 1, seatsAt(1));
        const Peer first = host.connect(0, "first", 60);
        QCOMPARE(subscribe(host, first, "orders/#"), Outcome::Done);
        lose(host, first);
        const Peer second = host.connect(reactors - 1, "second", 60);
        QCOMPARE(subscribe(host, second, "orders/#"), Outcome::Quota);
        const Peer back = host.connect(reactors - 1, "first", 60);
        QVERIFY(back->record->grant.resumed);
        QCOMPARE(subscribe(host, back, "orders/#"), Outcome::Done);
        lose(host, back);
        host.advance(59 * kNsPerSecond);
        QCOMPARE(subscribe(host, second, "orders/#"), Outcome::Quota);
        host.advance(2 * kNsPerSecond);
        QCOMPARE(subscribe(host, second, "orders/#"), Outcome::Done);
        // A session that ends with its link, and one that is started over, give theirs back.
        const Peer again = host.connect(0, "second", 60, true);
        QCOMPARE(taken(host), 0U);
        const Peer third = host.connect(0, "third");
        QCOMPARE(subscribe(host, third, "orders/#"), Outcome::Done);
        lose(host, third);
        QCOMPARE(subscribe(host, again, "orders/#"), Outcome::Done);
    }

    // DS-08, RP-07: the holder on another link is not another subscriber; the former lease is void.
    void aTakeoverFencesTheFormerLease_data() { reactors_data(); }

    void aTakeoverFencesTheFormerLease()
    {
        QFETCH(int, reactors);
        SimHost host(reactors, 1, seatsAt(1));
        const Peer publisher = host.connect(0, "publisher");
        const Peer former = host.connect(0, "c", 60);
        former->record->autoSettle = false;
        QCOMPARE(subscribe(host, former, "orders/#"), Outcome::Done);
        (*publisher)->publish("orders/1", "1", 1, false, 1);
        host.settle();
        const auto handle = former->record->got.front().handle;
        Lease *const lease = (*former)->lease();
        int took = -1;
        quint64 fenced = 0;
        // The driver would go on.
        former->record->onFenced = [&] {
            const core::Traffic &traffic = host.reactor(0).traffic();
            const quint64 before = traffic.fencedCalls.value();
            Delivery delivery;
            took = lease->take(&delivery, 1, {10, 100'000});
            const Settle settle = {handle, Settle::How::Acked};
            lease->settle(&settle, 1);
            SubscribeRequest request;
            request.filter = "orders/#";
            lease->subscribe(&request, 1, 9);
            lease->release(ReleaseRequest());
            fenced = traffic.fencedCalls.value() - before;
        };
        const Peer next = host.open(reactors - 1);
        next->record->autoSettle = false;
        (*next)->connect("c", 60);
        host.settle();
        QCOMPARE(took, 0);
        QCOMPARE(fenced, quint64(4));
        QCOMPARE(former->record->fenced, 1);
        QVERIFY(!former->isOpen());
        QVERIFY(next->record->grant.resumed);
        // What the former one took is owed again; that it acknowledged it after its end counts for nothing.
        QVERIFY((payloads(next) == std::vector<std::string>{"1"}));
        QVERIFY(next->record->got.front().resent);
        (*publisher)->publish("orders/1", "2", 1, false, 2);
        host.settle();
        QCOMPARE(former->record->got.size(), std::size_t(1));
        QVERIFY((payloads(next) == std::vector<std::string>{"1", "2"}));
        QCOMPARE(subscribe(host, next, "orders/+"), Outcome::Done);
        QCOMPARE(taken(host), 1U);
    }

    // DS-09: what was given back yields nothing more, also while its link still closes.
    void nothingComesAfterRelease()
    {
        SimHost host(1);
        const Peer publisher = host.connect(0, "publisher");
        const Peer reader = host.connect(0, "c", 60);
        reader->record->autoSettle = false;
        QCOMPARE(subscribe(host, reader, "t"), Outcome::Done);
        (*publisher)->publish("t", "1", 1, false, 1);
        host.settle();
        Lease *const lease = (*reader)->lease();
        const quint64 before = host.reactor(0).traffic().fencedCalls.value();
        lease->release(ReleaseRequest());
        lease->release(ReleaseRequest());
        (*publisher)->publish("t", "2", 1, false, 2);
        host.settle();
        QCOMPARE(reader->record->got.size(), std::size_t(1));
        Delivery delivery;
        QCOMPARE(lease->take(&delivery, 1, {10, 100'000}), 0);
        const Settle settle = {reader->record->got.front().handle, Settle::How::Acked};
        lease->settle(&settle, 1);
        QCOMPARE(host.reactor(0).traffic().fencedCalls.value(), before + 3);
        lose(host, reader);
        const Peer next = host.connect(0, "c", 60);
        QVERIFY(next->record->grant.resumed);
        QVERIFY((payloads(next) == std::vector<std::string>{"1", "2"}));
    }

    // RP-07: the name of a session is not enough; it is its principal's.
    void onlyTheOwnerResumes_data() { reactors_data(); }

    void onlyTheOwnerResumes()
    {
        QFETCH(int, reactors);
        SimHost host(reactors, 1, seatsAt(1));
        const auto as = [&host](const char *name) {
            host.endpoint().authenticator = std::make_shared<LoginAs>(name);
        };
        as("alice");
        const Peer owner = host.connect(0, "c", 60);
        QCOMPARE(subscribe(host, owner, "orders/#"), Outcome::Done);
        as("mallory");
        const Peer attached = host.connect(reactors - 1, "c", 60);
        QVERIFY(!attached->record->grant.resumed);
        QCOMPARE(owner->record->fenced, 0);
        QCOMPARE(subscribe(host, attached, "orders/#"), Outcome::Quota);
        lose(host, owner);
        (*attached)->publish("orders/1", "for alice", 1, false, 1);
        host.settle();
        const Peer detached = host.connect(reactors - 1, "c", 60);
        QCOMPARE(attached->record->fenced, 1); // his own
        QCOMPARE(subscribe(host, detached, "orders/#"), Outcome::Quota);
        QVERIFY(detached->record->got.empty());
        const Peer clean = host.connect(0, "c", 60, true);
        QCOMPARE(subscribe(host, clean, "orders/#"), Outcome::Quota);
        as("alice");
        const Peer back = host.connect(reactors - 1, "c", 60);
        QVERIFY(back->record->grant.resumed);
        QVERIFY((payloads(back) == std::vector<std::string>{"for alice"}));
        QCOMPARE(taken(host), 1U);
    }

    // DS-08: racing for the seat from all reactors, one has it at any time.
    void oneOfManyGetsTheSeat_data()
    {
        QTest::addColumn<int>("seed");
        for (int seed = 1; seed <= 20; ++seed)
            QTest::addRow("seed %d", seed) << seed;
    }

    void oneOfManyGetsTheSeat()
    {
        QFETCH(int, seed);
        SimHost host(3, quint64(seed), seatsAt(1));
        std::vector<Peer> peers;
        for (int i = 0; i < 6; ++i)
            peers.push_back(host.connect(i % 3, "p" + std::to_string(i)));
        for (int round = 0; round < 50; ++round) {
            for (const Peer &peer : peers) {
                if (host.random().chance(50))
                    (*peer)->subscribe("orders/#", 1);
                else
                    (*peer)->unsubscribe("orders/#");
            }
            host.step();
            QVERIFY(taken(host) <= 1);
            QVERIFY(host.distributor().index.subscriptionCount() <= 1);
        }
        host.settle();
        QCOMPARE(quint64(taken(host)), host.distributor().index.subscriptionCount());
        for (const Peer &peer : peers)
            lose(host, peer);
        QCOMPARE(taken(host), 0U);
    }

    // DS-08: after a restart the seat is with the session that had it, before anybody comes.
    void aRestoredSessionSitsFirst()
    {
        core::MemoryEngine engine;
        const sim::SimClock clock;
        {
            core::Store store(engine, clock, core::Store::Options());
            store.open();
            SimHost host(1, 1, seatsAt(1), &store);
            const auto settle = [&] {
                for (int i = 0; i < 10; ++i) {
                    host.settle();
                    QVERIFY(store.drain());
                }
            };
            const Peer first = host.connect(0, "first", 1000);
            settle();
            (*first)->subscribe("orders/#", 1);
            settle();
            QCOMPARE(taken(host), 1U);
            QVERIFY(store.close());
        }
        core::Store store(engine, clock, core::Store::Options());
        const core::Recovered kept = store.open();
        SimHost::Setup setup;
        setup.reactors = 2;
        setup.limits = seatsAt(1);
        setup.store = &store;
        setup.next = {kept.epoch, kept.nextSequence};
        SimHost host(setup);
        core::restore(host.distributor(), kept);
        QCOMPARE(taken(host), 1U);
        const auto connect = [&](const char *name) {
            Peer peer = host.open(1);
            (*peer)->connect(name, 1000);
            return peer;
        };
        const auto settle = [&] {
            for (int i = 0; i < 10; ++i) {
                host.settle();
                QVERIFY(store.drain());
            }
        };
        const Peer second = connect("second");
        settle();
        (*second)->subscribe("orders/#", 1);
        settle();
        QCOMPARE(second->record->subscribed.size(), std::size_t(1));
        QCOMPARE(second->record->subscribed.back().outcome, Outcome::Quota);
        const Peer first = connect("first");
        settle();
        QVERIFY(first->record->grant.resumed);
        (*second)->publish("orders/1", "x", 1, false, 1);
        settle();
        QCOMPARE(first->record->got.size(), std::size_t(1));
    }
};

QTEST_APPLESS_MAIN(tst_Exclusive)
#include "tst_exclusive.moc"
