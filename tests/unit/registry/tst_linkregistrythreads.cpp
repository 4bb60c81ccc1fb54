// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/registry/generationsource.h"
#include "core/registry/linkregistry.h"

#include <QtCore/QSemaphore>
#include <QtTest/QTest>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

using namespace fairlead;
using namespace fairlead::core;
using Outcome = SwapResult::Outcome;

namespace {

const QByteArray kKey = QByteArrayLiteral("peer");

LinkRef makeRef(quint64 generation, const std::shared_ptr<LinkLiveness> &liveness)
{
    LinkRef link;
    link.generation = generation;
    link.liveness = liveness;
    return link;
}

/// Runs @p part on @p count threads that start together.
template <typename Part>
void together(int count, Part part)
{
    std::atomic<int> waiting = count;
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) {
        threads.emplace_back([&waiting, &part, i] {
            --waiting;
            while (waiting > 0)
                std::this_thread::yield();
            part(i);
        });
    }
    for (std::thread &thread : threads)
        thread.join();
}

/// Whether @p call comes back; a deadlock is the only way not to.
template <typename Call>
bool returns(Call call)
{
    std::packaged_task<void()> task(std::move(call));
    auto done = task.get_future();
    std::thread thread(std::move(task));
    if (done.wait_for(std::chrono::seconds(30)) != std::future_status::ready) {
        std::fputs("deadlock\n", stderr);
        std::abort(); // a thread that hangs cannot be joined
    }
    thread.join();
    return true;
}

/// Hooks of a link that closes slowly.
class SlowHooks : public LinkHooks
{
public:
    explicit SlowHooks(LinkLiveness &liveness)
        : m_liveness(liveness)
    { }

    bool hasTransport(const Link &) const noexcept override { return true; }

    bool needsNoHandshake(const Link &) const noexcept override { return true; }

    void linkEnding(const Link &) noexcept override { m_liveness.end(); }

    Result<> registerLink(Link &) override { return {}; }

    Admission admitLink(Link &, Error *) override { return Admission::Accepted; }

    void linkConnected(Link &) override { }

    void linkRejected(Link &, const Error &) override { }

    void linkDraining(Link &) override { }

    void stopActivities(Link &) override
    {
        stopping.release();
        goOn.acquire();
    }

    void unregisterLink(Link &) override { }

    void withdrawLink(Link &) override { }

    void closeTransport(Link &, CloseMode) override { }

    void linkDisconnected(Link &, bool) override { }

    void requestReconnect(Link &) override { }

    QSemaphore stopping;
    QSemaphore goOn;

private:
    LinkLiveness &m_liveness;
};

} // namespace

/// What the registry promises when several threads ask at once.
class tst_LinkRegistryThreads : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void generationsAreUniqueOverThreads();
    void concurrentWinnersLeaveOneEntry();
    void concurrentRejectNewKeepsOne();
    void limitHoldsUnderConcurrency();
    void everyLinkEndsOnce();
    void eventsKeepTheirOrder();
    void reentrantCallbacksDoNotDeadlock();
    void slowCloseDoesNotLockThePeerOut();
};

// RG-14
void tst_LinkRegistryThreads::generationsAreUniqueOverThreads()
{
    constexpr int kEach = 25000;
    GenerationSource source;
    std::vector<std::vector<quint64>> taken(4);
    together(4, [&](int i) {
        for (int n = 0; n < kEach; ++n)
            taken[std::size_t(i)].push_back(source.next());
    });
    std::set<quint64> all;
    for (const auto &numbers : taken)
        all.insert(numbers.begin(), numbers.end());
    QCOMPARE(all.size(), std::size_t(4 * kEach));
}

// RG-01: 1 entry, builds = kept, evicted = kept - 1.
void tst_LinkRegistryThreads::concurrentWinnersLeaveOneEntry()
{
    constexpr int kThreads = 4;
    constexpr int kEach = 100;
    LinkRegistry registry;
    GenerationSource source;
    std::atomic<int> kept = 0;
    std::atomic<int> builds = 0;
    std::mutex mutex;
    std::multiset<quint64> evicted;
    together(kThreads, [&](int) {
        for (int n = 0; n < kEach; ++n) {
            SwapRequest asked;
            asked.key = kKey;
            asked.candidate = makeRef(source.next(), std::make_shared<LinkLiveness>());
            asked.build = [&](const LinkRef &) { ++builds; };
            const SwapResult result = registry.swap(asked);
            kept += result.outcome == Outcome::Kept ? 1 : 0;
            if (result.evicted) {
                const std::lock_guard lock(mutex);
                evicted.insert(result.evicted->generation);
            }
        }
    });
    QCOMPARE(registry.size(), 1);
    QCOMPARE(kept.load(), kThreads * kEach);
    QCOMPARE(builds.load(), kept.load());
    QCOMPARE(int(evicted.size()), kept.load() - 1);
    QCOMPARE(std::set<quint64>(evicted.begin(), evicted.end()).size(), evicted.size());
    QCOMPARE(evicted.count(registry.find(kKey, 0)->generation), std::size_t(0));
}

// RG-01, RG-02
void tst_LinkRegistryThreads::concurrentRejectNewKeepsOne()
{
    for (int round = 0; round < 50; ++round) {
        LinkRegistry registry;
        GenerationSource source;
        std::atomic<int> kept = 0;
        std::atomic<int> builds = 0;
        together(4, [&](int) {
            SwapRequest asked;
            asked.key = kKey;
            asked.policy = rejectNew;
            asked.candidate = makeRef(source.next(), std::make_shared<LinkLiveness>());
            asked.build = [&](const LinkRef &) { ++builds; };
            kept += registry.swap(asked).outcome == Outcome::Kept ? 1 : 0;
        });
        QCOMPARE(kept.load(), 1);
        QCOMPARE(builds.load(), 1);
    }
}

// RG-09
void tst_LinkRegistryThreads::limitHoldsUnderConcurrency()
{
    for (int round = 0; round < 20; ++round) {
        LinkRegistry registry({}, 1);
        GenerationSource source;
        std::atomic<int> kept = 0;
        together(4, [&](int thread) {
            for (int n = 0; n < 5; ++n) {
                SwapRequest asked;
                asked.key = QByteArray::number(thread * 100 + n);
                asked.candidate = makeRef(source.next(), std::make_shared<LinkLiveness>());
                kept += registry.swap(asked).outcome == Outcome::Kept ? 1 : 0;
            }
        });
        QCOMPARE(kept.load(), 1);
        QCOMPARE(registry.size(), 1);
    }
}

// RG-02, RG-03: every kept link is evicted once, or removed once by its owner; never both, never
// neither.
void tst_LinkRegistryThreads::everyLinkEndsOnce()
{
    LinkRegistry registry;
    GenerationSource source;
    std::atomic<quint64> kept = 0;
    std::atomic<quint64> evicted = 0;
    std::atomic<quint64> lost = 0;
    std::atomic<quint64> staleOverwritten = 0;
    together(4, [&](int thread) {
        for (int n = 0; n < 500; ++n) {
            const auto liveness = std::make_shared<LinkLiveness>();
            SwapRequest asked;
            asked.key = QByteArray::number(n % 3);
            asked.policy
                = thread % 2 == 0 ? DoubleLinkPolicy(newestWins) : DoubleLinkPolicy(rejectNew);
            asked.candidate = makeRef(source.next(), liveness);
            const SwapResult result = registry.swap(asked);
            if (result.outcome != Outcome::Kept)
                continue;
            ++kept;
            if (result.evicted)
                ++evicted;
            if (n % 2 == 0)
                continue; // left for another to evict
            liveness->end();
            if (registry.remove(asked.key, asked.candidate.generation))
                ++lost;
        }
    });
    const RegistryStats stats = registry.stats();
    QCOMPARE(kept.load(), stats.registered + stats.replaced);
    QCOMPARE(lost.load(), stats.removed);
    QVERIFY(evicted.load() <= stats.replaced);
    QCOMPARE(quint64(stats.size), stats.registered - stats.removed);
    QCOMPARE(kept.load(), stats.replaced + stats.removed + quint64(stats.size));
}

void tst_LinkRegistryThreads::eventsKeepTheirOrder()
{
    std::vector<quint64> revisions;
    std::atomic<int> inside = 0;
    std::atomic<int> most = 0;
    LinkRegistry registry([&](const std::vector<LinkEvent> &batch) {
        most = std::max(most.load(), ++inside);
        for (const LinkEvent &event : batch)
            revisions.push_back(event.revision); // unguarded: one call at a time is the promise
        --inside;
    });
    GenerationSource source;
    together(4, [&](int thread) {
        for (int n = 0; n < 500; ++n) {
            SwapRequest asked;
            asked.key = QByteArray::number((thread + n) % 5);
            asked.candidate = makeRef(source.next(), std::make_shared<LinkLiveness>());
            const SwapResult result = registry.swap(asked);
            if (n % 3 == 0 && result.outcome == Outcome::Kept)
                registry.remove(asked.key, asked.candidate.generation);
        }
    });
    QCOMPARE(most.load(), 1);
    QVERIFY(!revisions.empty());
    for (std::size_t i = 0; i < revisions.size(); ++i)
        QCOMPARE(revisions[i], quint64(i + 1));
}

// RG-10
void tst_LinkRegistryThreads::reentrantCallbacksDoNotDeadlock()
{
    QVERIFY(returns([] {
        LinkRegistry *self = nullptr;
        GenerationSource source;
        const auto useAll = [&] {
            const QByteArray key = QByteArrayLiteral("inner");
            SwapRequest inner;
            inner.key = key;
            inner.candidate = makeRef(source.next(), std::make_shared<LinkLiveness>());
            const SwapResult result = self->swap(inner);
            Q_UNUSED(result)
            self->accepts(key, 1, StaleKind::Timer);
            self->find(key, 0);
            self->snapshot();
            self->prune(0);
            self->stats();
            self->remove(key, inner.candidate.generation);
        };
        int told = 0;
        LinkRegistry registry([&](const std::vector<LinkEvent> &) {
            if (++told < 20)
                useAll();
        });
        self = &registry;
        together(2, [&](int) {
            for (int n = 0; n < 50; ++n) {
                SwapRequest asked;
                asked.key = kKey;
                asked.candidate = makeRef(source.next(), std::make_shared<LinkLiveness>());
                asked.policy = [&](const DoubleLinkCase &links) {
                    useAll();
                    return newestWins(links);
                };
                asked.build = [&](const LinkRef &) { useAll(); };
                const SwapResult result = registry.swap(asked);
                Q_UNUSED(result)
            }
        });
    }));
}

// RG-05: alive turns false before the slow part of a close; the peer's next link is kept meanwhile.
void tst_LinkRegistryThreads::slowCloseDoesNotLockThePeerOut()
{
    LinkRegistry registry;
    const auto liveness = std::make_shared<LinkLiveness>();
    SlowHooks hooks(*liveness);
    std::atomic<const Link *> shared = nullptr;
    std::thread reactor([&] {
        Link link(1, Link::Direction::Accepted, hooks);
        const Result<> ready = link.succeed();
        Q_UNUSED(ready)
        SwapRequest asked;
        asked.key = kKey;
        asked.candidate = makeRef(1, liveness);
        const SwapResult result = registry.swap(asked);
        Q_UNUSED(result)
        shared = &link;
        link.close(Error(ErrorCode::Cancelled, QString()), CloseMode::Abort, true);
    });
    hooks.stopping.acquire();
    // The close hangs in its first step.
    const bool aliveMeanwhile = shared.load()->isAlive();
    SwapRequest redial;
    redial.key = kKey;
    redial.policy = rejectNew;
    redial.candidate = makeRef(2, std::make_shared<LinkLiveness>());
    const SwapResult result = registry.swap(redial);
    hooks.goOn.release();
    reactor.join();
    QVERIFY(!aliveMeanwhile);
    QCOMPARE(result.outcome, Outcome::Kept);
    QVERIFY(!result.evicted);
}

QTEST_APPLESS_MAIN(tst_LinkRegistryThreads)

#include "tst_linkregistrythreads.moc"
