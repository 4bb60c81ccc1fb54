// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "framebytes.h"
#include "listenerlink.h"
#include "peerlink.h"
#include "received.h"
#include "simhost.h"

#include <QTest>

#include <set>

using namespace fairlead;
using namespace fairlead::loopback;
using sim::SimHost;

namespace {

PeerOptions bridgeOptions(quint32 sessionExpiry = 0)
{
    PeerOptions options;
    options.name = "bridge";
    options.filters = {"in/#"};
    options.publishTopic = "out";
    options.sessionExpiry = sessionExpiry;
    return options;
}

/// Two links with a wire between them that cuts the bytes anywhere.
class Wire
{
public:
    Wire(SimHost &host, int listening, int dialling, const PeerOptions &options)
        : m_host(host)
        , m_listener(host.open(listening,
                               [](const LinkContext &context, sim::SimLink &) {
                                   return std::make_unique<ListenerLink>(context);
                               }))
        , m_peer(host.open(dialling, [&options](const LinkContext &context, sim::SimLink &) {
            return std::make_unique<PeerLink>(context, options);
        }))
    { }

    /// Carries until nothing moves any more; false when that takes too long.
    bool run()
    {
        for (int round = 0; round < 100'000; ++round) {
            m_host.settle();
            const bool moved = carry(*m_listener, *m_peer, &m_down);
            const bool back = carry(*m_peer, *m_listener, &m_up);
            if (!moved && !back)
                return true;
        }
        return false;
    }

    void breakOff()
    {
        for (auto *link : {m_listener.get(), m_peer.get()}) {
            if (link->stream)
                link->stream->breakOff();
        }
        m_host.settle();
    }

    bool isOpen() const { return m_listener->stream && m_peer->stream; }

    core::HostLink *listener() const { return m_listener->host; }

    core::HostLink *peer() const { return m_peer->host; }

private:
    struct Direction
    {
        std::string bytes;
        bool ended = false;
    };

    bool carry(sim::SimLink &from, sim::SimLink &to, Direction *way)
    {
        if (from.stream)
            way->bytes += from.stream->takeSent();
        const bool ended = !from.stream || from.stream->isOutputFinished();
        if (!to.stream) {
            way->bytes.clear();
            return false;
        }
        if (way->bytes.empty()) {
            if (!ended || std::exchange(way->ended, true))
                return false;
            to.stream->endInput();
            return true;
        }
        const std::size_t size
            = std::min<std::size_t>(way->bytes.size(), 1 + m_host.random().below(3000));
        to.stream->arrive(way->bytes.substr(0, size));
        way->bytes.erase(0, size);
        return true;
    }

    SimHost &m_host;
    std::unique_ptr<sim::SimLink> m_listener;
    std::unique_ptr<sim::SimLink> m_peer;
    Direction m_up;
    Direction m_down;
};

} // namespace

class tst_LoopbackPeer : public QObject
{
    Q_OBJECT

private:
    static void runs_data()
    {
        QTest::addColumn<int>("reactors");
        QTest::addColumn<int>("seed");
        for (const int reactors : {1, 3}) {
            for (int seed = 1; seed <= 10; ++seed)
                QTest::addRow("%d reactors, seed %d", reactors, seed) << reactors << seed;
        }
    }

private Q_SLOTS:

    void messagesCrossTheBridgeInOrder_data() { runs_data(); }

    void messagesCrossTheBridgeInOrder()
    {
        QFETCH(int, reactors);
        QFETCH(int, seed);
        SimHost host(reactors, quint64(seed));
        const PeerOptions options = bridgeOptions();
        Wire wire(host, 0, reactors - 1, options);
        QVERIFY(wire.run());
        QCOMPARE(wire.listener()->state(), Link::State::Ready);
        QCOMPARE(wire.peer()->state(), Link::State::Ready);
        auto reader = host.connect(reactors / 2, "reader");
        (*reader)->subscribe("out", 1);
        auto publisher = host.connect(0, "p");
        host.settle();
        std::vector<std::string> sent;
        for (int i = 0; i < 500; ++i) {
            sent.push_back(std::string(host.random().below(600), 'x') + std::to_string(i));
            (*publisher)->publish("in/" + std::to_string(i % 3), sent.back(), 1, false, 1);
            if (host.random().chance(5))
                QVERIFY(wire.run());
        }
        QVERIFY(wire.run());
        QVERIFY(payloads(*reader) == sent);
        QVERIFY(wire.isOpen());
    }

    // At QoS 1 nothing is lost between the two sides, wherever the connection breaks.
    void brokenBridgesLoseNothing_data() { runs_data(); }

    void brokenBridgesLoseNothing()
    {
        QFETCH(int, reactors);
        QFETCH(int, seed);
        SimHost host(reactors, quint64(seed));
        sim::SimRandom &random = host.random();
        const PeerOptions options = bridgeOptions(3600);
        auto wire = std::make_unique<Wire>(host, 0, reactors - 1, options);
        QVERIFY(wire->run());
        auto reader = host.connect(0, "reader");
        (*reader)->subscribe("out", 1);
        auto publisher = host.connect(0, "p");
        host.settle();
        for (int i = 0; i < 300; ++i) {
            (*publisher)->publish("in/x", std::to_string(i), 1, false, 1);
            if (random.chance(10))
                QVERIFY(wire->run());
            if (random.chance(5)) {
                wire->breakOff();
                wire.reset();
                wire = std::make_unique<Wire>(host,
                                              int(random.below(quint64(reactors))),
                                              int(random.below(quint64(reactors))),
                                              options);
            }
        }
        QVERIFY(wire->run());
        std::set<std::string> seen;
        for (const auto &got : reader->record->got)
            seen.insert(got.payload);
        QCOMPARE(seen.size(), std::size_t(300));
    }

    // Large messages in both directions: neither end waits for the other, both too full to read.
    void largeMessagesDoNotJam_data() { runs_data(); }

    void largeMessagesDoNotJam()
    {
        QFETCH(int, reactors);
        QFETCH(int, seed);
        SimHost host(reactors, quint64(seed));
        const PeerOptions options = bridgeOptions();
        Wire wire(host, 0, reactors - 1, options);
        QVERIFY(wire.run());
        auto reader = host.connect(0, "reader");
        (*reader)->subscribe("out", 1);
        auto publisher = host.connect(0, "p");
        host.settle();
        constexpr int kAll = 8;
        for (int i = 0; i < kAll; ++i)
            (*publisher)->publish("in/x", std::string(400'000, 'x'), quint8(i % 2), false, 1);
        QVERIFY(wire.run());
        QCOMPARE(reader->record->got.size(), std::size_t(kAll));
    }

    // A copy that may not be published is told to the log, and the bridge goes on.
    void aRefusedCopyIsNotTheEnd()
    {
        SimHost host(1);
        PeerOptions options = bridgeOptions();
        options.publishTopic = "$SYS/lie";
        Wire wire(host, 0, 0, options);
        QVERIFY(wire.run());
        auto publisher = host.connect(0, "p");
        for (int i = 0; i < 100; ++i)
            (*publisher)->publish("in/x", "m", 1, false, 1);
        QVERIFY(wire.run());
        QVERIFY(wire.isOpen());
        QCOMPARE(host.drops(core::DropReason::NotAuthorized), quint64(100));
    }

    // Shutdown reaches both ends: each says why.
    void bothEndsHearOfTheEnd()
    {
        SimHost host(2);
        const PeerOptions options = bridgeOptions();
        Wire wire(host, 0, 1, options);
        QVERIFY(wire.run());
        Error reason;
        QObject::connect(
            wire.peer(), &Link::closed, wire.peer(), [&](const Error &why) { reason = why; });
        wire.listener()->shutDown(Error(ErrorCode::ShuttingDown, QStringLiteral("the end")));
        QVERIFY(wire.run());
        QVERIFY(!wire.isOpen());
        QCOMPARE(reason.code(), ErrorCode::ShuttingDown);
        QCOMPARE(reason.text(), QStringLiteral("the end"));
    }

    void aStrangeListenerIsLeft_data()
    {
        QTest::addColumn<bool>("greeted");
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<int>("code");
        const auto row
            = [](const char *name, bool greeted, const std::string &bytes, ErrorCode code) {
                  QTest::newRow(name)
                      << greeted << QByteArray(bytes.data(), qsizetype(bytes.size())) << int(code);
              };
        const auto done = [](quint32 id) {
            return bytesOf([&](ByteStream &stream) { writeDone(stream, {id, Outcome::Done}); });
        };
        row("done before welcome", false, done(1), ErrorCode::ProtocolViolation);
        row("a refusal",
            false,
            byeBytes(ErrorCode::NotAuthenticated, "who?"),
            ErrorCode::NotAuthenticated);
        row("done for nothing", true, done(99), ErrorCode::ProtocolViolation);
        row("a peer's frame", true, ackBytes(1), ErrorCode::ProtocolViolation);
        row("a message without an id",
            true,
            publishBytes(0, "in/x", "m"),
            ErrorCode::ProtocolViolation);
    }

    void aStrangeListenerIsLeft()
    {
        QFETCH(bool, greeted);
        QFETCH(QByteArray, bytes);
        QFETCH(int, code);
        SimHost host(1);
        const PeerOptions options = bridgeOptions();
        auto link = host.open(0, [&options](const LinkContext &context, sim::SimLink &) {
            return std::make_unique<PeerLink>(context, options);
        });
        Error reason;
        QObject::connect(
            link->host, &Link::closed, link->host, [&](const Error &why) { reason = why; });
        if (greeted) {
            link->stream->arrive(bytesOf([](ByteStream &stream) {
                writeWelcome(stream, {0, false});
            }));
            host.settle();
        }
        link->stream->arrive(bytes.toStdString());
        host.settle();
        QCOMPARE(int(reason.code()), code);
    }
};

QTEST_GUILESS_MAIN(tst_LoopbackPeer)
#include "tst_loopbackpeer.moc"
