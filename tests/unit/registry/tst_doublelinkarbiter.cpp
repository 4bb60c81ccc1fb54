// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/reactor/timerqueue.h"
#include "core/registry/doublelinkarbiter.h"
#include "testlink.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::core;

namespace {

constexpr qint64 kSecond = kNsPerSecond;

class FakeClock final : public Clock
{
public:
    qint64 now() const noexcept override { return time; }

    qint64 utcMs() const noexcept override { return 0; }

    qint64 time = 1000 * kSecond;
};

class Probes final : public LinkProber
{
public:
    void probe(const QByteArray &, const LinkRef &link) override
    {
        asked << link.generation;
        if (act)
            act(link.generation);
    }

    QList<quint64> asked;
    std::function<void(quint64)> act;
};

/// An arbiter in a world of one registry, with all that it says.
struct World
{
    FakeClock clock;
    TimerQueue timers;
    LinkRegistry registry;
    Probes probes;
    std::unique_ptr<DoubleLinkArbiter> arbiter
        = std::make_unique<DoubleLinkArbiter>(registry, clock, timers, probes);
    QStringList said;
    std::function<void(const QString &)> act;

    World()
    {
        DoubleLinkArbiter *source = arbiter.get();
        QObject::connect(
            source, &DoubleLinkArbiter::kept, source, [this](const QByteArray &, quint64 link) {
                note(QStringLiteral("kept %1").arg(link));
            });
        QObject::connect(source,
                         &DoubleLinkArbiter::rejected,
                         source,
                         [this](const QByteArray &, quint64 link, const Error &error) {
                             note(QStringLiteral("rejected %1 %2")
                                      .arg(link)
                                      .arg(QLatin1String(errorName(error.code()))));
                         });
        QObject::connect(source,
                         &DoubleLinkArbiter::evicted,
                         source,
                         [this](const QByteArray &, const LinkRef &link) {
                             note(QStringLiteral("evicted %1").arg(link.generation));
                         });
        QObject::connect(source,
                         &DoubleLinkArbiter::dialsSuperseded,
                         source,
                         [this](const QByteArray &, quint64 link) {
                             note(QStringLiteral("no dials but %1").arg(link));
                         });
    }

    void note(const QString &word)
    {
        said << word;
        if (act)
            act(word);
    }

    SwapRequest ask(
        const TestLink &link,
        Link::Direction direction,
        ByteSpan own = "a",
        DoubleLinkPolicy policy = [](const DoubleLinkCase &links) { return specRecency(links); })
    {
        SwapRequest asked = request(link, kKey, std::move(policy));
        asked.candidate.direction = direction;
        asked.candidate.since = clock.time;
        asked.ownId = own;
        asked.peerId = "m";
        return asked;
    }

    void advance(qint64 ns)
    {
        const qint64 end = clock.time + ns;
        for (;;) {
            const qint64 next = timers.nextDeadline();
            if (next < 0 || next > end)
                break;
            clock.time = std::max(clock.time, next);
            timers.fireDue(clock.time);
        }
        clock.time = end;
    }

    QStringList take() { return std::exchange(said, {}); }

    quint64 holder() const
    {
        const auto link = registry.find(kKey, clock.time);
        return link ? link->generation : 0;
    }
};

constexpr auto kIn = Link::Direction::Accepted;
constexpr auto kOut = Link::Direction::Dialled;

QStringList won(quint64 link)
{
    return {QStringLiteral("kept %1").arg(link), QStringLiteral("no dials but %1").arg(link)};
}

QStringList wonOver(quint64 link, quint64 loser)
{
    return {QStringLiteral("kept %1").arg(link),
            QStringLiteral("evicted %1").arg(loser),
            QStringLiteral("no dials but %1").arg(link)};
}

} // namespace

/// RG-06, RG-07, RG-08: a deferred decision is carried to its end.
class tst_DoubleLinkArbiter : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void aLinkAloneIsKeptAtOnce()
    {
        World world;
        world.arbiter->submit(world.ask(makeLink(1), kOut));
        QCOMPARE(world.take(), won(1));
        QCOMPARE(world.timers.size(), std::size_t(0));
    }

    // RG-07
    void theBiggerIdWaitsItsGraceAndKeepsTheNewer()
    {
        World world;
        const TestLink first = makeLink(1);
        const TestLink second = makeLink(2);
        world.arbiter->submit(world.ask(first, kOut, "z"));
        world.advance(kSecond);
        world.take();
        world.arbiter->submit(world.ask(second, kIn, "z"));
        QCOMPARE(world.take(), QStringList());
        QCOMPARE(world.arbiter->waiting(), 1);
        world.advance(kSecond - 1);
        QCOMPARE(world.take(), QStringList());
        world.advance(1);
        QCOMPARE(world.take(), wonOver(2, 1));
        QCOMPARE(world.probes.asked.size(), 0);
        QCOMPARE(world.timers.size(), std::size_t(0));
    }

    // RG-07
    void theOtherLinksEndDecidesAtOnce()
    {
        World world;
        const TestLink first = makeLink(1);
        const TestLink second = makeLink(2);
        world.arbiter->submit(world.ask(first, kOut));
        world.arbiter->submit(world.ask(second, kIn));
        world.take();
        first.liveness->end();
        world.arbiter->linkEnded(kKey, 1);
        QCOMPARE(world.take(), won(2)); // it is closed already
        QCOMPARE(world.holder(), quint64(2));
    }

    void aCandidateThatEndsWhileItWaitsIsRejected()
    {
        World world;
        const TestLink first = makeLink(1);
        const TestLink second = makeLink(2);
        world.arbiter->submit(world.ask(first, kOut));
        world.arbiter->submit(world.ask(second, kIn));
        world.take();
        second.liveness->end();
        world.arbiter->linkEnded(kKey, 2);
        QCOMPARE(world.take(), QStringList(QStringLiteral("rejected 2 cancelled")));
        world.arbiter->linkEnded(kKey, 2);
        world.advance(600 * kSecond);
        QCOMPARE(world.take(), QStringList());
        QCOMPARE(world.holder(), quint64(1));
    }

    // RG-08
    void aSilentHolderMakesRoomWithinThreeSeconds()
    {
        World world;
        const TestLink first = makeLink(1);
        const TestLink second = makeLink(2);
        world.arbiter->submit(world.ask(first, kOut));
        world.advance(900 * kSecond);
        world.arbiter->submit(world.ask(second, kIn));
        QCOMPARE(world.probes.asked, QList<quint64>({1, 2}));
        world.arbiter->heard(kKey, 2);
        world.take();
        world.advance(3 * kSecond);
        QCOMPARE(world.take(), wonOver(2, 1));
    }

    void aSilentCandidateIsRejected()
    {
        World world;
        const TestLink first = makeLink(1);
        const TestLink second = makeLink(2);
        world.arbiter->submit(world.ask(first, kOut));
        world.arbiter->submit(world.ask(second, kIn));
        world.arbiter->heard(kKey, 1);
        world.take();
        world.advance(3 * kSecond);
        QCOMPARE(world.take(), QStringList(QStringLiteral("rejected 2 already-exists")));
    }

    void twoThatAnswerAreSettledAfterAMinute()
    {
        World world;
        const TestLink first = makeLink(1);
        const TestLink second = makeLink(2);
        world.probes.act = [&](quint64 link) { world.arbiter->heard(kKey, link); };
        world.arbiter->submit(world.ask(first, kOut));
        world.advance(kSecond);
        world.arbiter->submit(world.ask(second, kIn));
        world.take();
        world.advance(60 * kSecond - 1);
        QCOMPARE(world.take(), QStringList());
        QVERIFY(world.probes.asked.size() >= 2 * 19); // every three seconds
        world.advance(1);
        QCOMPARE(world.take(), wonOver(2, 1));
    }

    void aThirdLinkOfTheWaitingDirectionReplacesTheWaitingOne()
    {
        World world;
        const TestLink first = makeLink(1);
        const TestLink second = makeLink(2);
        const TestLink third = makeLink(3);
        world.arbiter->submit(world.ask(first, kOut));
        world.advance(kSecond);
        world.arbiter->submit(world.ask(second, kIn));
        world.advance(kSecond);
        world.take();
        world.arbiter->submit(world.ask(third, kIn));
        QCOMPARE(world.take(), QStringList(QStringLiteral("evicted 2")));
        QCOMPARE(world.arbiter->waiting(), 1);
        world.advance(3 * kSecond);
        QCOMPARE(world.take(), wonOver(3, 1));
        world.advance(600 * kSecond);
        QCOMPARE(world.take(), QStringList());
    }

    void aThirdLinkOfTheHoldersDirectionReplacesTheHolder()
    {
        World world;
        const TestLink first = makeLink(1);
        const TestLink second = makeLink(2);
        const TestLink third = makeLink(3);
        world.arbiter->submit(world.ask(first, kOut, "z"));
        world.advance(kSecond);
        world.arbiter->submit(world.ask(second, kIn, "z"));
        world.advance(kSecond / 2);
        world.take();
        world.arbiter->submit(world.ask(third, kOut, "z"));
        QCOMPARE(world.take(), wonOver(3, 1));
        QCOMPARE(world.arbiter->waiting(), 1);
        world.advance(kSecond);
        QCOMPARE(world.take(), QStringList(QStringLiteral("rejected 2 already-exists")));
    }

    // RG-14
    void signsOfLinksNobodyAsksAboutAreCounted()
    {
        World world;
        const TestLink first = makeLink(1);
        const TestLink second = makeLink(2);
        world.arbiter->heard(kKey, 1);
        world.arbiter->submit(world.ask(first, kOut));
        world.arbiter->submit(world.ask(second, kIn));
        world.take();
        world.arbiter->heard(kKey, 7);
        QCOMPARE(world.arbiter->staleSigns(), quint64(2));
        world.advance(3 * kSecond); // 7 spoke, 1 did not
        QCOMPARE(world.take(), wonOver(2, 1));
    }

    void aPolicyThatNeverDecidesIsStopped()
    {
        World world;
        const TestLink first = makeLink(1);
        const TestLink second = makeLink(2);
        int asked = 0;
        const auto never = [&](const DoubleLinkCase &) {
            ++asked;
            return DoubleLinkDecision{DoubleLinkVerdict::Wait, 0, false};
        };
        world.arbiter->submit(world.ask(first, kOut, "a", never));
        world.arbiter->submit(world.ask(second, kIn, "a", never));
        world.take();
        world.advance(DoubleLinkArbiter::kMostWaitNs);
        QCOMPARE(world.take(), QStringList(QStringLiteral("rejected 2 timeout")));
        QVERIFY(asked <= DoubleLinkArbiter::kMostWaitNs / kNsPerMs + 2);
        QCOMPARE(world.timers.size(), std::size_t(0));
    }

    // SH-03
    void nothingIsKeptAfterTheEnd()
    {
        World world;
        const TestLink first = makeLink(1);
        const TestLink second = makeLink(2);
        const TestLink third = makeLink(3);
        world.arbiter->submit(world.ask(first, kOut));
        world.arbiter->submit(world.ask(second, kIn));
        world.take();
        world.arbiter->close(Error(ErrorCode::ShuttingDown, QStringLiteral("stop")));
        QCOMPARE(world.take(), QStringList(QStringLiteral("rejected 2 shutting-down")));
        first.liveness->end();
        QVERIFY(world.registry.remove(kKey, 1));
        world.arbiter->submit(world.ask(third, kIn));
        QCOMPARE(world.take(), QStringList(QStringLiteral("rejected 3 shutting-down")));
        world.advance(600 * kSecond);
        QCOMPARE(world.take(), QStringList());
        QCOMPARE(world.registry.size(), 0);
        QCOMPARE(world.timers.size(), std::size_t(0));
    }

    // SH-08
    void itMayBeDestroyedFromInsideAnyOfItsWords_data()
    {
        QTest::addColumn<QString>("word");
        for (const char *word : {"kept 2", "evicted 1", "no dials but 2", "probe", "rejected 2"})
            QTest::newRow(word) << QString::fromLatin1(word);
    }

    void itMayBeDestroyedFromInsideAnyOfItsWords()
    {
        QFETCH(const QString, word);
        World world;
        const TestLink first = makeLink(1);
        const TestLink second = makeLink(2);
        world.act = [&](const QString &said) {
            if (said.startsWith(word))
                world.arbiter.reset();
        };
        world.probes.act = [&](quint64 link) {
            if (word == QLatin1String("probe"))
                world.arbiter.reset();
            else if (word.startsWith(QLatin1String("rejected")) && world.arbiter)
                world.arbiter->heard(kKey, link == 1 ? 1 : 0);
        };
        world.arbiter->submit(world.ask(first, kOut));
        world.arbiter->submit(world.ask(second, kIn));
        world.advance(600 * kSecond);
        QVERIFY(!world.arbiter);
        QCOMPARE(world.timers.size(), std::size_t(0));
    }

    void callsFromInsideAWordKeepTheOrder()
    {
        World world;
        const TestLink first = makeLink(1);
        const TestLink second = makeLink(2);
        const TestLink third = makeLink(3);
        world.act = [&](const QString &said) {
            if (said == QLatin1String("kept 2"))
                world.arbiter->submit(world.ask(third, kIn, "z"));
        };
        world.arbiter->submit(world.ask(first, kIn, "z"));
        world.arbiter->submit(world.ask(second, kIn, "z"));
        QCOMPARE(world.take(), won(1) + wonOver(2, 1) + wonOver(3, 2));
        QCOMPARE(world.holder(), quint64(3));
    }
};

QTEST_APPLESS_MAIN(tst_DoubleLinkArbiter)

#include "tst_doublelinkarbiter.moc"
