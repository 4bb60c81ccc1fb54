// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/registry/generationsource.h"
#include "testlink.h"

#include <QtTest/QTest>

#include <set>
#include <stdexcept>

using namespace fairlead;
using namespace fairlead::core;
using Outcome = SwapResult::Outcome;

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
    void policyMayCallBack();
    void policyIsAskedAgainWhenTheSlotChanged();
    void policyThatNeverSettlesIsStopped();
    void observerMayCallBackAndOrderHolds();
    void lateWordsAreCountedAndIgnored();
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

QTEST_APPLESS_MAIN(tst_LinkRegistry)

#include "tst_linkregistry.moc"
