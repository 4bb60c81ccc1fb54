// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "simrandom.h"
#include "simsteps.h"
#include "twohosts.h"

#include <QtTest/QTest>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <vector>

using namespace fairlead;
using core::DoubleLinkCase;
using core::DoubleLinkDecision;
using core::DoubleLinkVerdict;
using sim::HostRule;
using sim::SimRandom;
using sim::TwoHosts;

namespace {

constexpr qint64 kSecond = kNsPerSecond;
/// Grace of the bigger id, or the probe of the smaller one, and some way for the last words.
constexpr qint64 kDecidedNs = 4 * kSecond;
constexpr qint64 kReturnNs = 3 * kSecond; // RG-08

DoubleLinkDecision own(const DoubleLinkCase &links)
{
    return core::specRecency(links);
}

/// The bigger id decides at once, for @p verdict; the smaller one waits and probes.
template <DoubleLinkVerdict verdict>
DoubleLinkDecision biggerAtOnce(const DoubleLinkCase &links)
{
    const DoubleLinkDecision decision = core::specRecency(links);
    if (decision.verdict == DoubleLinkVerdict::Wait && links.ownId > links.peerId)
        return {verdict, 0, false};
    return decision;
}

/// Rules met in the field, ours first.
std::vector<HostRule> rules()
{
    const std::vector<HostRule> once = {
        {"own", own},
        {"bigger keeps newest at once", biggerAtOnce<DoubleLinkVerdict::KeepCandidate>},
        {"bigger keeps oldest", biggerAtOnce<DoubleLinkVerdict::KeepPresent>},
        {"bigger's initiative", core::biggerIdInitiator},
        {"first come", core::rejectNew},
        {"newest", core::newestWins},
    };
    std::vector<HostRule> all = once;
    for (HostRule rule : once) {
        rule.cancelsHandshakes = true;
        all.push_back(rule);
    }
    return all;
}

/// The choices of one history; next() turns them into those of the history that follows, so that in
/// the end every history was seen.
class Choices
{
public:
    std::size_t choose(std::size_t options)
    {
        if (m_at == m_made.size())
            m_made.push_back({0, options});
        return m_made[m_at++].chosen;
    }

    bool next()
    {
        m_at = 0;
        while (!m_made.empty() && m_made.back().chosen + 1 == m_made.back().options)
            m_made.pop_back();
        if (m_made.empty())
            return false;
        ++m_made.back().chosen;
        return true;
    }

private:
    struct Made
    {
        std::size_t chosen;
        std::size_t options;
    };

    std::vector<Made> m_made;
    std::size_t m_at = 0;
};

/// Time goes on until nothing is open, each word arriving before the clock moves.
void runUntilDecided(TwoHosts &world, qint64 until)
{
    world.deliverAll();
    for (;;) {
        const qint64 next = world.time().nextDeadline();
        if (next < 0 || next > until)
            return;
        world.time().moveTo(next);
        world.time().fireDue();
        world.deliverAll();
    }
}

int seedsWanted(int unlessTold)
{
    const int wanted = qEnvironmentVariableIntValue("FAIRLEAD_SIM_SEEDS");
    return wanted > 0 ? wanted : unlessTold;
}

} // namespace

/// TS-01: two hosts, the real registry, arbiter and link at both of them.
class tst_SimulationTwoHosts : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    // RG-07, RG-01, RG-02
    void everyInterleavingOfTwoDialsEndsOnOneLink_data()
    {
        QTest::addColumn<int>("rule");
        QTest::addColumn<bool>("bigger");
        QTest::addColumn<bool>("dialerDoneFirst");
        QTest::addColumn<bool>("eager");
        const std::vector<HostRule> all = rules();
        for (std::size_t rule = 0; rule < all.size(); ++rule) {
            for (int bits = 0; bits < 8; ++bits) {
                QTest::addRow("peer: %s%s, we are the %s id, %s is done first%s",
                              all[rule].name,
                              all[rule].cancelsHandshakes ? " and cancels handshakes" : "",
                              (bits & 1) ? "bigger" : "smaller",
                              (bits & 2) ? "dialler" : "acceptor",
                              (bits & 4) ? ", eager" : "")
                    << int(rule) << bool(bits & 1) << bool(bits & 2) << bool(bits & 4);
            }
        }
    }

    void everyInterleavingOfTwoDialsEndsOnOneLink()
    {
        QFETCH(const int, rule);
        QFETCH(const bool, bigger);
        QFETCH(const bool, dialerDoneFirst);
        QFETCH(const bool, eager);
        TwoHosts::Setup setup;
        setup.ids = {bigger ? "z" : "a", "m"};
        setup.rules = {rules().front(), rules()[std::size_t(rule)]};
        setup.dialerDoneFirst = dialerDoneFirst;
        setup.eager = eager;
        // Our own rule on both sides also bears words that take longer than the grace.
        const int timerChoices = rule == 0 ? 2 : 0;

        Choices choices;
        do {
            TwoHosts world(setup);
            const qint64 began = world.time().now();
            std::vector<int> dials = {0, 1};
            int timersLeft = timerChoices;
            for (;;) {
                const std::vector<int> ready = world.deliverable();
                const qint64 deadline = world.time().nextDeadline();
                const bool timer
                    = timersLeft > 0 && deadline >= 0 && deadline <= began + 2 * kSecond;
                const std::size_t options = dials.size() + ready.size() + (timer ? 1 : 0);
                if (options == 0 || (dials.empty() && ready.empty()))
                    break;
                ++m_steps;
                std::size_t chosen = choices.choose(options);
                if (chosen < dials.size()) {
                    world.dial(dials[chosen]);
                    dials.erase(dials.begin() + std::ptrdiff_t(chosen));
                    continue;
                }
                chosen -= dials.size();
                if (chosen < ready.size()) {
                    world.deliver(ready[chosen]);
                    continue;
                }
                --timersLeft;
                world.time().moveTo(deadline);
                world.time().fireDue();
            }
            runUntilDecided(world, world.time().now() + kDecidedNs);
            QString why;
            if (world.survivor(&why) < 0)
                QFAIL(qPrintable(why + QLatin1Char('\n') + world.history.join(QLatin1Char('\n'))));
            ++m_histories;
        } while (choices.next());
    }

    // RG-08, RG-04
    void aPeerThatReturnsIsNotLockedOut_data()
    {
        QTest::addColumn<int>("rule");
        QTest::addColumn<bool>("bigger");
        QTest::addColumn<bool>("weDialled");
        const std::vector<HostRule> all = rules();
        for (std::size_t rule = 0; rule < all.size(); ++rule) {
            for (int bits = 0; bits < 4; ++bits) {
                QTest::addRow("peer: %s%s, we are the %s id and %s",
                              all[rule].name,
                              all[rule].cancelsHandshakes ? " and cancels handshakes" : "",
                              (bits & 1) ? "bigger" : "smaller",
                              (bits & 2) ? "dialled" : "were dialled")
                    << int(rule) << bool(bits & 1) << bool(bits & 2);
            }
        }
    }

    void aPeerThatReturnsIsNotLockedOut()
    {
        QFETCH(const int, rule);
        QFETCH(const bool, bigger);
        QFETCH(const bool, weDialled);
        TwoHosts::Setup setup;
        setup.ids = {bigger ? "z" : "a", "m"};
        setup.rules = {rules().front(), rules()[std::size_t(rule)]};
        TwoHosts world(setup);
        world.dial(weDialled ? 0 : 1);
        runUntilDecided(world, world.time().now() + kDecidedNs);
        QString why;
        QCOMPARE(world.survivor(&why), 0);
        for (const int returns : {1, 2, 3}) {
            world.time().runTo(world.time().now() + 600 * kSecond);
            world.restart(1);
            world.dial(1);
            world.deliverAll();
            runUntilDecided(world, world.time().now() + kReturnNs);
            QCOMPARE(world.holder(0), returns);
            QCOMPARE(world.holder(1), returns);
            QVERIFY(!world.isUndecided());
            QCOMPARE(world.end(returns - 1, 0)->closes, 1);
            QCOMPARE(world.end(returns, 0)->connects, 1);
        }
    }

    // RG-07, RG-08: words take their time, connections break, hosts restart, and both dial again.
    void randomHistoriesEndOnOneLink_data()
    {
        QTest::addColumn<int>("seed");
        bool one = false;
        const int only = qEnvironmentVariableIntValue("FAIRLEAD_SIM_SEED", &one);
        for (int seed = one ? only : 1; seed <= (one ? only : seedsWanted(300)); ++seed)
            QTest::addRow("seed %d", seed) << seed;
    }

    void randomHistoriesEndOnOneLink()
    {
        QFETCH(const int, seed);
        SimRandom random{quint64(seed)};
        const std::vector<HostRule> all = rules();
        TwoHosts::Setup setup;
        setup.ids = {random.chance(50) ? "z" : "a", "m"};
        setup.rules = {all.front(), all[random.below(all.size())]};
        setup.dialerDoneFirst = random.chance(50);
        setup.eager = random.chance(50);
        TwoHosts world(setup);
        const qint64 began = world.time().now();
        const qint64 calm = began + 30 * kSecond;
        const qint64 over = calm + 120 * kSecond;
        const auto some = [&](qint64 most) { return qint64(random.below(quint64(most))); };

        std::map<int, qint64> due; // of the first word of each queue
        std::array<qint64, 2> dialAt = {began + some(kSecond), began + some(kSecond)};
        qint64 faultAt = began + some(5 * kSecond);
        while (world.time().now() < over) {
            qint64 next = over;
            for (const int queue : world.deliverable())
                due.try_emplace(queue, world.time().now() + some(400 * kNsPerMs));
            for (const auto &[queue, at] : due)
                next = std::min(next, at);
            next = std::min({next, dialAt[0], dialAt[1], faultAt});
            if (const qint64 deadline = world.time().nextDeadline(); deadline >= 0)
                next = std::min(next, deadline);
            world.time().moveTo(next);
            const qint64 now = world.time().now();
            ++m_steps;

            world.time().fireDue();
            world.expire();
            for (const std::size_t host : {0, 1}) {
                if (dialAt[host] > now)
                    continue;
                if (!world.hasLiveLink(int(host)) || (setup.eager && now < calm))
                    world.dial(int(host));
                dialAt[host] = now + 1 + some(5 * kSecond);
            }
            if (faultAt <= now) {
                faultAt = now < calm ? now + 1 + some(8 * kSecond) : over;
                if (now < calm)
                    hurt(world, random);
            }
            const std::vector<int> ready = world.deliverable();
            for (auto at = due.begin(); at != due.end();) {
                const bool waits = std::find(ready.begin(), ready.end(), at->first) != ready.end();
                if (waits && at->second <= now)
                    world.deliver(at->first);
                at = !waits || at->second <= now ? due.erase(at) : std::next(at);
            }
        }
        QString why;
        if (world.survivor(&why) < 0) {
            QFAIL(qPrintable(QStringLiteral("seed %1, peer: %2, %3\n%4")
                                 .arg(seed)
                                 .arg(QLatin1String(setup.rules[1].name),
                                      why,
                                      world.history.join(QLatin1Char('\n')))));
        }
        ++m_histories;
    }

    void cleanupTestCase()
    {
        // Said even where the test runs silently.
        (void)std::printf("%llu histories\n", static_cast<unsigned long long>(m_histories));
        sim::tellSteps(m_steps);
    }

private:
    static void hurt(TwoHosts &world, SimRandom &random)
    {
        const int connection
            = world.connectionCount() > 0 ? int(random.below(world.connectionCount())) : -1;
        switch (random.below(3)) {
        case 0:
            world.restart(int(random.below(2)));
            break;
        case 1:
            if (connection >= 0)
                world.reset(connection);
            break;
        default:
            if (connection >= 0)
                world.cut(connection, int(random.below(2)));
            break;
        }
    }

    quint64 m_histories = 0;
    quint64 m_steps = 0;
};

QTEST_GUILESS_MAIN(tst_SimulationTwoHosts)
#include "tst_simulationtwohosts.moc"
