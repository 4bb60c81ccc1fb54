// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/distributor.h"
#include "core/reactor/reactor.h"
#include "core/security/anonymousaccess.h"
#include "simclock.h"
#include "simrandom.h"
#include "simstream.h"

#include <QTest>

#include <fairlead/lease.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using namespace fairlead;

namespace {

constexpr int kLanes = 20; ///< peers whose leases change hands at once
constexpr int kRounds = 10'000 / kLanes;
constexpr int kReactors = 2;
constexpr char kPublisher[] = "publisher";

/// What several threads wait for; the watchdog only detects a hang.
class Meeting
{
public:
    void changed()
    {
        const std::scoped_lock locked(m_lock);
        m_changed.notify_all();
    }

    template <typename Is>
    bool wait(Is &&is)
    {
        std::unique_lock locked(m_lock);
        return m_changed.wait_for(locked, std::chrono::seconds(30), std::forward<Is>(is));
    }

private:
    std::mutex m_lock;
    std::condition_variable m_changed;
};

class QuietLogger final : public Logger
{
public:
    bool isEnabled(LogLevel) const noexcept override { return false; }

    void log(LogLevel, const char *, const QString &) override { }
};

class Holder;

/// One link as the test sees it from its own thread.
struct Seen
{
    std::atomic<bool> granted = false;
    std::atomic<bool> subscribed = false;
    std::atomic<bool> isRefused = false;
    std::atomic<bool> gone = false; ///< its driver was destroyed
    std::atomic<int> delivered = 0;
    std::atomic<int> deliveredAfterEnd = 0;
    Holder *driver = nullptr; ///< on the reactor's thread only
};

enum class EndHow : int {
    ByRelease,
    Twice,
    WhileTaking,
    ByTakeover,
    Count
};

/// Takes what it gets, and gives its lease back more often than it has it.
class Holder final : public LinkDriver
{
public:
    Holder(const LinkContext &context,
           std::shared_ptr<Seen> seen,
           Meeting &meeting,
           std::string key,
           quint32 expiry)
        : m_context(context)
        , m_seen(std::move(seen))
        , m_meeting(meeting)
        , m_key(std::move(key))
        , m_expiry(expiry)
    {
        m_seen->driver = this;
    }

    ~Holder() override
    {
        m_seen->driver = nullptr;
        m_seen->gone = true;
        m_meeting.changed();
    }

    void end(EndHow how)
    {
        switch (how) {
        case EndHow::WhileTaking:
            m_endsWhileTaking = true;
            return;
        case EndHow::Twice:
            giveBack();
            giveBack();
            m_context.link.close(bye(), CloseMode::Drain, true);
            m_context.link.close(bye(), CloseMode::Abort, false);
            takeAfterEnd();
            return;
        case EndHow::ByRelease:
            giveBack();
            m_context.link.close(bye(), CloseMode::Drain, false);
            takeAfterEnd();
            return;
        case EndHow::ByTakeover:
        case EndHow::Count:
            return;
        }
    }

    void publish()
    {
        PublishView view;
        view.topic = "orders/1";
        view.payload = "x";
        m_context.bus.publish(view);
    }

    void handleStarted() noexcept override
    {
        (void)m_context.link.begin();
        m_context.bus.authenticate({});
    }

    void handleAuthenticated(const Error &) noexcept override
    {
        SessionRequest request;
        request.peerKey = m_key;
        request.expirySeconds = m_expiry;
        m_context.bus.acquire(request);
    }

    void handleLease(const LeaseGrant &grant) noexcept override
    {
        m_lease = grant.lease;
        if (m_lease && m_key != kPublisher) {
            SubscribeRequest request;
            request.filter = "orders/#";
            m_lease->subscribe(&request, 1, 1);
        }
        m_seen->granted = m_lease != nullptr;
        m_meeting.changed();
    }

    void handleSubscribed(quint32, const SubscribeOutcome *outcomes, int) noexcept override
    {
        m_seen->isRefused = outcomes[0].outcome != Outcome::Done;
        m_seen->subscribed = true;
        m_meeting.changed();
    }

    void handlePull(Lease &lease) noexcept override
    {
        Delivery delivery;
        while (lease.take(&delivery, 1, {100, 1'000'000}) > 0) {
            if (m_ended)
                m_seen->deliveredAfterEnd.fetch_add(1);
            m_seen->delivered.fetch_add(1);
            if (m_endsWhileTaking && !m_ended) {
                giveBack();
                m_context.link.close(bye(), CloseMode::Abort, false);
            }
        }
    }

    void handleFenced(FenceReason) noexcept override
    {
        giveBack();
        takeAfterEnd();
    }

    Consumed handleBytes(ByteSpan input) noexcept override { return {input.size(), 0}; }

    void handleEndOfInput() noexcept override { }

    void handleCompletions(const Completion *, int) noexcept override { }

    void handleUnsubscribed(quint32, const UnsubscribeOutcome *, int) noexcept override { }

    void handleClosing(const Error &) noexcept override { }

private:
    static Error bye() { return Error(ErrorCode::ConnectionClosed, QStringLiteral("bye")); }

    void giveBack()
    {
        m_ended = true;
        if (m_lease)
            m_lease->release(ReleaseRequest());
    }

    void takeAfterEnd()
    {
        Delivery delivery;
        if (m_lease && m_lease->take(&delivery, 1, {100, 1'000'000}) > 0)
            m_seen->deliveredAfterEnd.fetch_add(1);
    }

    LinkContext m_context;
    std::shared_ptr<Seen> m_seen;
    Meeting &m_meeting;
    const std::string m_key;
    const quint32 m_expiry;
    Lease *m_lease = nullptr;
    bool m_ended = false;
    bool m_endsWhileTaking = false;
};

/// A reactor that turns on a thread of its own.
class Turning final : private core::Wakeup
{
public:
    Turning(int number, core::Distributor &distributor)
        : m_random(quint64(number) + 1)
        , m_reactor(number, distributor, m_clock, m_random, *this)
    { }

    ~Turning() override { stop(); }

    void start()
    {
        m_thread = std::thread([this] { run(); });
    }

    void stop()
    {
        if (!m_thread.joinable())
            return;
        m_ends = true;
        wake();
        m_thread.join();
    }

    core::Reactor &reactor() noexcept { return m_reactor; }

private:
    void wake() noexcept override
    {
        const std::scoped_lock locked(m_lock);
        m_woken = true;
        m_bell.notify_one();
    }

    void run()
    {
        while (!m_ends) {
            {
                std::unique_lock locked(m_lock);
                m_bell.wait(locked, [this] { return m_woken; });
                m_woken = false;
            }
            do
                m_reactor.turn();
            while (m_reactor.hasPendingWork());
        }
    }

    sim::SimClock m_clock;
    sim::SimRandom m_random;
    std::mutex m_lock;
    std::condition_variable m_bell;
    bool m_woken = false;
    std::atomic<bool> m_ends = false;
    core::Reactor m_reactor;
    std::thread m_thread;
};

core::DistributorLimits aSeatForEach()
{
    core::StreamSpec stream;
    stream.name = "orders";
    stream.filter = *TopicFilter::parse("orders/#");
    stream.maxSubscribers = kLanes;
    core::DistributorLimits limits;
    limits.streams.push_back(stream);
    return limits;
}

/// Real threads, one for each reactor.
class World
{
public:
    World()
        : distributor({1, 1}, aSeatForEach(), nullptr)
        , m_reactors{std::make_unique<Turning>(0, distributor),
                     std::make_unique<Turning>(1, distributor)}
    {
        for (const auto &reactor : m_reactors)
            reactor->start();
    }

    ~World()
    {
        for (const auto &reactor : m_reactors)
            reactor->stop();
    }

    struct Peer
    {
        std::shared_ptr<Seen> seen = std::make_shared<Seen>();
        int reactor = 0;
        quint64 generation = 0;
    };

    Peer open(int reactor, const std::string &key, quint32 expiry)
    {
        Peer peer;
        peer.reactor = reactor;
        peer.generation = distributor.generations.next();
        auto endpoint = std::make_shared<core::EndpointRuntime>();
        endpoint->authenticator = std::make_shared<core::AnonymousAuthenticator>(true);
        endpoint->accessControl = std::make_shared<core::UnrestrictedAccess>();
        endpoint->logger = std::make_shared<QuietLogger>();
        endpoint->createDriver = [this, seen = peer.seen, key, expiry](const LinkContext &context) {
            return std::make_unique<Holder>(context, seen, meeting, key, expiry);
        };
        core::Reactor &there = at(reactor);
        there.post([&there, endpoint, generation = peer.generation] {
            there.adopt(endpoint,
                        std::make_unique<sim::SimStream>(there.chunks()),
                        Link::Direction::Accepted,
                        generation);
        });
        return peer;
    }

    /// Calls the peer's driver on its thread, if it is still there.
    void with(const Peer &peer, const std::function<void(Holder &)> &call)
    {
        at(peer.reactor).post([seen = peer.seen, call] {
            if (seen->driver)
                call(*seen->driver);
        });
    }

    core::Reactor &at(int reactor) { return m_reactors[std::size_t(reactor)]->reactor(); }

    core::Distributor distributor;
    Meeting meeting;

private:
    std::array<std::unique_ptr<Turning>, kReactors> m_reactors;
};

} // namespace

/// Leases between threads.
class tst_Leases : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    // DS-09: by its driver, twice, by the end of its link, inside a delivery, and by a takeover from
    // another thread at the same time.
    void aLeaseIsReleasedOnce()
    {
        World world;
        const auto seats = [&world] { return world.distributor.seats.list().front().taken; };
        const auto nameOf = [](int lane) { return "c" + std::to_string(lane); };
        const World::Peer publisher = world.open(0, kPublisher, 0);
        QVERIFY(world.meeting.wait([&] { return publisher.seen->granted.load(); }));
        std::vector<World::Peer> former;
        for (int lane = 0; lane < kLanes; ++lane)
            former.push_back(world.open(lane % kReactors, nameOf(lane), 3600));
        const auto haveAll = [](const std::vector<World::Peer> &peers, auto &&is) {
            return std::all_of(
                peers.begin(), peers.end(), [&](const World::Peer &one) { return is(*one.seen); });
        };
        const auto isSubscribed = [](const Seen &seen) { return seen.subscribed.load(); };
        const auto isGone = [](const Seen &seen) { return seen.gone.load(); };
        QVERIFY(world.meeting.wait([&] { return haveAll(former, isSubscribed); }));
        int delivered = 0;
        for (int round = 0; round < kRounds; ++round) {
            std::vector<World::Peer> next;
            world.with(publisher, [](Holder &driver) { driver.publish(); });
            for (int lane = 0; lane < kLanes; ++lane) {
                const auto how = EndHow((round + lane) % int(EndHow::Count));
                world.with(former[std::size_t(lane)], [how](Holder &driver) { driver.end(how); });
                // Every third session ends with its link.
                next.push_back(world.open((round / 2 + lane) % kReactors,
                                          nameOf(lane),
                                          (round + lane) % 3 == 0 ? 0 : 3600));
            }
            QVERIFY(world.meeting.wait(
                [&] { return haveAll(next, isSubscribed) && haveAll(former, isGone); }));
            for (const World::Peer &one : former) {
                QCOMPARE(one.seen->deliveredAfterEnd.load(), 0);
                delivered += one.seen->delivered;
            }
            QVERIFY(haveAll(next, [](const Seen &seen) { return !seen.isRefused; }));
            QCOMPARE(seats(), quint32(kLanes));
            former = std::move(next);
        }
        QVERIFY(delivered > 0);
        QCOMPARE(world.distributor.directory.count(), quint64(kLanes + 1));
        // What is left of them ends for good.
        std::vector<World::Peer> last;
        for (int lane = 0; lane < kLanes; ++lane)
            last.push_back(world.open(lane % kReactors, nameOf(lane), 0));
        QVERIFY(world.meeting.wait([&] { return haveAll(last, isSubscribed); }));
        last.push_back(publisher);
        for (const World::Peer &one : last)
            world.with(one, [](Holder &driver) { driver.end(EndHow::Twice); });
        QVERIFY(world.meeting.wait([&] { return haveAll(last, isGone); }));
        QCOMPARE(seats(), 0U);
        QCOMPARE(world.distributor.directory.count(), quint64(0));
        QCOMPARE(world.distributor.links.size(), qsizetype(0));
        QCOMPARE(world.distributor.index.subscriptionCount(), quint64(0));
    }
};

QTEST_APPLESS_MAIN(tst_Leases)
#include "tst_leases.moc"
