// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "framedriver.h"

#include <QtTest/QTest>

#include <map>

using namespace fairlead;
using core::LinkReport;
using sim::SimHost;
using sim::SimLink;

namespace {

constexpr auto kIn = Link::Direction::Accepted;
constexpr auto kOut = Link::Direction::Dialled;

/// How links ended, as the supervisor hears of it.
class Follower final : public core::LinkFollower
{
public:
    bool follows(Link::Direction) const noexcept override { return true; }

    void handleReport(LinkReport report) noexcept override
    {
        if (report.kind == LinkReport::Kind::Connected)
            ++connected;
        else
            ended[report.generation].push_back(std::move(report));
    }

    int tickets() const
    {
        int count = 0;
        for (const auto &[generation, reports] : ended) {
            for (const LinkReport &report : reports)
                count += report.asksReconnect ? 1 : 0;
        }
        return count;
    }

    int connected = 0;
    std::map<quint64, std::vector<LinkReport>> ended;
};

/// A link with its driver and its carrier.
struct Peer
{
    std::shared_ptr<FrameDriver::Seen> seen = std::make_shared<FrameDriver::Seen>();
    std::unique_ptr<SimLink> link;

    bool isUp() const { return seen->driver && seen->driver->link().state() == Link::State::Ready; }
};

/// Takes a byte, and reads on when it is told to.
class Sipper final : public FrameDriver
{
public:
    Sipper(const LinkContext &context, std::string &taken, bool &hasEnded)
        : FrameDriver(context, std::make_shared<Seen>(), {})
        , m_stream(context.stream)
        , m_taken(taken)
        , m_hasEnded(hasEnded)
    { }

    Consumed handleBytes(ByteSpan input) noexcept override
    {
        m_taken += input.front();
        m_stream.setReading(false);
        return {1, 0};
    }

    void handleEndOfInput() noexcept override { m_hasEnded = true; }

private:
    ByteStream &m_stream;
    std::string &m_taken;
    bool &m_hasEnded;
};

struct World
{
    explicit World(int reactors = 1,
                   const core::DistributorLimits &limits = core::DistributorLimits())
        : host(reactors, 1, limits)
    {
        host.endpoint().follower = &follower;
    }

    Peer dial(const std::string &name, Link::Direction direction = kOut)
    {
        Peer peer;
        peer.link = host.open(
            0,
            [&](const LinkContext &context, SimLink &) {
                return std::make_unique<FrameDriver>(context, peer.seen, name);
            },
            direction);
        host.settle();
        return peer;
    }

    Peer connect(const std::string &name, Link::Direction direction = kOut)
    {
        Peer peer = dial(name, direction);
        peer.link->stream->arrive("!");
        host.settle();
        return peer;
    }

    /// All that follows from a call from outside, which no input wakes the reactor for.
    void settle()
    {
        host.reactor(0).turn();
        host.settle();
    }

    const LinkReport *report(const Peer &peer) const
    {
        const auto at = follower.ended.find(peer.link->generation);
        return at == follower.ended.end() || at->second.size() != 1 ? nullptr : &at->second.front();
    }

    Follower follower;
    SimHost host;
};

Error because(bool retryable)
{
    return Error(ErrorCode::ConnectionReset, QStringLiteral("test")).setRetryable(retryable);
}

} // namespace

class tst_HostLink : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    // LC-08: one byte a second does not keep a handshake going; the peer is told before the end.
    void aHandshakeThatTricklesEndsOnTime_data()
    {
        QTest::addColumn<bool>("dialled");
        QTest::newRow("dialled") << true;
        QTest::newRow("accepted") << false;
    }

    void aHandshakeThatTricklesEndsOnTime()
    {
        QFETCH(const bool, dialled);
        World world;
        Peer peer = world.dial("c", dialled ? kOut : kIn);
        for (int second = 0; second < 10; ++second) {
            QVERIFY(peer.seen->driver);
            QCOMPARE(peer.seen->driver->link().state(), Link::State::Handshaking);
            peer.link->stream->arrive("x");
            world.host.settle();
            if (second == 9)
                world.host.advance(kNsPerSecond - 1);
            else
                world.host.advance(kNsPerSecond);
        }
        QCOMPARE(peer.seen->bytes, std::size_t(10));
        QVERIFY(peer.seen->driver);
        peer.link->stream->setRoom(0); // what it is told can be seen where it waits
        world.host.advance(1);
        QCOMPARE(peer.seen->closing.code(), ErrorCode::HandshakeTimeout);
        QVERIFY(peer.link->stream);
        peer.link->stream->setRoom(-1);
        world.host.settle();
        QVERIFY(!peer.seen->driver);
        QVERIFY(peer.link->stream); // until the peer, too, is done
        QCOMPARE(peer.link->stream->takeSent(), std::string("B"));
        const LinkReport *report = world.report(peer);
        QVERIFY(report);
        QVERIFY(!report->wasConnected);
        QCOMPARE(report->asksReconnect, dialled);
    }

    // LC-10: only a link that we dialled, that ended against our will and that may be tried again.
    void aReconnectIsAskedForByTheTable_data()
    {
        QTest::addColumn<bool>("dialled");
        QTest::addColumn<bool>("retryable");
        QTest::addColumn<QString>("cause");
        for (const char *cause :
             {"lost", "handshake failed", "deliberate", "refused", "host closes"}) {
            for (int bits = 0; bits < 4; ++bits) {
                QTest::addRow("%s, %s, %s",
                              cause,
                              (bits & 1) ? "dialled" : "accepted",
                              (bits & 2) ? "retryable" : "final")
                    << bool(bits & 1) << bool(bits & 2) << QString::fromLatin1(cause);
            }
        }
    }

    void aReconnectIsAskedForByTheTable()
    {
        QFETCH(const bool, dialled);
        QFETCH(const bool, retryable);
        QFETCH(const QString, cause);
        core::DistributorLimits limits;
        limits.sessions = cause == QLatin1String("refused") ? 0 : 10;
        World world(1, limits);
        const auto direction = dialled ? kOut : kIn;
        const bool early = cause == QLatin1String("handshake failed");
        Peer peer = early ? world.dial("c", direction) : world.connect("c", direction);
        bool expected = false;
        if (cause == QLatin1String("lost")) {
            QVERIFY(peer.isUp());
            peer.seen->driver->link().close(because(retryable), CloseMode::Abort, false);
            expected = dialled && retryable;
        } else if (early) {
            QVERIFY(peer.seen->driver->link().fail(because(retryable)));
            expected = dialled && retryable;
        } else if (cause == QLatin1String("deliberate")) {
            QVERIFY(peer.isUp());
            peer.seen->driver->link().close(because(retryable), CloseMode::Drain, true);
        } else if (cause == QLatin1String("host closes")) {
            QVERIFY(peer.isUp());
            world.host.reactor(0).shutDownLinks(because(retryable));
        }
        world.settle();
        QVERIFY(!peer.seen->driver);
        const LinkReport *report = world.report(peer);
        QVERIFY(report);
        QCOMPARE(report->asksReconnect, expected);
        QCOMPARE(report->wasRefused, cause == QLatin1String("refused"));
        QCOMPARE(report->wasConnected, !early && !report->wasRefused);
    }

    // LC-11
    void theEndOfAnyActivityEndsTheLink_data()
    {
        QTest::addColumn<QString>("activity");
        QTest::addColumn<ErrorCode>("reason");
        QTest::newRow("reader, in order") << QStringLiteral("end") << ErrorCode::ConnectionClosed;
        QTest::newRow("reader, reset") << QStringLiteral("reset") << ErrorCode::ConnectionReset;
        QTest::newRow("writer") << QStringLiteral("writer") << ErrorCode::ConnectionReset;
        QTest::newRow("heartbeat") << QStringLiteral("heartbeat") << ErrorCode::HeartbeatTimeout;
    }

    void theEndOfAnyActivityEndsTheLink()
    {
        QFETCH(const QString, activity);
        QFETCH(const ErrorCode, reason);
        World world;
        Peer other = world.connect("other");
        Peer peer = world.connect("c");
        QVERIFY(peer.isUp());
        const auto sessions = world.host.distributor().links.size();
        if (activity == QLatin1String("end")) {
            peer.link->stream->endInput();
        } else if (activity == QLatin1String("reset")) {
            peer.link->stream->breakOff(); // nothing is being sent or expected
        } else if (activity == QLatin1String("writer")) {
            peer.link->stream->setRoom(0);
            peer.seen->driver->send("data");
            world.host.settle();
            peer.link->stream->breakOff();
        } else {
            peer.seen->driver->keepAlive();
            world.host.advance(kNsPerSecond - 1);
            QVERIFY(peer.isUp());
            world.host.advance(1);
        }
        world.host.settle();
        QVERIFY(!peer.seen->driver);
        const LinkReport *report = world.report(peer);
        QVERIFY(report);
        QCOMPARE(report->reason.code(), reason);
        QVERIFY(report->asksReconnect);
        QCOMPARE(world.host.distributor().links.size(), sessions - 1);
        world.host.advance(10 * kNsPerSecond);
        QVERIFY(!peer.link->stream);
        QVERIFY(other.isUp());
        QCOMPARE(world.host.reactor(0).linkCount(), std::size_t(1));
    }

    // LC-12
    void aShutdownOfManyIsNoLossOfAny()
    {
        World world;
        std::vector<Peer> peers;
        peers.reserve(50);
        for (int i = 0; i < 50; ++i)
            peers.push_back(world.connect("c" + std::to_string(i)));
        QCOMPARE(world.follower.connected, 50);
        QCOMPARE(world.host.reactor(0).shutDownLinks(
                     Error(ErrorCode::ShuttingDown, QStringLiteral("stop"))),
                 std::size_t(50));
        world.host.settle();
        QCOMPARE(world.follower.ended.size(), std::size_t(50));
        QCOMPARE(world.follower.tickets(), 0);
        for (const Peer &peer : peers) {
            QVERIFY(!peer.seen->driver);
            QCOMPARE(world.report(peer)->reason.code(), ErrorCode::ShuttingDown);
        }
    }

    // LC-12
    void theFailureOfOneChangesNoOther()
    {
        World world;
        std::vector<Peer> peers;
        peers.reserve(50);
        for (int i = 0; i < 50; ++i)
            peers.push_back(world.connect("c" + std::to_string(i)));
        peers[17].link->stream->breakOff();
        world.host.settle();
        for (std::size_t i = 0; i < peers.size(); ++i)
            QCOMPARE(peers[i].isUp(), i != 17);
        QCOMPARE(world.follower.ended.size(), std::size_t(1));
        QCOMPARE(world.follower.tickets(), 1);
        QCOMPARE(world.host.distributor().links.size(), 49);
    }

    // PL-03: the end of the input comes after the input, also to who does not read for a while.
    void theEndWaitsForWhoStoppedReading()
    {
        World world;
        std::string taken;
        ByteStream *stream = nullptr;
        bool hasEnded = false;
        const auto link = world.host.open(0, [&](const LinkContext &context, SimLink &) {
            stream = &context.stream;
            return std::make_unique<Sipper>(context, taken, hasEnded);
        });
        world.host.settle();
        link->stream->endsWithLastByte = true;
        link->stream->arrive("abc");
        link->stream->endInput();
        world.host.settle();
        QCOMPARE(taken, std::string("a"));
        for (const char *expected : {"ab", "abc"}) {
            QVERIFY(!hasEnded);
            stream->setReading(true);
            world.host.settle();
            QCOMPARE(taken, std::string(expected));
        }
        QVERIFY(hasEnded);
    }

    // LC-14: what was accepted, whole, then the last frame, however slowly the peer takes it.
    void aGracefulEndSendsWholeFramesThenTheLast()
    {
        World world;
        Peer peer = world.connect("c");
        peer.link->stream->setRoom(0);
        const std::string frame(1000, 'd');
        peer.seen->driver->send(frame);
        world.host.settle();
        world.host.reactor(0).shutDownLinks(Error(ErrorCode::ShuttingDown, QString()));
        world.host.settle();
        std::string sent;
        for (int i = 0; i < 20 && peer.link->stream; ++i) {
            world.host.advance(50 * kNsPerMs);
            peer.link->stream->setRoom(77);
            sent += peer.link->stream->takeSent();
            world.host.settle();
            if (peer.link->stream)
                sent += peer.link->stream->takeSent();
        }
        QCOMPARE(sent, frame + 'B');
        QVERIFY(!peer.seen->driver);
    }

    // LC-14: who has the last word is read to the end, also when the host reads nobody any more.
    void anAnswerToTheLastFrameIsWaitedFor_data()
    {
        QTest::addColumn<bool>("isReadingStopped");
        QTest::newRow("one link ends") << false;
        QTest::newRow("the host ends") << true;
    }

    void anAnswerToTheLastFrameIsWaitedFor()
    {
        QFETCH(const bool, isReadingStopped);
        World world;
        Peer peer = world.connect("c");
        Peer other = world.connect("other");
        peer.seen->awaitsAnswer = true;
        other.seen->awaitsAnswer = false;
        if (isReadingStopped)
            world.host.reactor(0).stopReading();
        world.host.reactor(0).shutDownLinks(Error(ErrorCode::ShuttingDown, QString()));
        world.host.settle();
        QCOMPARE(peer.link->stream->takeSent(), std::string("B"));
        QVERIFY(!other.seen->driver);
        QVERIFY(peer.seen->driver);
        peer.link->stream->arrive("frames that were under way");
        world.host.settle();
        QVERIFY(peer.seen->driver);
        peer.link->stream->arrive("A");
        world.host.settle();
        QVERIFY(!peer.seen->driver);
        const LinkReport *report = world.report(peer);
        QVERIFY(report);
        QCOMPARE(report->reason.code(), ErrorCode::ShuttingDown);
    }

    // LC-14
    void anAnswerThatDoesNotComeIsNotWaitedForLong()
    {
        World world;
        Peer peer = world.connect("c");
        peer.seen->awaitsAnswer = true;
        world.host.reactor(0).shutDownLinks(Error(ErrorCode::ShuttingDown, QString()));
        world.host.advance(2 * kNsPerSecond - 1);
        QVERIFY(peer.seen->driver);
        world.host.advance(1);
        world.host.settle();
        QVERIFY(!peer.seen->driver);
    }

    // LC-14: the end is bounded, and what was cut is followed by nothing.
    void aPeerThatTakesNothingIsNotWaitedFor()
    {
        World world;
        Peer peer = world.connect("c");
        peer.link->stream->setRoom(10);
        peer.seen->driver->send(std::string(1000, 'd'));
        world.host.settle();
        world.host.reactor(0).shutDownLinks(Error(ErrorCode::ShuttingDown, QString()));
        world.host.advance(2 * kNsPerSecond - 1);
        QVERIFY(peer.seen->driver);
        QCOMPARE(peer.link->stream->takeSent(), std::string(10, 'd'));
        world.host.advance(1);
        world.host.settle();
        QVERIFY(!peer.seen->driver);
        QVERIFY(!peer.link->stream);
        QVERIFY(world.host.reactor(0).isEmpty());
    }

    // LC-14
    void aForcedEndSkipsWhatWaits()
    {
        World world;
        Peer peer = world.connect("c");
        peer.link->stream->setRoom(0);
        peer.seen->driver->send(std::string(1000, 'd'));
        world.host.settle();
        peer.seen->driver->link().close(because(true), CloseMode::Abort, true);
        world.settle();
        QVERIFY(!peer.seen->driver);
        QVERIFY(!peer.link->stream);
        QVERIFY(peer.seen->closing.isNull());
    }
};

QTEST_GUILESS_MAIN(tst_HostLink)
#include "tst_hostlink.moc"
