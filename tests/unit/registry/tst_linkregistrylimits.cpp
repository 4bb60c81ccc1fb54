// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "testlink.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::core;
using Outcome = SwapResult::Outcome;

class tst_LinkRegistryLimits : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void limitCountsLivePeers();
    void limitOfAnEndpointIsItsOwn();
    void fullRegistryFindsWhatWentStale();
    void fullRegistrySeesTheDeadlineOfALaterLink();
    void snapshotIsAValueInOrderOfRegistration();
    void pruneRemovesTheDeadBeforeItTells();
    void statisticsAddUp();
};

// RG-09
void tst_LinkRegistryLimits::limitCountsLivePeers()
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
void tst_LinkRegistryLimits::limitOfAnEndpointIsItsOwn()
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
void tst_LinkRegistryLimits::fullRegistryFindsWhatWentStale()
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
void tst_LinkRegistryLimits::fullRegistrySeesTheDeadlineOfALaterLink()
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

// RG-13
void tst_LinkRegistryLimits::snapshotIsAValueInOrderOfRegistration()
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
void tst_LinkRegistryLimits::pruneRemovesTheDeadBeforeItTells()
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
void tst_LinkRegistryLimits::statisticsAddUp()
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

QTEST_APPLESS_MAIN(tst_LinkRegistryLimits)

#include "tst_linkregistrylimits.moc"
