// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "harness.h"

#include <QtTest/QTest>

#include <random>

using namespace fairlead;
using namespace fairlead::test;

/// Input of any kind, in pieces of any size.
class tst_MqttRobust : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void piecesMakeNoDifference_data();
    void piecesMakeNoDifference();
    void damagedInputIsSurvived_data();
    void damagedInputIsSurvived();

private:
    /// What a run of input led to.
    struct Trace
    {
        QByteArray written;
        QList<QByteArray> published;
        int subscribed = 0;
        int forgotten = 0;
        int settled = 0;
        bool closed = false;

        bool operator==(const Trace &) const = default;
    };

    static QByteArray randomStream(std::mt19937 &random, Version version);
    static Trace run(const QByteArray &bytes, Version version, std::mt19937 *pieces);
};

QByteArray tst_MqttRobust::randomStream(std::mt19937 &random, Version version)
{
    const Harness h({}, version); // encodes only
    QByteArray out = h.encoded(h.connectPacket());
    for (int i = 0; i < 30; ++i) {
        const auto id = quint16(1 + random() % 5);
        switch (random() % 8) {
        case 0:
        case 1:
        case 2: {
            PublishHead head;
            const std::string topic = "topic/" + std::to_string(random() % 9);
            head.topic = topic;
            head.qos = quint8(random() % 3);
            head.packetId = id;
            head.topicAlias = quint16(random() % 3);
            head.hasMessageExpiry = random() % 2;
            head.messageExpiry = 5;
            out += h.publishBytes(head, QByteArray(int(random() % 300), 'p'));
            break;
        }
        case 3:
            out += h.subscribeBytes(id, {{"a/+", 1}, {"b/#", 2}}, random() % 2);
            break;
        case 4:
        case 5:
        case 6: {
            constexpr PacketType kAcks[]
                = {PacketType::Puback, PacketType::Pubrec, PacketType::Pubrel, PacketType::Pubcomp};
            out += h.encoded(Ack{kAcks[random() % 4], id, {}, {}, {}}, version);
            break;
        }
        default:
            out += hex("c000");
            break;
        }
    }
    return out;
}

tst_MqttRobust::Trace tst_MqttRobust::run(const QByteArray &bytes,
                                          Version version,
                                          std::mt19937 *pieces)
{
    Harness h({}, version);
    const auto rest = [&](qsizetype at) {
        while (at < bytes.size() && !h.isClosed()) {
            const qsizetype size = pieces ? 1 + qsizetype((*pieces)() % 40) : bytes.size();
            h.receive(bytes.mid(at, size));
            at += size;
        }
    };
    const FrameHeader first = peekFrame(bytesOf(bytes), kMaxPacketSize, Version::Unknown);
    const qsizetype start = std::min<qsizetype>(first.totalSize, bytes.size());
    h.receive(bytes.left(start));
    if (h.bus.authentications == 1) {
        h.authenticated();
        h.granted();
        // So that acknowledgements find something.
        for (quint64 i = 1; i <= 4; ++i)
            h.lease.offer(makeMessage("out", "x", i), quint8(1 + i % 2), i);
        h.pull();
    }
    rest(start);
    Trace trace;
    trace.written = h.stream.written;
    for (const auto &published : h.bus.published)
        trace.published << published.topic + '=' + published.payload;
    trace.subscribed = int(h.lease.subscribed.size());
    trace.forgotten = int(h.lease.forgotten.size());
    trace.settled = int(h.lease.settled.size());
    trace.closed = h.isClosed();
    return trace;
}

void tst_MqttRobust::piecesMakeNoDifference_data()
{
    QTest::addColumn<int>("version");
    QTest::newRow("5.0") << 5;
    QTest::newRow("3.1.1") << 4;
}

void tst_MqttRobust::piecesMakeNoDifference()
{
    QFETCH(int, version);
    for (unsigned seed = 0; seed < 300; ++seed) {
        std::mt19937 random(seed);
        const QByteArray bytes = randomStream(random, Version(version));
        const Trace whole = run(bytes, Version(version), nullptr);
        const Trace inPieces = run(bytes, Version(version), &random);
        QVERIFY2(whole == inPieces, qPrintable(QStringLiteral("seed %1").arg(seed)));
    }
}

void tst_MqttRobust::damagedInputIsSurvived_data()
{
    piecesMakeNoDifference_data();
}

void tst_MqttRobust::damagedInputIsSurvived()
{
    QFETCH(int, version);
    int closed = 0;
    for (unsigned seed = 0; seed < 1500; ++seed) {
        std::mt19937 random(seed);
        QByteArray bytes = randomStream(random, Version(version));
        for (unsigned damages = 1 + random() % 3; damages > 0; --damages) {
            const auto at = qsizetype(random() % unsigned(bytes.size()));
            switch (random() % 3) {
            case 0:
                bytes[at] = char(random());
                break;
            case 1:
                bytes.remove(at, 1);
                break;
            default:
                bytes.insert(at, char(random()));
                break;
            }
        }
        closed += run(bytes, Version(version), &random).closed;
    }
    QVERIFY(closed > 500);
}

QTEST_GUILESS_MAIN(tst_MqttRobust)

#include "tst_mqttrobust.moc"
