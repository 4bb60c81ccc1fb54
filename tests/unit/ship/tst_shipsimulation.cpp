// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "protocol/machine.h"

#include <QTest>

#include <deque>
#include <memory>
#include <random>

using namespace fairlead::ship;

namespace {

constexpr qint64 kNsPerMs = 1'000'000;

/// One end of a simulated connection: a machine, its timers, and what it went through.
struct Node
{
    explicit Node(Settings settings)
        : machine(std::move(settings))
    { }

    Machine machine;
    std::array<std::optional<qint64>, kTimerCount> deadlines;
    std::vector<State> states;
    QByteArrayList delivered;
    QByteArray peerId;
    std::optional<End> end;
    bool stalled = false; ///< its messages are never sent
};

/// What is on its way to a node, in order.
struct Parcel
{
    qint64 arrival = 0;
    QByteArray bytes;
    bool close = false;
};

/// Two machines that talk over two ordered channels with random delays, on one clock.
class World
{
public:
    World(quint32 seed, Settings client, Settings server)
        : m_random(seed)
        , nodes{Node(std::move(client)), Node(std::move(server))}
    { }

    void start()
    {
        for (int i = 0; i < 2; ++i)
            apply(i, [this](Machine &machine, Actions &out) { machine.start(now, out); });
    }

    template <typename Event>
    void apply(int index, Event event)
    {
        Actions out;
        event(nodes[std::size_t(index)].machine, out);
        for (const Action &action : out)
            act(index, action);
    }

    /// The next thing happens; false when nothing ever will.
    bool step()
    {
        qint64 next = -1;
        int who = 0;
        int timer = -1;
        for (int i = 0; i < 2; ++i) {
            const auto &channel = m_channels[std::size_t(i)];
            if (!channel.empty() && (next < 0 || channel.front().arrival < next)) {
                next = channel.front().arrival;
                who = i;
                timer = -1;
            }
            for (int t = 0; t < kTimerCount; ++t) {
                const auto deadline = nodes[std::size_t(i)].deadlines[std::size_t(t)];
                if (deadline && (next < 0 || *deadline < next)) {
                    next = *deadline;
                    who = i;
                    timer = t;
                }
            }
        }
        if (next < 0)
            return false;
        now = std::max(now, next);
        if (timer >= 0)
            fire(who, static_cast<TimerId>(timer));
        else
            arrive(who);
        return true;
    }

    void runUntil(qint64 until)
    {
        while (now < until && step()) { }
        now = std::max(now, until);
    }

    /// Every packet on the way is lost; both ends learn of it now or never.
    void cut(bool told)
    {
        for (int i = 0; i < 2; ++i) {
            m_channels[std::size_t(i)].clear();
            nodes[std::size_t(i)].stalled = true;
            if (told) {
                apply(i, [this](Machine &machine, Actions &out) { machine.peerGone(now, out); });
            }
        }
    }

    [[nodiscard]] bool bothIn(State state) const
    {
        return nodes[0].machine.state() == state && nodes[1].machine.state() == state;
    }

    qint64 random(qint64 below) { return qint64(m_random() % quint64(below)); }

    qint64 now = 1;

private:
    std::mt19937_64 m_random;

public:
    std::array<Node, 2> nodes;

private:
    void fire(int index, TimerId timer)
    {
        nodes[std::size_t(index)].deadlines[static_cast<std::size_t>(timer)].reset();
        apply(index,
              [this, timer](Machine &machine, Actions &out) { machine.expire(timer, now, out); });
    }

    void arrive(int index)
    {
        auto &channel = m_channels[std::size_t(index)];
        const Parcel parcel = channel.front();
        channel.pop_front();
        if (parcel.close) {
            apply(index, [this](Machine &machine, Actions &out) { machine.peerGone(now, out); });
            return;
        }
        apply(index, [this, &parcel](Machine &machine, Actions &out) {
            machine.receive(viewOf(parcel.bytes), now, out);
        });
    }

    void post(int from, Parcel parcel)
    {
        if (nodes[std::size_t(from)].stalled)
            return;
        auto &channel = m_channels[std::size_t(1 - from)];
        const qint64 earliest = channel.empty() ? now : channel.back().arrival;
        parcel.arrival = std::max(earliest, now + random(200) * kNsPerMs);
        channel.push_back(std::move(parcel));
    }

    void act(int index, const Action &action)
    {
        Node &node = nodes[std::size_t(index)];
        QVERIFY2(!node.end, "something follows the end");
        if (const auto *const send = std::get_if<SendMessage>(&action)) {
            post(index, {0, send->bytes, false});
        } else if (const auto *const arm = std::get_if<ArmTimer>(&action)) {
            QVERIFY(arm->deadline >= now);
            node.deadlines[static_cast<std::size_t>(arm->timer)] = arm->deadline;
        } else if (const auto *const disarm = std::get_if<DisarmTimer>(&action)) {
            node.deadlines[static_cast<std::size_t>(disarm->timer)].reset();
        } else if (const auto *const enter = std::get_if<EnterState>(&action)) {
            QVERIFY2(node.states.empty() || enter->state > node.states.back()
                         || (enter->state == State::HelloReady
                             && node.states.back() == State::HelloPending),
                     "a state goes backwards");
            node.states.push_back(enter->state);
        } else if (const auto *const data = std::get_if<DeliverData>(&action)) {
            QVERIFY(node.machine.state() == State::Data);
            node.delivered.append(copyOf(data->payload));
        } else if (const auto *const peer = std::get_if<PeerIdentified>(&action)) {
            node.peerId = peer->methods.id;
        } else if (const auto *const end = std::get_if<End>(&action)) {
            node.end = *end;
            for (const auto &deadline : node.deadlines)
                QVERIFY2(!deadline, "a timer outlives the connection");
            if (!end->peerIsGone)
                post(index, {0, {}, true});
        }
    }

    std::array<std::deque<Parcel>, 2> m_channels;
};

Settings node(Role role, Trust trust, const char *id)
{
    Settings settings;
    settings.role = role;
    settings.trust = trust;
    settings.shipId = id;
    return settings;
}

World world(quint32 seed, Trust client, Trust server)
{
    return {seed, node(Role::Client, client, "client"), node(Role::Server, server, "server")};
}

constexpr quint32 kSeeds = 300;

/// PINs in all combinations.
Settings withPin(Settings settings, int demand)
{
    settings.pinDemand = static_cast<PinDemand>(demand);
    settings.ownPin = "1234567890abcdef";
    settings.peerPin = "1234567890ABCDEF";
    return settings;
}

} // namespace

/// Two machines against each other: whatever the delays are, they meet or both end.
class tst_ShipSimulation : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void trustingNodesMeet();
    void undecidedNodesMeetOnceBothAccept();
    void nobodyDecides();
    void rejectionReachesBoth();
    void pinsLetThrough();
    void dataArrivesInOrder();
    void bothCloseAtOnce();
    void lostConnectionsEndBoth();
    void aSilentPeerIsLeftInEveryState();
    void theSameSeedIsTheSameStory();
};

void tst_ShipSimulation::trustingNodesMeet()
{
    for (quint32 seed = 0; seed < kSeeds; ++seed) {
        World both = world(seed, Trust::Trusted, Trust::Trusted);
        both.start();
        both.runUntil(10'000 * kNsPerMs);
        QVERIFY2(both.bothIn(State::Data), qPrintable(QString::number(seed)));
        QCOMPARE(both.nodes[0].peerId, QByteArray("server"));
        QCOMPARE(both.nodes[1].peerId, QByteArray("client"));
    }
}

// RR14: users take their time, asking for prolongation goes on as long as they need.
void tst_ShipSimulation::undecidedNodesMeetOnceBothAccept()
{
    for (quint32 seed = 0; seed < kSeeds; ++seed) {
        const auto trustOf
            = [seed](quint32 bit) { return (seed & bit) != 0 ? Trust::Trusted : Trust::Pending; };
        World both = world(seed, trustOf(1), trustOf(2));
        both.start();
        const int first = int(both.random(2));
        for (const int index : {first, 1 - first}) {
            both.runUntil(both.now + both.random(400'000) * kNsPerMs);
            both.apply(index, [&both](Machine &machine, Actions &out) {
                machine.decideTrust(Trust::Trusted, both.now, out);
            });
        }
        both.runUntil(both.now + 5'000 * kNsPerMs);
        QVERIFY2(both.bothIn(State::Data), qPrintable(QString::number(seed)));
    }
}

// RR10
void tst_ShipSimulation::nobodyDecides()
{
    for (quint32 seed = 0; seed < 50; ++seed) {
        World both = world(seed, Trust::Pending, seed % 2 == 0 ? Trust::Pending : Trust::Trusted);
        both.start();
        while (both.step())
            QVERIFY(both.now < 3'600'000 * kNsPerMs);
        QVERIFY(both.bothIn(State::Closed));
    }
}

void tst_ShipSimulation::rejectionReachesBoth()
{
    for (quint32 seed = 0; seed < kSeeds; ++seed) {
        World both = world(seed, Trust::Pending, Trust::Trusted);
        both.start();
        both.runUntil(both.random(100'000) * kNsPerMs);
        both.apply(0, [&both](Machine &machine, Actions &out) {
            machine.decideTrust(Trust::Rejected, both.now, out);
        });
        while (both.step()) { }
        QVERIFY(both.bothIn(State::Closed));
        QVERIFY(both.nodes[0].end->reason == EndReason::RejectedHere);
        QVERIFY(both.nodes[1].end->reason == EndReason::RejectedByPeer);
    }
}

void tst_ShipSimulation::pinsLetThrough()
{
    for (quint32 seed = 0; seed < 90; ++seed) {
        World both(seed,
                   withPin(node(Role::Client, Trust::Trusted, "client"), int(seed % 3)),
                   withPin(node(Role::Server, Trust::Trusted, "server"), int(seed / 3 % 3)));
        both.start();
        both.runUntil(10'000 * kNsPerMs);
        QVERIFY2(both.bothIn(State::Data), qPrintable(QString::number(seed)));
    }
}

void tst_ShipSimulation::dataArrivesInOrder()
{
    for (quint32 seed = 0; seed < 20; ++seed) {
        World both = world(seed, Trust::Trusted, Trust::Trusted);
        both.start();
        std::array<QByteArrayList, 2> sent;
        while (sent[0].size() + sent[1].size() < 600) {
            const int from = int(both.random(2));
            const QByteArray payload
                = "{\"n\":" + QByteArray::number(sent[std::size_t(from)].size()) + '}';
            both.apply(from, [&](Machine &machine, Actions &out) {
                if (machine.sendData(viewOf(payload), both.now, out) == SendVerdict::Sent)
                    sent[std::size_t(from)].append(payload);
            });
            both.runUntil(both.now + both.random(50) * kNsPerMs);
        }
        // LC-14: what was accepted arrives before the close does.
        const int closer = int(both.random(2));
        both.apply(closer, [&both](Machine &machine, Actions &out) {
            machine.close(EndReason::LocalClose, both.now, out);
        });
        while (both.step()) { }
        QCOMPARE(both.nodes[std::size_t(1 - closer)].delivered, sent[std::size_t(closer)]);
        const QByteArrayList &got = both.nodes[std::size_t(closer)].delivered;
        QCOMPARE(got, sent[std::size_t(1 - closer)].mid(0, got.size()));
        QVERIFY(both.nodes[std::size_t(1 - closer)].end->reason == EndReason::PeerClosed);
    }
}

void tst_ShipSimulation::bothCloseAtOnce()
{
    for (quint32 seed = 0; seed < kSeeds; ++seed) {
        World both = world(seed, Trust::Trusted, Trust::Trusted);
        both.start();
        both.runUntil(both.random(3'000) * kNsPerMs);
        for (int i = 0; i < 2; ++i) {
            both.apply(i, [&both](Machine &machine, Actions &out) {
                machine.close(EndReason::LocalClose, both.now, out);
            });
            both.runUntil(both.now + both.random(300) * kNsPerMs);
        }
        while (both.step()) { }
        QVERIFY(both.bothIn(State::Closed));
    }
}

void tst_ShipSimulation::lostConnectionsEndBoth()
{
    for (quint32 seed = 0; seed < kSeeds; ++seed) {
        World both = world(seed, Trust::Trusted, seed % 2 == 0 ? Trust::Trusted : Trust::Pending);
        both.start();
        both.runUntil(both.random(4'000) * kNsPerMs);
        both.cut(true);
        QVERIFY(both.bothIn(State::Closed));
        QVERIFY(!both.step());
    }
}

// LC-08, RR10: without a word from the network, everything but data exchange ends by itself.
void tst_ShipSimulation::aSilentPeerIsLeftInEveryState()
{
    QSet<int> stalledIn;
    for (quint32 seed = 0; seed < kSeeds; ++seed) {
        World both(seed,
                   withPin(node(Role::Client, Trust::Trusted, "client"), int(seed % 3)),
                   withPin(node(Role::Server, Trust::Trusted, "server"), int(seed / 3 % 3)));
        both.start();
        both.runUntil(both.random(2'000) * kNsPerMs);
        both.cut(false);
        for (const Node &each : both.nodes)
            stalledIn.insert(int(each.machine.state()));
        const std::array<State, 2> before
            = {both.nodes[0].machine.state(), both.nodes[1].machine.state()};
        while (both.step())
            QVERIFY(both.now < 700'000 * kNsPerMs);
        for (std::size_t i = 0; i < 2; ++i) {
            const State after = both.nodes[i].machine.state();
            QCOMPARE(after == State::Closed, before[i] != State::Data);
            if (after == State::Closed)
                QVERIFY(both.nodes[i].end->reason == EndReason::Timeout);
        }
    }
    for (const State state : {State::InitWait,
                              State::HelloReady,
                              State::ProposalWait,
                              State::ChoiceWait,
                              State::ConfirmWait,
                              State::PinWait}) {
        QVERIFY2(stalledIn.contains(int(state)), toText(state));
    }
}

void tst_ShipSimulation::theSameSeedIsTheSameStory()
{
    const auto story = [] {
        World both = world(7, Trust::Pending, Trust::Trusted);
        both.start();
        while (both.step()) { }
        return both.now;
    };
    QCOMPARE(story(), story());
}

QTEST_APPLESS_MAIN(tst_ShipSimulation)

#include "tst_shipsimulation.moc"
