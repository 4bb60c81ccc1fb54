// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "replayringtest.h"

#include <QTest>

#include <atomic>
#include <cstdlib>
#include <new>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COUNTS_ALLOCATIONS 0
#else
#define COUNTS_ALLOCATIONS 1
#endif

using namespace fairlead;
using namespace fairlead::core;

namespace {

std::atomic<int> g_allocations = 0;

} // namespace

#if COUNTS_ALLOCATIONS
void *operator new(std::size_t size)
{
    ++g_allocations;
    if (void *memory = std::malloc(size == 0 ? 1 : size))
        return memory;
    throw std::bad_alloc();
}

void operator delete(void *memory) noexcept
{
    std::free(memory);
}

void operator delete(void *memory, std::size_t) noexcept
{
    std::free(memory);
}
#endif

/// What a ring keeps, and how long.
class tst_ReplayRing : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void defaultsAreThoseOfTheRequirement();
    void countLimitDropsTheOldest();
    void byteLimitHolds();
    void oneMessageBeyondTheByteLimitLeavesNothing();
    void ageLimitEmptiesAQuietRing();
    void whatIsTooOldIsNotRead();
    void withoutAgeLimitNothingAges();
    void expiryGoesInPages();
    void timeThatGoesBackIsNotOlder();
    void eachLimitCanBeOff();
    void appendAllocatesNothingOnceFull();
};

// RP-01
void tst_ReplayRing::defaultsAreThoseOfTheRequirement()
{
    const ReplayLimits defaults;
    QCOMPARE(defaults.count, 1024U);
    QCOMPARE(defaults.ageNs, 300 * kNsPerSecond);
    QCOMPARE(defaults.bytes, 16U * 1024 * 1024);
}

// RP-01
void tst_ReplayRing::countLimitDropsTheOldest()
{
    ReplayRing ring(limits(4));
    for (quint64 sequence = 1; sequence <= 10; ++sequence) {
        ring.append(made(sequence), 0);
        QCOMPARE(ring.count(), std::min<quint64>(sequence, 4));
    }
    QCOMPARE(readAll(ring, cursorAt(0)), (QList<quint64>{7, 8, 9, 10}));
    QCOMPARE(ring.extent(0), (ReplayExtent{7, 10, 6}));
}

// RP-01
void tst_ReplayRing::byteLimitHolds()
{
    const quint64 one = ReplayRing::kOverhead + 101;
    ReplayRing ring(limits(0, 0, 3 * one));
    for (quint64 sequence = 1; sequence <= 9; ++sequence) {
        ring.append(made(sequence, "t", 100), 0);
        QVERIFY(ring.bytes() <= 3 * one);
    }
    QCOMPARE(readAll(ring, cursorAt(6)), (QList<quint64>{7, 8, 9}));
    QCOMPARE(ring.bytes(), 3 * one);
    ring.append(made(10, "t", 101), 0);
    QCOMPARE(readAll(ring, cursorAt(8)), (QList<quint64>{9, 10}));
}

// RP-01
void tst_ReplayRing::oneMessageBeyondTheByteLimitLeavesNothing()
{
    ReplayRing ring(limits(0, 0, 1000));
    ring.append(made(1), 0);
    ring.append(made(2, "t", 1000), 0);
    QCOMPARE(ring.count(), 0U);
    QCOMPARE(ring.bytes(), 0U);
    QCOMPARE(ring.extent(0), (ReplayExtent{0, 2, 2}));
    ring.append(made(3), 0);
    QCOMPARE(readAll(ring, cursorAt(2)), (QList<quint64>{3}));
}

// RP-01: also without traffic
void tst_ReplayRing::ageLimitEmptiesAQuietRing()
{
    const qint64 age = 300 * kNsPerSecond;
    ReplayRing ring(limits(1024, age));
    QCOMPARE(ring.deadline(), -1);
    ring.append(made(1), 0);
    ring.append(made(2), 10);
    QCOMPARE(ring.deadline(), age);
    QCOMPARE(ring.expire(age - 1), age);
    QCOMPARE(ring.count(), 2U);
    QCOMPARE(ring.expire(age), age + 10);
    QCOMPARE(ring.count(), 1U);
    QCOMPARE(ring.expire(age + 10), -1);
    QCOMPARE(ring.count(), 0U);
    QCOMPARE(ring.bytes(), 0U);
    QCOMPARE(ring.extent(age + 10), (ReplayExtent{0, 2, 2}));
}

// RP-01: the limit does not wait for its timer
void tst_ReplayRing::whatIsTooOldIsNotRead()
{
    ReplayRing ring(limits(1024, 100));
    ring.append(made(1), 0);
    ring.append(made(2), 50);
    QCOMPARE(readAll(ring, cursorAt(0), 99), (QList<quint64>{1, 2}));
    QCOMPARE(readAll(ring, cursorAt(0), 100), (QList<quint64>{2}));
    QCOMPARE(ring.extent(100), (ReplayExtent{2, 2, 1}));
    QCOMPARE(ring.extent(150), (ReplayExtent{0, 2, 2}));
    QCOMPARE(lastOf(ring, 5, "#", 100), 1U);
    std::vector<Message> page;
    ReplayCursor cursor = cursorAt(0);
    const ReplayPage looked = ring.read(&cursor, 100, &page);
    QCOMPARE(looked.lostFirst, 1U);
    QCOMPARE(looked.lostLast, 1U);
}

void tst_ReplayRing::withoutAgeLimitNothingAges()
{
    ReplayRing ring(limits(1024));
    ring.append(made(1), 0);
    QCOMPARE(ring.deadline(), -1);
    QCOMPARE(ring.expire(std::numeric_limits<qint64>::max()), -1);
    QCOMPARE(ring.count(), 1U);
}

void tst_ReplayRing::expiryGoesInPages()
{
    ReplayRing ring(limits(0, 100, 1 << 20));
    for (quint64 sequence = 1; sequence <= 600; ++sequence)
        ring.append(made(sequence), 0);
    QCOMPARE(ring.expire(100), 100);
    QCOMPARE(ring.count(), 600U - ReplayRing::kPage);
    QCOMPARE(ring.expire(100), 100);
    QCOMPARE(ring.expire(100), -1);
    QCOMPARE(ring.count(), 0U);
}

// Batches of several reactors bring times that differ a little.
void tst_ReplayRing::timeThatGoesBackIsNotOlder()
{
    ReplayRing ring(limits(1024, 100));
    ring.append(made(1), 50);
    ring.append(made(2), 40);
    QCOMPARE(ring.seekTime(50), 0U);
    QCOMPARE(ring.expire(140), 150);
    QCOMPARE(ring.count(), 2U);
    QCOMPARE(ring.expire(150), -1);
}

// RP-01: 0 is off; nothing is kept where nothing bounds it
void tst_ReplayRing::eachLimitCanBeOff()
{
    for (const ReplayLimits &one :
         {limits(0, 0, 1 << 20), limits(5000), limits(5000, 0, 1 << 20)}) {
        ReplayRing ring(one);
        for (quint64 sequence = 1; sequence <= 2000; ++sequence)
            ring.append(made(sequence), 0);
        QCOMPARE(ring.count(), 2000U);
    }
    for (const ReplayLimits &one : {limits(0), limits(0, 1000)}) {
        ReplayRing ring(one);
        ring.append(made(1), 0);
        QCOMPARE(ring.count(), 0U);
        QCOMPARE(ring.deadline(), -1);
    }
}

void tst_ReplayRing::appendAllocatesNothingOnceFull()
{
    // The blocks go round: many times the capacity passes and the places stay.
    ReplayRing ring(limits(1000));
    for (quint64 sequence = 1; sequence <= 100'000; ++sequence) {
        const Message message = made(sequence);
        const int before = g_allocations;
        ring.append(message, 0);
        if (sequence > 2000)
            QCOMPARE(g_allocations.load(), before);
        if (sequence % 9973 == 0) {
            const quint64 oldest = sequence > 1000 ? sequence - 999 : 1;
            QCOMPARE(ring.extent(0).oldest, oldest);
            QCOMPARE(readAll(ring, cursorAt(oldest - 1)).size(), qsizetype(ring.count()));
        }
    }
}

QTEST_APPLESS_MAIN(tst_ReplayRing)
#include "tst_replayring.moc"
