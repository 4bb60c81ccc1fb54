// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "framebytes.h"
#include "listenerlink.h"
#include "simhost.h"

#include <QTest>

#include <fairlead/properties.h>

using namespace fairlead;
using namespace fairlead::loopback;
using sim::SimHost;

namespace {

/// A peer that the test speaks for, byte by byte.
class RawPeer
{
public:
    RawPeer(SimHost &host, int reactor)
        : m_host(host)
        , m_link(host.open(reactor, [](const LinkContext &context, sim::SimLink &) {
            return std::make_unique<ListenerLink>(context);
        }))
    {
        m_connection = QObject::connect(
            m_link->host, &Link::closed, m_link->host, [this](const Error &why) { reason = why; });
    }

    /// One that said hello.
    RawPeer(SimHost &host, int reactor, const std::string &name, quint32 expirySeconds = 0)
        : RawPeer(host, reactor)
    {
        send(helloBytes(name, expirySeconds));
        const auto welcomes = take(FrameType::Welcome);
        if (welcomes.size() == 1)
            welcome = *decodeWelcome(welcomes[0]);
    }

    ~RawPeer() { QObject::disconnect(m_connection); }

    RawPeer(const RawPeer &) = delete;
    RawPeer &operator=(const RawPeer &) = delete;

    void send(const std::string &bytes)
    {
        if (m_link->stream)
            m_link->stream->arrive(bytes);
        m_host.settle();
        collect();
    }

    sim::SimStream *stream() { return m_link->stream; }

    /// The bodies of the frames of @p type that came; they are gone then.
    std::vector<std::string> take(FrameType type)
    {
        collect();
        std::vector<std::string> bodies;
        std::erase_if(m_frames, [&](const auto &frame) {
            if (frame.first != type)
                return false;
            bodies.push_back(frame.second);
            return true;
        });
        return bodies;
    }

    std::vector<MessageFrame> takeMessages()
    {
        m_messages = take(FrameType::Message);
        std::vector<MessageFrame> messages;
        for (const std::string &body : m_messages)
            messages.push_back(*decodeMessage(body));
        return messages;
    }

    std::vector<Outcome> takeOutcomes()
    {
        std::vector<Outcome> outcomes;
        for (const std::string &body : take(FrameType::Done))
            outcomes.push_back(decodeDone(body)->outcome);
        return outcomes;
    }

    ErrorCode farewell()
    {
        const auto byes = take(FrameType::Bye);
        return byes.size() == 1 ? decodeBye(byes[0])->code : ErrorCode::None;
    }

    Error reason;
    std::optional<Welcome> welcome;

private:
    void collect()
    {
        if (m_link->stream)
            m_bytes += m_link->stream->takeSent();
        for (auto &frame : takeFrames(&m_bytes))
            m_frames.push_back(std::move(frame));
    }

    SimHost &m_host;
    std::unique_ptr<sim::SimLink> m_link;
    QMetaObject::Connection m_connection;
    std::string m_bytes;
    std::vector<std::pair<FrameType, std::string>> m_frames;
    std::vector<std::string> m_messages;
};

} // namespace

class tst_LoopbackListener : public QObject
{
    Q_OBJECT

private:
    static void reactors_data()
    {
        QTest::addColumn<int>("reactors");
        QTest::newRow("one reactor") << 1;
        QTest::newRow("three reactors") << 3;
    }

private Q_SLOTS:

    void aPeerSubscribesAndPublishes_data() { reactors_data(); }

    void aPeerSubscribesAndPublishes()
    {
        QFETCH(int, reactors);
        SimHost host(reactors);
        RawPeer a(host, 0, "a");
        RawPeer b(host, reactors - 1, "b");
        QVERIFY(a.welcome && !a.welcome->resumed);
        a.send(subscribeBytes(1, "t/#", 1));
        QVERIFY(a.takeOutcomes() == std::vector<Outcome>{Outcome::Done});
        b.send(publishBytes(0, "t/x", "zero") + publishBytes(5, "t/x", "one")
               + publishBytes(6, "nobody", "none"));
        QVERIFY((b.takeOutcomes() == std::vector<Outcome>{Outcome::Done, Outcome::NoReceiver}));
        const auto messages = a.takeMessages();
        QCOMPARE(messages.size(), std::size_t(2));
        QCOMPARE(messages[0].payload, ByteSpan("zero"));
        QCOMPARE(messages[0].qos, quint8(0));
        QCOMPARE(messages[1].payload, ByteSpan("one"));
        QCOMPARE(messages[1].qos, quint8(1));
        QCOMPARE(messages[1].topic, ByteSpan("t/x"));
        a.send(ackBytes(messages[0].id) + ackBytes(messages[1].id));
        a.send(unsubscribeBytes(2, "t/#") + unsubscribeBytes(3, "t/#"));
        QVERIFY((a.takeOutcomes() == std::vector<Outcome>{Outcome::Done, Outcome::NoReceiver}));
        b.send(publishBytes(0, "t/x", "late"));
        QVERIFY(a.takeMessages().empty());
        QVERIFY(a.stream() && b.stream());
    }

    // What the host refuses is an outcome, not the end.
    void refusalsAreOutcomes()
    {
        SimHost host(1);
        RawPeer peer(host, 0, "a");
        peer.send(subscribeBytes(1, "a#") + publishBytes(2, "$SYS/x", "lie"));
        QVERIFY((peer.takeOutcomes()
                 == std::vector<Outcome>{Outcome::Invalid, Outcome::NotAuthorized}));
        QVERIFY(peer.stream());
    }

    // PL-03: however the bytes are cut, the same comes of it.
    void chunksDoNotMatter_data()
    {
        QTest::addColumn<int>("seed");
        for (int seed = 0; seed < 20; ++seed)
            QTest::addRow("seed %d", seed) << seed;
    }

    void chunksDoNotMatter()
    {
        QFETCH(int, seed);
        SimHost host(1, quint64(seed) + 1);
        RawPeer peer(host, 0);
        std::string bytes = helloBytes("a") + subscribeBytes(1, "#", 1);
        for (quint32 i = 0; i < 20; ++i) {
            bytes += publishBytes(
                i % 2 == 0 ? 0 : 100 + i, "t", std::string(i * 37, 'x') + std::to_string(i));
        }
        while (!bytes.empty()) {
            const std::size_t size
                = seed == 0 ? 1 : std::min<std::size_t>(bytes.size(), 1 + host.random().below(50));
            peer.send(bytes.substr(0, size));
            bytes.erase(0, size);
        }
        const auto messages = peer.takeMessages();
        QCOMPARE(messages.size(), std::size_t(20));
        for (std::size_t i = 0; i < 20; ++i)
            QVERIFY(messages[i].payload == std::string(i * 37, 'x') + std::to_string(i));
        QCOMPARE(peer.takeOutcomes().size(), std::size_t(11));
    }

    void violationsEndTheLink_data()
    {
        QTest::addColumn<bool>("greeted");
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<int>("code");
        const auto row
            = [](const char *name, bool greeted, const std::string &bytes, ErrorCode code) {
                  QTest::newRow(name)
                      << greeted << QByteArray(bytes.data(), qsizetype(bytes.size())) << int(code);
              };
        const auto broken = ErrorCode::ProtocolViolation;
        std::string version = helloBytes("x");
        version[kHeadSize] = 9;
        row("no hello", false, subscribeBytes(1, "a"), broken);
        row("bye before hello", false, byeBytes(), broken);
        row("other version", false, version, ErrorCode::VersionRefused);
        row("large first frame",
            false,
            std::string("\x00\x01\x00\x00\x01", 5),
            ErrorCode::PacketTooLarge);
        row("second hello", true, helloBytes("x"), broken);
        row("a listener's frame",
            true,
            bytesOf([](ByteStream &stream) {
                writeDone(stream, {1, Outcome::Done});
            }),
            broken);
        row("a frame of no type", true, std::string("\0\0\0\1\x63", 5), broken);
        row("an empty frame", true, std::string("\0\0\0\0\0", 5), ErrorCode::PacketTooLarge);
        row("an endless frame", true, "\xff\xff\xff\xff\x05", ErrorCode::PacketTooLarge);
        row("an ack for nothing", true, ackBytes(1), broken);
        row("a filter as topic", true, publishBytes(1, "a/#", "x"), broken);
    }

    // Told with its code, and nothing of what follows is done.
    void violationsEndTheLink()
    {
        QFETCH(bool, greeted);
        QFETCH(QByteArray, bytes);
        QFETCH(int, code);
        SimHost host(1);
        RawPeer other(host, 0, "other");
        other.send(subscribeBytes(1, "#"));
        RawPeer peer(host, 0);
        if (greeted)
            peer.send(helloBytes("x"));
        peer.send(bytes.toStdString() + publishBytes(0, "t", "x"));
        QCOMPARE(int(peer.farewell()), code);
        QCOMPARE(int(peer.reason.code()), code);
        QVERIFY(other.takeMessages().empty());
        QCOMPARE(host.distributor().links.size(), qsizetype(1));
    }

    // PL-03: the end at a boundary is one, inside a frame it is an error.
    void theEndOfInputIsJudged()
    {
        SimHost host(1);
        RawPeer clean(host, 0, "clean");
        clean.stream()->endInput();
        host.settle();
        QCOMPARE(clean.reason.code(), ErrorCode::ConnectionClosed);
        RawPeer cut(host, 0, "cut");
        cut.send(publishBytes(0, "t", "x").substr(0, 7));
        cut.stream()->endInput();
        host.settle();
        QCOMPARE(cut.reason.code(), ErrorCode::ProtocolViolation);
    }

    // LC-08
    void aSilentPeerIsSentAway()
    {
        SimHost host(1);
        RawPeer peer(host, 0);
        peer.send(std::string(1, '\0'));
        host.advance(10 * kNsPerSecond);
        QCOMPARE(peer.farewell(), ErrorCode::HandshakeTimeout);
        QCOMPARE(peer.reason.code(), ErrorCode::HandshakeTimeout);
    }

    // At most so many messages wait for their Ack, at QoS 0 too.
    void theWindowHolds_data()
    {
        QTest::addColumn<int>("qos");
        QTest::newRow("QoS 0") << 0;
        QTest::newRow("QoS 1") << 1;
    }

    void theWindowHolds()
    {
        QFETCH(int, qos);
        SimHost host(1);
        RawPeer reader(host, 0, "reader");
        reader.send(subscribeBytes(1, "t", 1));
        auto publisher = host.connect(0, "p");
        for (int i = 0; i < 200; ++i)
            (*publisher)->publish("t", std::to_string(i), quint8(qos), false, 1);
        host.settle();
        int next = 0;
        auto messages = reader.takeMessages();
        QCOMPARE(messages.size(), ListenerLink::kWindowMessages);
        while (!messages.empty()) {
            std::vector<std::string> acks;
            for (const MessageFrame &message : messages) {
                QVERIFY(message.payload == std::to_string(next++));
                acks.push_back(ackBytes(message.id));
            }
            for (const std::string &ack : acks) {
                reader.send(ack);
            }
            messages = reader.takeMessages();
            QVERIFY(messages.size() <= ListenerLink::kWindowMessages);
        }
        QCOMPARE(next, 200);
    }

    // And so many bytes, or one larger message.
    void theWindowInBytesHolds()
    {
        SimHost host(1);
        RawPeer reader(host, 0, "reader");
        reader.send(subscribeBytes(1, "t", 1));
        auto publisher = host.connect(0, "p");
        for (const std::size_t size : {50'000U, 50'000U, 50'000U, 1'000'000U, 10U})
            (*publisher)->publish("t", std::string(size, 'x'), 1, false, 1);
        host.settle();
        std::vector<std::size_t> together;
        for (auto messages = reader.takeMessages(); !messages.empty();
             messages = reader.takeMessages()) {
            together.push_back(messages.size());
            std::string acks;
            for (const MessageFrame &message : messages)
                acks += ackBytes(message.id);
            reader.send(acks);
        }
        QVERIFY((together == std::vector<std::size_t>{3, 1, 1}));
    }

    // At least once: what was not acknowledged comes again, marked.
    void aResumedSessionGoesOn_data() { reactors_data(); }

    void aResumedSessionGoesOn()
    {
        QFETCH(int, reactors);
        SimHost host(reactors);
        auto publisher = host.connect(0, "p");
        {
            RawPeer first(host, 0, "x", 60);
            first.send(subscribeBytes(1, "t", 1));
            (*publisher)->publish("t", "1", 1, false, 1);
            (*publisher)->publish("t", "2", 1, false, 2);
            (*publisher)->publish("t", "3", 0);
            host.settle();
            const auto messages = first.takeMessages();
            QCOMPARE(messages.size(), std::size_t(3));
            first.send(ackBytes(messages[0].id));
            first.stream()->breakOff();
            host.settle();
        }
        RawPeer second(host, reactors - 1, "x", 60);
        QVERIFY(second.welcome && second.welcome->resumed);
        QCOMPARE(second.welcome->expirySeconds, quint32(60));
        const auto messages = second.takeMessages();
        QCOMPARE(messages.size(), std::size_t(1));
        QCOMPARE(messages[0].payload, ByteSpan("2"));
        QVERIFY(messages[0].resent);
    }

    // RG-01
    void theLatestOfAPeerStays_data() { reactors_data(); }

    void theLatestOfAPeerStays()
    {
        QFETCH(int, reactors);
        SimHost host(reactors);
        RawPeer first(host, 0, "x", 60);
        RawPeer second(host, reactors - 1, "x", 60);
        QVERIFY(second.welcome && second.welcome->resumed);
        QCOMPARE(first.farewell(), ErrorCode::Superseded);
        QCOMPARE(first.reason.code(), ErrorCode::Superseded);
    }

    void aByeIsTheEndInOrder()
    {
        SimHost host(1);
        RawPeer peer(host, 0, "x", 60);
        peer.send(publishBytes(1, "t", "x") + byeBytes() + "what follows is not read");
        QCOMPARE(peer.reason.code(), ErrorCode::ConnectionClosed);
        QCOMPARE(host.distributor().directory.count(), quint64(1));
        RawPeer failing(host, 0, "y");
        failing.send(byeBytes(ErrorCode::StorageFull, "no room"));
        QCOMPARE(failing.reason.code(), ErrorCode::StorageFull);
        QCOMPARE(failing.reason.text(), QStringLiteral("no room"));
        // A code of a later release, or of nobody.
        RawPeer strange(host, 0, "z");
        strange.send(byeBytes(ErrorCode(64000), "strange"));
        QCOMPARE(int(strange.reason.code()), 64000);
        QVERIFY(!strange.reason.toString().isEmpty());
    }

    void aPeerThatDoesNotReadIsEnded()
    {
        core::DistributorLimits limits;
        limits.session.queueMessages = 100;
        SimHost host(1, 1, limits);
        RawPeer reader(host, 0, "reader", 60);
        reader.send(subscribeBytes(1, "t", 1));
        auto publisher = host.connect(0, "p");
        for (int i = 0; i < 200; ++i) {
            (*publisher)->publish("t", std::to_string(i), 1, false, 1);
            host.settle();
        }
        QCOMPARE(reader.farewell(), ErrorCode::QueueOverflow);
    }

    void whatExceedsAFrameIsNotSent()
    {
        SimHost host(1);
        RawPeer reader(host, 0, "reader");
        reader.send(subscribeBytes(1, "t", 1));
        auto publisher = host.connect(0, "p");
        (*publisher)->publish("t", std::string(kMaxFrame, 'x'), 1, false, 1);
        (*publisher)->publish("t", "small", 1, false, 2);
        host.settle();
        const auto messages = reader.takeMessages();
        QCOMPARE(messages.size(), std::size_t(1));
        QCOMPARE(messages[0].payload, ByteSpan("small"));
        QCOMPARE(host.drops(core::DropReason::TooLarge), quint64(1));
    }

    void whatTravelsWithAMessageStays()
    {
        PropertyWriter properties;
        QVERIFY(properties.append(PropertyId::ContentType, "text/plain"));
        QVERIFY(properties.appendUserProperty("key", "value"));
        SimHost host(1);
        RawPeer peer(host, 0, "x");
        MessageFrame frame;
        frame.topic = "t";
        frame.payload = "body";
        frame.properties = properties.block();
        frame.retain = true;
        frame.expirySeconds = 30;
        peer.send(bytesOf([&](ByteStream &stream) { writePublish(stream, frame); }));
        host.advance(10 * kNsPerSecond);
        peer.send(subscribeBytes(1, "t"));
        const auto messages = peer.takeMessages();
        QCOMPARE(messages.size(), std::size_t(1));
        QVERIFY(messages[0].retain);
        QCOMPARE(messages[0].properties, properties.block());
        QCOMPARE(messages[0].expirySeconds, quint32(20));
    }

    // A session may have lived with another protocol: QoS 2 goes on as QoS 1, and what that peer
    // had received is not sent again.
    void aSessionOfAnotherProtocolGoesOn()
    {
        SimHost host(1);
        auto publisher = host.connect(0, "p");
        auto other = host.connect(0, "x", 60);
        other->record->autoSettle = false;
        (*other)->subscribe("t", 2);
        host.settle();
        (*publisher)->publish("t", "received", 2, false, 1, 1);
        (*publisher)->publish("t", "not yet", 2, false, 2, 2);
        host.settle();
        (*other)->lease()->mark(other->record->got[0].handle, 77, true, 0);
        RawPeer peer(host, 0, "x", 60);
        const auto messages = peer.takeMessages();
        QCOMPARE(messages.size(), std::size_t(1));
        QCOMPARE(messages[0].payload, ByteSpan("not yet"));
        QCOMPARE(messages[0].qos, quint8(1));
        peer.send(ackBytes(messages[0].id));
        QVERIFY(peer.stream());
        // Both were settled: nothing is owed any more.
        RawPeer again(host, 0, "x", 60);
        QVERIFY(again.takeMessages().empty());
    }
};

QTEST_GUILESS_MAIN(tst_LoopbackListener)
#include "tst_loopbacklistener.moc"
