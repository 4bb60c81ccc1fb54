// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/supervisor/multiaddressdial.h"
#include "scripted.h"

#include <QtTest/QTest>

#include <set>

using namespace fairlead;
using namespace fairlead::core;
using fairlead::test::SimTime;
using Family = DialAddress::Family;

namespace {

constexpr qint64 kMs = kNsPerMs;
constexpr qint64 kSecond = kNsPerSecond;

DialAddress address(Family family, const char *host)
{
    return {family, QString::fromLatin1(host), 4712};
}

const std::vector<DialAddress> kThree{address(Family::IPv4, "10.0.0.1"),
                                      address(Family::IPv4, "10.0.0.2"),
                                      address(Family::IPv4, "10.0.0.3")};

class DialWorld : public AddressOpener, public MultiAddressReceiver
{
public:
    void open(std::size_t attempt, const DialAddress &target, qint64 deadline) override
    {
        opens.push_back(target.host);
        live.insert(attempt);
        lastDeadline = deadline;
        if (onOpen)
            onOpen(attempt);
    }

    void cancel(std::size_t attempt) override
    {
        ++cancels;
        live.erase(attempt);
    }

    Result<> checkIdentity(std::size_t attempt) override
    {
        ++checks;
        return attempt == impostor ? Result<>(test::fatalError()) : Result<>();
    }

    void dialSucceeded(std::size_t attempt) override
    {
        ++successes;
        winner = attempt;
        if (deleteAtEnd)
            dial.reset();
    }

    void dialFailed(const Error &reason) override
    {
        ++failures;
        error = reason;
        if (deleteAtEnd)
            dial.reset();
    }

    void fail(std::size_t attempt, const Error &reason = test::refusedError())
    {
        live.erase(attempt);
        dial->failed(attempt, reason);
    }

    void start(const std::vector<DialAddress> &addresses,
               qint64 budget = 10 * kSecond,
               AddressOrder order = AddressOrder::Interleaved)
    {
        dial->start(addresses, clock.now() + budget, order);
    }

    void advance(qint64 ns) { clock.runTo(clock.now() + ns); }

    SimTime clock;
    core::TimerQueue &timers = clock.timers();
    std::function<void(std::size_t)> onOpen;
    std::unique_ptr<MultiAddressDial> dial
        = std::make_unique<MultiAddressDial>(clock, timers, *this, *this);
    QStringList opens;
    std::set<std::size_t> live;
    std::size_t impostor = 1000;
    std::size_t winner = 1000;
    qint64 lastDeadline = 0;
    int cancels = 0;
    int checks = 0;
    int successes = 0;
    int failures = 0;
    bool deleteAtEnd = false;
    Error error;
};

} // namespace

class tst_MultiAddressDial : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void addressesAreInterleaved();
    void anOrderThatIsGivenStays();
    void twoDeadAddressesAndAGoodOne();
    void refusedAddressGivesItsTurnAway();
    void firstSuccessCancelsTheRest();
    void wrongPeerIsClosedAndTheRestGoesOn();
    void onlyWrongPeersIsFatal();
    void oneDeadlineForAll();
    void allFailuresAreTold();
    void opensThatEndInsideAreHandled();
    void abortInterruptsEverything();
    void lateReportsAreCounted();
    void endMayDeleteTheDial_data();
    void endMayDeleteTheDial();
    void withoutAddressItFails();
    void addressesAreBounded();
};

// SV-14
void tst_MultiAddressDial::addressesAreInterleaved()
{
    const auto ordered = interleaveAddresses({address(Family::IPv4, "10.0.0.1"),
                                              address(Family::IPv4, "10.0.0.2"),
                                              address(Family::IPv4, "10.0.0.1"),
                                              address(Family::IPv6, "fe80::1"),
                                              address(Family::Name, "box.local"),
                                              address(Family::IPv6, "fe80::2"),
                                              address(Family::IPv4, "10.0.0.3")});
    QStringList texts;
    for (const DialAddress &one : ordered)
        texts.append(one.text());
    QCOMPARE(texts.join(u' '),
             QStringLiteral("box.local:4712 [fe80::1]:4712 10.0.0.1:4712 [fe80::2]:4712 "
                            "10.0.0.2:4712 10.0.0.3:4712"));
}

// SV-14, RR11
void tst_MultiAddressDial::anOrderThatIsGivenStays()
{
    DialWorld world;
    world.start({address(Family::IPv4, "10.0.0.1"),
                 address(Family::IPv4, "10.0.0.2"),
                 address(Family::IPv6, "fe80::1"),
                 address(Family::Name, "box.local")},
                10 * kSecond,
                AddressOrder::AsGiven);
    for (std::size_t i = 0; i < 4; ++i)
        world.fail(i);
    QCOMPARE(world.opens.join(u' '), QStringLiteral("10.0.0.1 10.0.0.2 fe80::1 box.local"));
    QCOMPARE(world.failures, 1);
}

// SV-14
void tst_MultiAddressDial::twoDeadAddressesAndAGoodOne()
{
    DialWorld world;
    world.start(kThree);
    QCOMPARE(world.opens.size(), 1);
    world.advance(250 * kMs - 1);
    QCOMPARE(world.opens.size(), 1);
    world.advance(1);
    QCOMPARE(world.opens.size(), 2);
    world.advance(250 * kMs);
    QCOMPARE(world.opens.size(), 3);
    QCOMPARE(world.lastDeadline, kSecond + 10 * kSecond);
    world.dial->opened(2);
    QCOMPARE(world.winner, 2U);
    QCOMPARE(world.checks, 1);
    QCOMPARE(world.live, std::set<std::size_t>{2});
    QCOMPARE(world.timers.size(), 0U);
    world.advance(60 * kSecond);
    QCOMPARE(world.successes + world.failures, 1);
}

// SV-14
void tst_MultiAddressDial::refusedAddressGivesItsTurnAway()
{
    DialWorld world;
    world.start(kThree);
    world.fail(0);
    QCOMPARE(world.opens.size(), 2);
    // The head start of the second counts from its own start.
    world.advance(249 * kMs);
    QCOMPARE(world.opens.size(), 2);
    world.fail(1);
    QCOMPARE(world.opens.size(), 3);
    world.dial->opened(2);
    QCOMPARE(world.winner, 2U);
}

// SV-14
void tst_MultiAddressDial::firstSuccessCancelsTheRest()
{
    DialWorld world;
    world.start(kThree);
    world.advance(kSecond);
    QCOMPARE(world.live.size(), 3U);
    world.dial->opened(1);
    QCOMPARE(world.winner, 1U);
    QCOMPARE(world.cancels, 2);
    QCOMPARE(world.live, std::set<std::size_t>{1});
    QVERIFY(!world.dial->isRunning());
    QCOMPARE(world.dial->address(1).host, kThree[1].host);
}

// SV-14
void tst_MultiAddressDial::wrongPeerIsClosedAndTheRestGoesOn()
{
    DialWorld world;
    world.impostor = 0;
    world.start(kThree);
    world.dial->opened(0);
    QCOMPARE(world.successes, 0);
    QVERIFY(!world.live.count(0));
    QCOMPARE(world.cancels, 1);
    QCOMPARE(world.opens.size(), 2);
    world.dial->opened(1);
    QCOMPARE(world.winner, 1U);
}

// SV-14 SV-10
void tst_MultiAddressDial::onlyWrongPeersIsFatal()
{
    DialWorld world;
    world.impostor = 0;
    world.start({kThree[0]});
    world.dial->opened(0);
    QCOMPARE(world.failures, 1);
    QCOMPARE(world.error.code(), ErrorCode::IdentityMismatch);
    QVERIFY(!world.error.isRetryable());
    QVERIFY(world.live.empty());

    DialWorld mixed;
    mixed.impostor = 0;
    mixed.start(kThree);
    mixed.dial->opened(0);
    mixed.fail(1);
    mixed.fail(2);
    // Someone else answers at one address: the peer may still be found at the others.
    QVERIFY(mixed.error.isRetryable());
    QCOMPARE(mixed.error.code(), ErrorCode::ConnectionRefused);
}

// SV-14
void tst_MultiAddressDial::oneDeadlineForAll()
{
    DialWorld world;
    world.start(kThree, kSecond);
    world.advance(kSecond - 1);
    QCOMPARE(world.failures, 0);
    QCOMPARE(world.live.size(), 3U);
    world.advance(1);
    QCOMPARE(world.failures, 1);
    QCOMPARE(world.error.code(), ErrorCode::Timeout);
    QVERIFY(world.error.isRetryable());
    QVERIFY(world.live.empty());
    QCOMPARE(world.timers.size(), 0U);

    // A deadline shorter than the head start: the rest is never tried.
    DialWorld hasty;
    hasty.start(kThree, 100 * kMs);
    hasty.advance(kSecond);
    QCOMPARE(hasty.opens.size(), 1);
    QVERIFY(hasty.error.text().contains(QStringLiteral("10.0.0.2:4712: not tried")));
}

// SV-14
void tst_MultiAddressDial::allFailuresAreTold()
{
    DialWorld world;
    Error busy(ErrorCode::LimitReached, QStringLiteral("full"));
    busy.setDetail(QStringLiteral("retryAfterMs"), 7000);
    world.start(kThree);
    world.fail(0, busy);
    world.fail(1);
    QCOMPARE(world.failures, 0);
    world.fail(2, test::lostError());
    QCOMPARE(world.failures, 1);
    QCOMPARE(world.error.code(), ErrorCode::LimitReached);
    QCOMPARE(world.error.text(),
             QStringLiteral("10.0.0.1:4712: limit-reached: full; "
                            "10.0.0.2:4712: connection-refused: nobody listens; "
                            "10.0.0.3:4712: connection-reset: the peer is gone"));
    QCOMPARE(world.error.details().value(QStringLiteral("retryAfterMs")).toInt(), 7000);
}

// SV-14
void tst_MultiAddressDial::opensThatEndInsideAreHandled()
{
    DialWorld world;
    world.onOpen = [&world](std::size_t attempt) {
        if (attempt < 2)
            world.fail(attempt);
        else
            world.dial->opened(attempt);
    };
    world.start(kThree);
    QCOMPARE(world.winner, 2U);
    QCOMPARE(world.successes, 1);
    QCOMPARE(world.timers.size(), 0U);

    DialWorld dead;
    dead.onOpen = [&dead](std::size_t attempt) { dead.fail(attempt); };
    dead.start(kThree);
    QCOMPARE(dead.failures, 1);
    QCOMPARE(dead.opens.size(), 3);
}

// SV-14 SH-04
void tst_MultiAddressDial::abortInterruptsEverything()
{
    DialWorld world;
    world.start(kThree);
    world.advance(kSecond);
    world.dial->abort();
    QVERIFY(world.live.empty());
    QCOMPARE(world.timers.size(), 0U);
    world.dial->opened(0);
    world.advance(60 * kSecond);
    QCOMPARE(world.successes + world.failures, 0);

    DialWorld deleted;
    deleted.start(kThree);
    deleted.dial.reset();
    QVERIFY(deleted.live.empty());
    QCOMPARE(deleted.timers.size(), 0U);
}

// SV-14 RG-14
void tst_MultiAddressDial::lateReportsAreCounted()
{
    DialWorld world;
    world.start(kThree);
    world.dial->opened(1); // not opened yet
    world.dial->opened(77);
    world.fail(0);
    world.dial->failed(0, test::lostError());
    world.dial->opened(0);
    QCOMPARE(world.dial->stale(), 4U);
    QCOMPARE(world.successes, 0);
    world.dial->opened(1);
    world.dial->opened(1);
    QCOMPARE(world.successes, 1);
    QCOMPARE(world.dial->stale(), 5U);
}

// SH-08
void tst_MultiAddressDial::endMayDeleteTheDial_data()
{
    QTest::addColumn<QString>("end");
    for (const char *end : {"success", "failure", "deadline"})
        QTest::addRow("SH-08 %s", end) << QString::fromLatin1(end);
}

void tst_MultiAddressDial::endMayDeleteTheDial()
{
    QFETCH(const QString, end);
    DialWorld world;
    world.deleteAtEnd = true;
    world.start({kThree[0]});
    if (end == u"success")
        world.dial->opened(0);
    else if (end == u"failure")
        world.fail(0);
    else
        world.advance(60 * kSecond);
    QVERIFY(!world.dial);
    QCOMPARE(world.successes + world.failures, 1);
    // What succeeded belongs to the receiver and stays open.
    QCOMPARE(world.live.size(), end == u"success" ? 1U : 0U);
}

void tst_MultiAddressDial::withoutAddressItFails()
{
    DialWorld world;
    world.start({});
    QCOMPARE(world.failures, 1);
    QCOMPARE(world.error.code(), ErrorCode::NameLookup);
}

void tst_MultiAddressDial::addressesAreBounded()
{
    DialWorld world;
    std::vector<DialAddress> many;
    for (int i = 0; i < 100; ++i)
        many.push_back({Family::IPv4, QStringLiteral("10.0.1.%1").arg(i), 1});
    world.onOpen = [&world](std::size_t attempt) { world.fail(attempt); };
    world.start(many);
    QCOMPARE(world.opens.size(), int(MultiAddressDial::kMaxAddresses));
    QVERIFY(world.error.text().endsWith(QStringLiteral("84 more addresses left out")));
}

QTEST_APPLESS_MAIN(tst_MultiAddressDial)
#include "tst_multiaddressdial.moc"
