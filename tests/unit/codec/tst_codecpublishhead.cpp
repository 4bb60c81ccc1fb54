// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "wire.h"

#include <QTest>

using namespace fairlead::mqtt;
using namespace fairlead::mqtt::wire;

class tst_CodecPublishHead : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void writesTheHeadAlone();
    void marksWhereThePacketIdIs();
    void sizesHeadsAtEveryLengthBoundary();
    void refusesToEncodeTheImpossible_data();
    void refusesToEncodeTheImpossible();
};

void tst_CodecPublishHead::writesTheHeadAlone()
{
    char memory[128];
    PublishHead head;
    head.topic = "a/b";
    head.payloadSize = 200;
    head.qos = 1;
    head.retain = true;
    head.packetId = 0x0102;
    const auto written = [&](Version version) {
        Writer out(memory);
        const WrittenHead result = writePublishHead(out, head, version);
        return result.size == out.size() && result.size == publishHeadSize(head, version)
            ? QByteArray(memory, static_cast<int>(result.size))
            : QByteArray{};
    };
    QCOMPARE(written(kV311),
             hex("33cf01"
                 "0003612f62"
                 "0102"));
    QCOMPARE(written(kV5),
             hex("33d001"
                 "0003612f62"
                 "0102"
                 "00"));
    head.dup = true;
    head.topicAlias = 9;
    head.hasMessageExpiry = true;
    head.messageExpiry = 0x01020304;
    const std::uint32_t identifiers[] = {5, 300};
    head.subscriptionIdentifiers = identifiers;
    const QByteArray forwardable = hex("26000161000162");
    head.forwardable = view(forwardable);
    // [MQTT-3.3.4-4] [MQTT-3.3.4-5]: every identifier goes along
    QCOMPARE(written(kV5),
             hex("3be401"
                 "0003612f62"
                 "0102"
                 "14"
                 "230009"
                 "0201020304"
                 "0b05"
                 "0bac02"
                 "26000161000162"));
    QCOMPARE(written(kV311),
             hex("3bcf01"
                 "0003612f62"
                 "0102"));
    head.qos = 0; // [MQTT-3.3.1-2] [MQTT-2.2.1-2]
    QCOMPARE(written(kV311),
             hex("31cd01"
                 "0003612f62"));
}

void tst_CodecPublishHead::marksWhereThePacketIdIs()
{
    for (const std::size_t payload : {std::size_t{0}, std::size_t{127}, std::size_t{20000}}) {
        for (const Version version : {kV311, kV5}) {
            char memory[64];
            PublishHead head;
            head.topic = "topic";
            head.payloadSize = payload;
            head.qos = 2;
            head.packetId = 1;
            Writer out(memory);
            const WrittenHead written = writePublishHead(out, head, version);
            patchPacketId(memory, written.packetIdOffset, 0xABCD);
            patchDup(memory);
            std::string whole(memory, written.size);
            whole.append(payload, 'x');
            Publish again;
            const auto header = peekFrame(whole, kMaxPacketSize, version);
            QVERIFY(!decodePublish(frameOf(whole, header), version, Sender::Server, again));
            QCOMPARE(again.packetId, std::uint16_t{0xABCD});
            QVERIFY(again.dup);
            QVERIFY(again.topic == "topic");
        }
    }
}

void tst_CodecPublishHead::sizesHeadsAtEveryLengthBoundary()
{
    char memory[64];
    for (const std::size_t boundary : {std::size_t{127},
                                       std::size_t{16383},
                                       std::size_t{2097151},
                                       std::size_t{kMaxRemainingLength}}) {
        for (int delta = -2; delta <= 2; ++delta) {
            PublishHead head;
            head.topic = "t";
            const std::size_t remaining = boundary + static_cast<std::size_t>(delta);
            head.payloadSize = remaining - 4; // topic and property length
            Writer out(memory);
            const WrittenHead written = writePublishHead(out, head, kV5);
            QCOMPARE(written.size, publishHeadSize(head, kV5));
            if (remaining > kMaxRemainingLength) {
                QCOMPARE(written.size, std::size_t{0});
                QVERIFY(out.failed());
                continue;
            }
            const auto header = peekFrame(out.bytes(), kMaxPacketSize, kV5);
            QCOMPARE(std::size_t{header.totalSize}, written.size + head.payloadSize);
            QCOMPARE(std::size_t{header.headerSize}, written.size - 4);
        }
    }
}

void tst_CodecPublishHead::refusesToEncodeTheImpossible_data()
{
    QTest::addColumn<int>("what");
    const char *const names[] = {"no topic",
                                 "[MQTT-2.2.1-4] no packet id",
                                 "QoS 3",
                                 "identifier 0",
                                 "identifier too large",
                                 "payload too large",
                                 "huge payload",
                                 "topic too long",
                                 "properties too long"};
    for (int what = 0; what < 9; ++what) {
        QTest::newRow(names[what]) << what;
    }
}

void tst_CodecPublishHead::refusesToEncodeTheImpossible()
{
    QFETCH(int, what);
    PublishHead head;
    head.topic = "t";
    char memory[64];
    Writer fine(memory);
    QVERIFY(writePublishHead(fine, head, kV5).size > 0);
    const std::uint32_t zero[] = {1, 0};
    const std::uint32_t large[] = {kMaxSubscriptionIdentifier + 1};
    const std::string topic(65536, 't');
    switch (what) {
    case 0:
        head.topic = {};
        break;
    case 1:
        head.qos = 1;
        break;
    case 2:
        head.qos = 3;
        head.packetId = 1;
        break;
    case 3:
        head.subscriptionIdentifiers = zero;
        break;
    case 4:
        head.subscriptionIdentifiers = large;
        break;
    case 5:
        head.payloadSize = kMaxRemainingLength;
        break;
    case 6:
        head.payloadSize = ~std::size_t{0};
        break;
    case 7:
        head.topic = topic;
        break;
    default:
        // The octets are never touched: the size alone rules the packet out.
        head.forwardable = Bytes(memory, std::size_t{kMaxRemainingLength} + 1);
        break;
    }
    Writer out(memory);
    QCOMPARE(publishHeadSize(head, kV5), std::size_t{0});
    QCOMPARE(writePublishHead(out, head, kV5).size, std::size_t{0});
    QVERIFY(out.failed());
    QCOMPARE(out.size(), std::size_t{0});
}

QTEST_APPLESS_MAIN(tst_CodecPublishHead)
#include "tst_codecpublishhead.moc"
