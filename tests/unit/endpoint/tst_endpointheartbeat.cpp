// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "endpointworld.h"
#include "frames.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::loopback;
using test::EndpointWorld;

namespace {

std::string number(quint32 value)
{
    return {char(value >> 24), char(value >> 16), char(value >> 8), char(value)};
}

std::string frame(FrameType type, const std::string &body)
{
    return number(quint32(body.size()) + 1) + char(type) + body;
}

/// A listener of the loopback protocol that answers what it is told to answer.
struct Hub
{
    void operator()(std::string *sent, sim::SimStream &stream)
    {
        for (;;) {
            const Split split = splitFrame(*sent, kMaxFrame);
            if (split.status != Split::Status::Complete)
                return;
            const std::string id(split.body.substr(0, 4));
            switch (split.type) {
            case FrameType::Hello:
                stream.arrive(frame(FrameType::Welcome, std::string(5, '\0')));
                break;
            case FrameType::Subscribe:
                stream.arrive(frame(FrameType::Done, id + '\0'));
                break;
            case FrameType::Publish:
                ++publishes;
                break;
            case FrameType::Ping:
                ++pings;
                if (!isMute)
                    stream.arrive(frame(FrameType::Pong, {}));
                break;
            default:
                break;
            }
            sent->erase(0, split.size);
        }
    }

    /// A message at QoS 1, which the endpoint publishes under its own topic and awaits a Done for.
    void send(sim::SimStream &stream)
    {
        const std::string topic = "in/1";
        stream.arrive(frame(FrameType::Message,
                            number(1) + '\1' + number(kNever) + std::string(1, '\0')
                                + char(topic.size()) + topic + number(0) + "payload"));
    }

    int pings = 0;
    int publishes = 0;
    bool isMute = false;
};

constexpr qint64 kSecond = kNsPerSecond;

/// A bridge whose heartbeat is nine seconds, up and running.
struct World : EndpointWorld
{
    World()
        : EndpointWorld(m_factory)
    {
        settings.options.insert(QStringLiteral("heartbeat"), 9);
        peer = std::ref(hub);
    }

    test::LoopbackTransport m_factory;
    Hub hub;
};

const QStringList kUp = {QStringLiteral("running"),
                         QStringLiteral("up"),
                         QStringLiteral("running"),
                         QStringLiteral("running")};
const QStringList kDown = {QStringLiteral("reconnecting"),
                           QStringLiteral("degraded"),
                           QStringLiteral("unavailable"),
                           QStringLiteral("reconnecting")};

} // namespace

class tst_EndpointHeartbeat : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    // HB-03, SV-02: of a peer that falls silent the endpoint hears once, dials again and is up; at
    // every step all who are asked say the same.
    void aMutePeerIsDialledAgain()
    {
        World world;
        QVERIFY(world.open());
        world.advance(0);
        QCOMPARE(world.views(), kUp);
        world.advance(60 * kSecond);
        QCOMPARE(world.views(), kUp);
        QCOMPARE(world.dials, 1);
        QCOMPARE(world.hub.pings, 20);
        const quint64 first = world.status().generation;
        world.takeTold();

        world.hub.isMute = true; // it answered just now
        world.advance(9 * kSecond - 1);
        QCOMPARE(world.views(), kUp);
        QCOMPARE(world.takeTold(), QStringList());
        world.hub.isMute = false;
        world.advance(1);
        QCOMPARE(world.status().lastReason.code(), ErrorCode::HeartbeatTimeout);
        QCOMPARE(world.views(), kDown);
        QCOMPARE(world.dials, 1);
        world.advance(world.settings.policy.backOff.capNs);
        QCOMPARE(world.dials, 2);
        QCOMPARE(world.views(), kUp);
        QVERIFY(world.status().generation > first);
        QCOMPARE(world.takeTold(),
                 QStringList({QStringLiteral("heartbeat-timeout"),
                              QStringLiteral("link-disconnected"),
                              QStringLiteral("endpoint-state reconnecting"),
                              QStringLiteral("link-connected"),
                              QStringLiteral("endpoint-state running"),
                              QStringLiteral("endpoint-reconnected")}));
        world.advance(60 * kSecond);
        QCOMPARE(world.dials, 2);
        QCOMPARE(world.views(), kUp);
    }

    // HB-04: whatever comes in counts, not the answers alone.
    void anyFrameIsASignOfLife()
    {
        World world;
        QVERIFY(world.open());
        world.hub.isMute = true;
        for (int i = 0; i < 20; ++i) {
            world.advance(8 * kSecond);
            world.stream->arrive(frame(FrameType::Pong, {}));
        }
        world.settle();
        QCOMPARE(world.views(), kUp);
        QCOMPARE(world.dials, 1);
    }

    // HB-05: while an answer is due silence is excused, but not for ever.
    void aRequestInFlightExcusesSilence()
    {
        World world;
        QVERIFY(world.open());
        world.advance(0);
        world.hub.isMute = true;
        world.hub.send(*world.stream);
        world.settle();
        QCOMPARE(world.hub.publishes, 1);
        world.advance(60 * kSecond);
        QCOMPARE(world.views(), kUp);
        world.advance(15 * kSecond);
        QCOMPARE(world.status().lastReason.code(), ErrorCode::HeartbeatTimeout);
        world.advance(kSecond);
        QCOMPARE(world.dials, 2);
    }

    // HB-05: the answer came, so silence counts again.
    void anAnsweredRequestExcusesNothing()
    {
        World world;
        QVERIFY(world.open());
        world.advance(0);
        world.hub.send(*world.stream);
        world.settle();
        world.stream->arrive(frame(FrameType::Done, number(2) + '\0'));
        world.settle();
        world.hub.isMute = true;
        world.advance(9 * kSecond - 1);
        QCOMPARE(world.views(), kUp);
        world.advance(1);
        QCOMPARE(world.status().lastReason.code(), ErrorCode::HeartbeatTimeout);
    }

    // HB-04: who does not listen does not call the other mute.
    void inputThatIsNotReadLetsNothingExpire()
    {
        World world;
        QVERIFY(world.open());
        world.hub.isMute = true;
        world.host.reactor(0).stopReading();
        world.advance(100 * kSecond);
        QCOMPARE(world.views(), kUp);
    }

    // HB-01: off is off.
    void withoutAHeartbeatAMutePeerStays()
    {
        World world;
        world.settings.options.insert(QStringLiteral("heartbeat"), 0);
        QVERIFY(world.open());
        world.hub.isMute = true;
        world.advance(3600 * kSecond);
        QCOMPARE(world.views(), kUp);
        QCOMPARE(world.hub.pings, 0);
    }
};

QTEST_GUILESS_MAIN(tst_EndpointHeartbeat)

#include "tst_endpointheartbeat.moc"
