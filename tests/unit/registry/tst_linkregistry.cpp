// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/registry/generationsource.h"
#include "core/registry/linkregistry.h"

#include <QtTest/QTest>

#include <set>
#include <stdexcept>

using namespace fairlead;
using namespace fairlead::core;
using Outcome = SwapResult::Outcome;

namespace {

const QByteArray kKey = QByteArrayLiteral("peer");

struct TestLink
{
    std::shared_ptr<LinkLiveness> liveness = std::make_shared<LinkLiveness>();
    LinkRef ref;
};

TestLink makeLink(quint64 generation, int endpoint = 0)
{
    TestLink link;
    link.liveness->setState(Link::State::Ready);
    link.ref.generation = generation;
    link.ref.liveness = link.liveness;
    link.ref.endpoint = endpoint;
    link.ref.reactor = 0;
    return link;
}

SwapRequest request(const TestLink &link,
                    const QByteArray &key = kKey,
                    DoubleLinkPolicy policy = newestWins)
{
    SwapRequest asked;
    asked.key = key;
    asked.candidate = link.ref;
    asked.policy = std::move(policy);
    asked.now = 1000;
    return asked;
}

} // namespace

class tst_LinkRegistry : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void generationsAreUniqueAndGrow();
    void incompleteRequestsAreRefused();
    void hundredWinnersLeaveOneEntry();
    void builderRunsOncePerKeptCandidate();
    void throwingBuilderGivesTheSlotUp();
    void rejectedCandidateChangesNothing();
    void deferredCandidateChangesNothing();
    void removalComparesTheGeneration();
    void replacedLinkIsOneEventAndNoLoss();
    void staleHolderCountsAsAbsent_data();
    void staleHolderCountsAsAbsent();
    void endedCandidateIsNotRegistered();
    void sameLinkTwiceIsRefused();
    void policySeesBothLinks();
    void limitCountsLivePeers();
    void limitOfAnEndpointIsItsOwn();
    void fullRegistryFindsWhatWentStale();
    void fullRegistrySeesTheDeadlineOfALaterLink();
    void policyMayCallBack();
    void policyIsAskedAgainWhenTheSlotChanged();
    void policyThatNeverSettlesIsStopped();
    void observerMayCallBackAndOrderHolds();
    void lateWordsAreCountedAndIgnored();
    void snapshotIsAValueInOrderOfRegistration();
    void pruneRemovesTheDeadBeforeItTells();
    void statisticsAddUp();
};

// RG-14
void tst_LinkRegistry::generationsAreUniqueAndGrow()
{
    GenerationSource source;
    quint64 last = 0;
    for (int i = 0; i < 100000; ++i) {
        const quint64 next = source.next();
        QVERIFY(next > last);
        last = next;
    }
}

void tst_LinkRegistry::incompleteRequestsAreRefused()
{
    LinkRegistry registry;
    const TestLink link = makeLink(1);
    SwapRequest asked = request(link, QByteArray());
    QCOMPARE(registry.swap(asked).error.code(), ErrorCode::InvalidArgument);
    asked = request(makeLink(0));
    QCOMPARE(registry.swap(asked).error.code(), ErrorCode::InvalidArgument);
    asked = request(link, kKey, nullptr);
    QCOMPARE(registry.swap(asked).error.code(), ErrorCode::InvalidArgument);
    QCOMPARE(registry.size(), 0);
}

// RG-01
void tst_LinkRegistry::hundredWinnersLeaveOneEntry()
{
    LinkRegistry registry;
    int kept = 0;
    std::set<quint64> evicted;
    for (quint64 i = 1; i <= 100; ++i) {
        const SwapResult result = registry.swap(request(makeLink(i)));
        kept += result.outcome == Outcome::Kept ? 1 : 0;
        if (result.evicted)
            evicted.insert(result.evicted->generation);
    }
    QCOMPARE(registry.size(), 1);
    QCOMPARE(kept, 100);
    QCOMPARE(evicted.size(), std::size_t(99)); // each handed out once
    QCOMPARE(registry.find(kKey, 1000)->generation, quint64(100));
}

// RG-01
void tst_LinkRegistry::builderRunsOncePerKeptCandidate()
{
    LinkRegistry registry;
    QList<quint64> built;
    const auto ask = [&](quint64 generation, DoubleLinkPolicy policy) {
        SwapRequest asked = request(makeLink(generation), kKey, std::move(policy));
        asked.build = [&](const LinkRef &link) {
            built << link.generation;
            QCOMPARE(registry.find(kKey, 1000)->generation, link.generation); // committed, unlocked
        };
        return registry.swap(asked).outcome;
    };
    QCOMPARE(ask(1, rejectNew), Outcome::Kept);
    QCOMPARE(ask(2, rejectNew), Outcome::Rejected);
    QCOMPARE(ask(3, newestWins), Outcome::Kept);
    QCOMPARE(built, QList<quint64>({1, 3}));
}

void tst_LinkRegistry::throwingBuilderGivesTheSlotUp()
{
    LinkRegistry registry;
    SwapRequest asked = request(makeLink(1));
    asked.build = [](const LinkRef &) { throw std::runtime_error("no"); };
    QVERIFY_THROWS_EXCEPTION(std::runtime_error, static_cast<void>(registry.swap(asked)));
    QCOMPARE(registry.size(), 0);
    QCOMPARE(registry.swap(request(makeLink(2))).outcome, Outcome::Kept);
}

// RG-02
void tst_LinkRegistry::rejectedCandidateChangesNothing()
{
    int events = 0;
    LinkRegistry registry(
        [&](const std::vector<LinkEvent> &batch) { events += int(batch.size()); });
    const TestLink first = makeLink(1);
    const TestLink second = makeLink(2);
    QCOMPARE(registry.swap(request(first)).outcome, Outcome::Kept);
    events = 0;
    const SwapResult result = registry.swap(request(second, kKey, rejectNew));
    QCOMPARE(result.outcome, Outcome::Rejected);
    QCOMPARE(result.error.code(), ErrorCode::AlreadyExists);
    QVERIFY(!result.evicted);
    QVERIFY(second.liveness->isLive(1000)); // closing it is its owner's part
    QCOMPARE(registry.find(kKey, 1000)->generation, quint64(1));
    QVERIFY(!registry.remove(kKey, 2)); // and its end is nobody's loss
    QCOMPARE(events, 0);
}

void tst_LinkRegistry::deferredCandidateChangesNothing()
{
    LinkRegistry registry;
    QCOMPARE(registry.swap(request(makeLink(1))).outcome, Outcome::Kept);
    const auto wait = [](const DoubleLinkCase &) {
        return DoubleLinkDecision{DoubleLinkVerdict::Wait, 500, true};
    };
    const SwapResult result = registry.swap(request(makeLink(2), kKey, wait));
    QCOMPARE(result.outcome, Outcome::Deferred);
    QCOMPARE(result.decision.recheckNs, 500);
    QVERIFY(result.decision.probe);
    QVERIFY(result.error.isNull());
    QCOMPARE(registry.find(kKey, 1000)->generation, quint64(1));
}

// RG-03
void tst_LinkRegistry::removalComparesTheGeneration()
{
    LinkRegistry registry;
    QCOMPARE(registry.swap(request(makeLink(1))).outcome, Outcome::Kept);
    QVERIFY(!registry.remove(kKey, 2));
    QVERIFY(!registry.remove(QByteArrayLiteral("other"), 1));
    QCOMPARE(registry.size(), 1);
    QVERIFY(registry.remove(kKey, 1));
    QVERIFY(!registry.remove(kKey, 1));
    QCOMPARE(registry.size(), 0);
}

// RG-03
void tst_LinkRegistry::replacedLinkIsOneEventAndNoLoss()
{
    std::vector<LinkEvent> events;
    LinkRegistry registry([&](const std::vector<LinkEvent> &batch) {
        events.insert(events.end(), batch.begin(), batch.end());
    });
    QCOMPARE(registry.swap(request(makeLink(1))).outcome, Outcome::Kept);
    const SwapResult result = registry.swap(request(makeLink(2)));
    QCOMPARE(result.evicted->generation, quint64(1));
    QVERIFY(!registry.remove(kKey, 1));
    QCOMPARE(registry.find(kKey, 1000)->generation, quint64(2));
    QVERIFY(registry.remove(kKey, 2));

    QCOMPARE(events.size(), std::size_t(3));
    QCOMPARE(events[0].kind, LinkEvent::Kind::Registered);
    QCOMPARE(events[0].total, 1);
    QCOMPARE(events[1].kind, LinkEvent::Kind::Replaced);
    QCOMPARE(events[1].previous.generation, quint64(1));
    QCOMPARE(events[1].link.generation, quint64(2));
    QCOMPARE(events[1].total, 1);
    QCOMPARE(events[2].kind, LinkEvent::Kind::Removed);
    QCOMPARE(events[2].link.generation, quint64(2));
    QCOMPARE(events[2].total, 0);
    for (std::size_t i = 0; i < events.size(); ++i)
        QCOMPARE(events[i].revision, quint64(i + 1));
}

void tst_LinkRegistry::staleHolderCountsAsAbsent_data()
{
    QTest::addColumn<bool>("closed");
    QTest::newRow("RG-04 RG-05 closed, still tearing down") << true;
    QTest::newRow("RG-04 heartbeat missed") << false;
}

void tst_LinkRegistry::staleHolderCountsAsAbsent()
{
    QFETCH(const bool, closed);
    LinkRegistry registry;
    const TestLink old = makeLink(1);
    QCOMPARE(registry.swap(request(old)).outcome, Outcome::Kept);
    QCOMPARE(registry.swap(request(makeLink(2), kKey, rejectNew)).outcome, Outcome::Rejected);
    if (closed)
        old.liveness->end();
    else
        old.liveness->extend(1000);
    QVERIFY(!registry.find(kKey, 1000));

    bool asked = false;
    const SwapResult result
        = registry.swap(request(makeLink(3), kKey, [&asked](const DoubleLinkCase &links) {
              asked = true;
              return rejectNew(links);
          }));
    QCOMPARE(result.outcome, Outcome::Kept);
    QVERIFY(!result.evicted);
    QVERIFY(!asked);
    QVERIFY(!registry.remove(kKey, 1)); // its own teardown comes late
    QCOMPARE(registry.find(kKey, 1000)->generation, quint64(3));
}

// LC-02
void tst_LinkRegistry::endedCandidateIsNotRegistered()
{
    LinkRegistry registry;
    const TestLink link = makeLink(1);
    link.liveness->end();
    link.liveness->setState(Link::State::Ready); // late, ignored
    QCOMPARE(registry.swap(request(link)).error.code(), ErrorCode::Cancelled);
    QCOMPARE(registry.size(), 0);
}

void tst_LinkRegistry::sameLinkTwiceIsRefused()
{
    LinkRegistry registry;
    const TestLink link = makeLink(1);
    QCOMPARE(registry.swap(request(link)).outcome, Outcome::Kept);
    const SwapResult again = registry.swap(request(link));
    QCOMPARE(again.outcome, Outcome::Rejected);
    QVERIFY(!again.evicted);
    QCOMPARE(registry.size(), 1);
}

// RG-06
void tst_LinkRegistry::policySeesBothLinks()
{
    LinkRegistry registry;
    TestLink first = makeLink(1);
    first.ref.direction = Link::Direction::Dialled;
    first.ref.since = 200;
    TestLink second = makeLink(2);
    second.ref.since = 900;
    second.liveness->setState(Link::State::Handshaking);
    QCOMPARE(registry.swap(request(first)).outcome, Outcome::Kept);
    bool seen = false;
    SwapRequest asked = request(second, kKey, [&seen](const DoubleLinkCase &links) {
        seen = links.ownId == "own" && links.peerId == "peer" && links.present.generation == 1
            && links.present.direction == Link::Direction::Dialled && links.present.ageNs == 800
            && links.present.phase == Link::State::Ready && links.present.live
            && links.candidate.generation == 2 && links.candidate.ageNs == 100
            && links.candidate.direction == Link::Direction::Accepted
            && links.candidate.phase == Link::State::Handshaking;
        return DoubleLinkDecision();
    });
    asked.ownId = "own";
    asked.peerId = "peer";
    QCOMPARE(registry.swap(asked).outcome, Outcome::Kept);
    QVERIFY(seen);
}

// RG-09
void tst_LinkRegistry::limitCountsLivePeers()
{
    LinkRegistry registry({}, 2);
    std::vector<TestLink> links;
    for (quint64 i = 0; i < 5; ++i)
        links.push_back(makeLink(i + 1));
    QCOMPARE(registry.swap(request(links[0], "a")).outcome, Outcome::Kept);
    QCOMPARE(registry.swap(request(links[1], "b")).outcome, Outcome::Kept);
    const SwapResult full = registry.swap(request(links[2], "c"));
    QCOMPARE(full.outcome, Outcome::Rejected);
    QCOMPARE(full.error.code(), ErrorCode::LimitReached);
    QCOMPARE(full.error.details().value(QStringLiteral("limit")).toString(),
             QStringLiteral("host"));

    const SwapResult replaced = registry.swap(request(links[3], "a"));
    QCOMPARE(replaced.outcome, Outcome::Kept);
    QCOMPARE(replaced.evicted->generation, quint64(1));

    links[1].liveness->end();
    QCOMPARE(registry.swap(request(links[4], "c")).outcome, Outcome::Kept);
    // The slot of the stale one is no place to come back to.
    QCOMPARE(registry.swap(request(makeLink(6), "b")).error.code(), ErrorCode::LimitReached);
    registry.setLimit(3);
    QCOMPARE(registry.swap(request(makeLink(7), "b")).outcome, Outcome::Kept);
    registry.setLimit(0);
    QCOMPARE(registry.swap(request(makeLink(8), "d")).error.code(), ErrorCode::LimitReached);
}

// RG-09
void tst_LinkRegistry::limitOfAnEndpointIsItsOwn()
{
    LinkRegistry registry;
    const auto ask = [&](quint64 generation, const QByteArray &key, int endpoint) {
        SwapRequest asked = request(makeLink(generation, endpoint), key);
        asked.endpointLimit = 1;
        return registry.swap(asked);
    };
    QCOMPARE(ask(1, "a", 0).outcome, Outcome::Kept);
    QCOMPARE(ask(2, "b", 0).error.details().value(QStringLiteral("limit")).toString(),
             QStringLiteral("endpoint"));
    QCOMPARE(ask(3, "b", 1).outcome, Outcome::Kept);
    // A peer that changes over needs a place where it goes.
    QCOMPARE(ask(4, "a", 1).error.code(), ErrorCode::LimitReached);
    QCOMPARE(ask(5, "a", 2).outcome, Outcome::Kept);
    QCOMPARE(ask(6, "c", 0).outcome, Outcome::Kept);
    QVERIFY(ask(7, "a", 2).evicted); // in its own place
}

// RG-09: a refusal is remembered, and forgotten as soon as anyone ends or misses a heartbeat.
void tst_LinkRegistry::fullRegistryFindsWhatWentStale()
{
    LinkRegistry registry({}, 3);
    std::vector<TestLink> links;
    for (quint64 i = 0; i < 3; ++i) {
        links.push_back(makeLink(i + 1));
        links.back().liveness->extend(5000 + qint64(i));
        QCOMPARE(registry.swap(request(links.back(), QByteArray::number(i))).outcome,
                 Outcome::Kept);
    }
    const auto ask = [&](quint64 generation, qint64 now) {
        SwapRequest asked = request(makeLink(generation), QByteArray::number(generation));
        asked.now = now;
        return registry.swap(asked).outcome;
    };
    QCOMPARE(ask(10, 1000), Outcome::Rejected);
    QCOMPARE(ask(11, 4999), Outcome::Rejected);
    QCOMPARE(ask(12, 5000), Outcome::Kept); // the first missed its heartbeat
    QCOMPARE(ask(13, 5000), Outcome::Rejected);
    links[2].liveness->end();
    QCOMPARE(ask(14, 5000), Outcome::Kept);
    QCOMPARE(ask(15, 5000), Outcome::Rejected);
    QCOMPARE(ask(16, 5001), Outcome::Kept);
}

// RG-09: nor does the memory outlive the deadline of one that came later.
void tst_LinkRegistry::fullRegistrySeesTheDeadlineOfALaterLink()
{
    LinkRegistry registry({}, 1);
    QCOMPARE(registry.swap(request(makeLink(1), "a")).outcome, Outcome::Kept);
    QCOMPARE(registry.swap(request(makeLink(2), "b")).outcome, Outcome::Rejected);
    registry.setLimit(2);
    const TestLink early = makeLink(3);
    early.liveness->extend(2000);
    QCOMPARE(registry.swap(request(early, "c")).outcome, Outcome::Kept);
    SwapRequest asked = request(makeLink(4), "d");
    asked.now = 1999;
    QCOMPARE(registry.swap(asked).outcome, Outcome::Rejected);
    asked.now = 2000;
    QCOMPARE(registry.swap(asked).outcome, Outcome::Kept);
}

// RG-10
void tst_LinkRegistry::policyMayCallBack()
{
    LinkRegistry registry;
    QCOMPARE(registry.swap(request(makeLink(1))).outcome, Outcome::Kept);
    const SwapResult result
        = registry.swap(request(makeLink(2), kKey, [&](const DoubleLinkCase &links) {
              [&] {
                  QCOMPARE(registry.size(), 1);
                  QCOMPARE(registry.snapshot().size(), std::size_t(1));
                  QCOMPARE(registry.swap(request(makeLink(9), "other")).outcome, Outcome::Kept);
                  QVERIFY(registry.remove("other", 9));
              }();
              return newestWins(links);
          }));
    QCOMPARE(result.outcome, Outcome::Kept);
}

// RG-01, RG-10
void tst_LinkRegistry::policyIsAskedAgainWhenTheSlotChanged()
{
    LinkRegistry registry;
    QCOMPARE(registry.swap(request(makeLink(1))).outcome, Outcome::Kept);
    QList<quint64> judged;
    const SwapResult result
        = registry.swap(request(makeLink(2), kKey, [&](const DoubleLinkCase &links) {
              judged << links.present.generation;
              if (judged.size() == 1) {
                  const SwapResult other = registry.swap(request(makeLink(3)));
                  Q_UNUSED(other)
              }
              return newestWins(links);
          }));
    QCOMPARE(judged, QList<quint64>({1, 3}));
    QCOMPARE(result.outcome, Outcome::Kept);
    QCOMPARE(result.evicted->generation, quint64(3)); // 1 went to the one that evicted it
    QCOMPARE(registry.stats().decisionsRetried, quint64(1));
}

void tst_LinkRegistry::policyThatNeverSettlesIsStopped()
{
    LinkRegistry registry;
    QCOMPARE(registry.swap(request(makeLink(1))).outcome, Outcome::Kept);
    quint64 next = 10;
    const SwapResult result
        = registry.swap(request(makeLink(2), kKey, [&](const DoubleLinkCase &links) {
              const SwapResult other = registry.swap(request(makeLink(next++)));
              Q_UNUSED(other)
              return newestWins(links);
          }));
    QCOMPARE(result.outcome, Outcome::Rejected);
    QCOMPARE(result.error.code(), ErrorCode::Internal);
    QCOMPARE(registry.size(), 1);
}

// RG-10
void tst_LinkRegistry::observerMayCallBackAndOrderHolds()
{
    LinkRegistry *self = nullptr;
    QList<quint64> revisions;
    int depth = 0;
    LinkRegistry registry([&](const std::vector<LinkEvent> &batch) {
        QCOMPARE(++depth, 1); // never one call inside another
        for (const LinkEvent &event : batch) {
            revisions << event.revision;
            QVERIFY(self->size() >= 0);
            if (event.kind == LinkEvent::Kind::Registered && event.link.generation < 5) {
                const SwapResult next
                    = self->swap(request(makeLink(event.link.generation + 1),
                                         QByteArray::number(event.link.generation)));
                QCOMPARE(next.outcome, Outcome::Kept);
            }
        }
        --depth;
    });
    self = &registry;
    QCOMPARE(registry.swap(request(makeLink(1))).outcome, Outcome::Kept);
    QCOMPARE(revisions, QList<quint64>({1, 2, 3, 4, 5}));
    QCOMPARE(registry.size(), 5);
}

// RG-14
void tst_LinkRegistry::lateWordsAreCountedAndIgnored()
{
    LinkRegistry registry;
    QCOMPARE(registry.swap(request(makeLink(1))).outcome, Outcome::Kept);
    QVERIFY(registry.accepts(kKey, 1, StaleKind::Timer));
    QCOMPARE(registry.swap(request(makeLink(2))).outcome, Outcome::Kept);
    const RegistryStats before = registry.stats();

    QVERIFY(!registry.accepts(kKey, 1, StaleKind::Signal));
    QVERIFY(!registry.accepts(kKey, 1, StaleKind::Timer));
    QVERIFY(!registry.accepts(kKey, 1, StaleKind::Ack));
    QVERIFY(!registry.remove(kKey, 1));

    const RegistryStats after = registry.stats();
    for (const StaleKind kind :
         {StaleKind::Signal, StaleKind::Timer, StaleKind::Ack, StaleKind::Close})
        QCOMPARE(after.stale[std::size_t(kind)], before.stale[std::size_t(kind)] + 1);
    QCOMPARE(registry.find(kKey, 1000)->generation, quint64(2));
    QVERIFY(registry.accepts(kKey, 2, StaleKind::Timer));
}

// RG-13
void tst_LinkRegistry::snapshotIsAValueInOrderOfRegistration()
{
    LinkRegistry registry;
    for (quint64 i = 1; i <= 50; ++i)
        QCOMPARE(registry.swap(request(makeLink(i), QByteArray::number(i))).outcome, Outcome::Kept);
    QCOMPARE(registry.swap(request(makeLink(51), "7")).outcome, Outcome::Kept);
    const std::vector<LinkEntry> entries = registry.snapshot();
    QCOMPARE(entries.size(), std::size_t(50));
    quint64 last = 0;
    for (const LinkEntry &entry : entries) {
        QVERIFY(entry.link.generation > last);
        last = entry.link.generation;
        QVERIFY(registry.remove(entry.key, entry.link.generation)); // mutated while iterating
    }
    QCOMPARE(registry.size(), 0);
}

// RG-13
void tst_LinkRegistry::pruneRemovesTheDeadBeforeItTells()
{
    LinkRegistry *self = nullptr;
    qsizetype seen = -1;
    int removals = 0;
    LinkRegistry registry([&](const std::vector<LinkEvent> &batch) {
        for (const LinkEvent &event : batch) {
            if (event.kind != LinkEvent::Kind::Removed)
                continue;
            ++removals;
            seen = self->size();
        }
    });
    self = &registry;
    std::vector<TestLink> links;
    for (quint64 i = 1; i <= 5; ++i) {
        links.push_back(makeLink(i));
        QCOMPARE(registry.swap(request(links.back(), QByteArray::number(i))).outcome,
                 Outcome::Kept);
    }
    links[4].liveness->end();
    links[0].liveness->end();
    links[2].liveness->extend(10);
    const std::vector<LinkEntry> removed = registry.prune(1000);
    QCOMPARE(removed.size(), std::size_t(3));
    QCOMPARE(removed[0].link.generation, quint64(1));
    QCOMPARE(removed[1].link.generation, quint64(3));
    QCOMPARE(removed[2].link.generation, quint64(5));
    QCOMPARE(removals, 3);
    QCOMPARE(seen, 2);
}

// RG-13
void tst_LinkRegistry::statisticsAddUp()
{
    LinkRegistry registry({}, 8);
    quint64 generation = 0;
    const auto ask = [&](int key, DoubleLinkPolicy policy = newestWins) {
        return registry.swap(
            request(makeLink(++generation), QByteArray::number(key), std::move(policy)));
    };
    for (int key = 0; key < 10; ++key)
        QCOMPARE(ask(key).outcome, key < 8 ? Outcome::Kept : Outcome::Rejected);
    for (int key = 0; key < 3; ++key)
        QVERIFY(ask(key).evicted);
    QCOMPARE(ask(1, rejectNew).outcome, Outcome::Rejected);
    QVERIFY(registry.remove("5", 6));

    const RegistryStats stats = registry.stats();
    QCOMPARE(stats.size, 7);
    QCOMPARE(stats.registered, quint64(8));
    QCOMPARE(stats.replaced, quint64(3));
    QCOMPARE(stats.removed, quint64(1));
    QCOMPARE(stats.rejectedByLimit, quint64(2));
    QCOMPARE(stats.rejectedByPolicy, quint64(1));
    QCOMPARE(stats.rejectedOther + stats.deferred, quint64(0));
    QCOMPARE(quint64(stats.size), stats.registered - stats.removed);
}

QTEST_APPLESS_MAIN(tst_LinkRegistry)

#include "tst_linkregistry.moc"
