// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "wire.h"

#include <QTest>

#include <vector>

using namespace fairlead::mqtt;
using namespace fairlead::mqtt::wire;

class tst_CodecPublish : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void judgesPublish_data();

    void judgesPublish() { checkRow(); }

    void decodesEveryField();
    void leavesNothingOfTheLastPacket();
    void forwardsPropertiesUnalteredAndInOrder();
    void saysWhenTheBlockCanBeForwardedVerbatim();
};

namespace {

QByteArray publish5(unsigned first, const QByteArray &topic, const QByteArray &properties)
{
    return packet(
        first, str(topic) + ((first & 6) != 0 ? u16(7) : QByteArray{}) + props(properties) + "x");
}

DecodeError decode(const QByteArray &input, Version version, Publish &out)
{
    const auto header = peekFrame(view(input), kMaxPacketSize, version);
    return decodePublish(frameOf(view(input), header), version, Sender::Server, out);
}

/// What is decoded are views: the packet has to outlive them.
DecodeError decode(QByteArray &&input, Version version, Publish &out) = delete;

} // namespace

void tst_CodecPublish::judgesPublish_data()
{
    using enum ErrorKind;
    columns();
    const ReasonCode protocol = ReasonCode::ProtocolError;
    const ReasonCode bad = ReasonCode::MalformedPacket;
    good("5", kV5, publish5(0x30, "t", {}));
    good("5 all flags", kV5, publish5(0x3D, "t", {}));
    good("5 alias alone", kV5, publish5(0x30, "", hex("230001")));
    good("5 topic and alias", kV5, publish5(0x30, "t", hex("23ffff")));
    good("5 from server with identifiers",
         kV5,
         publish5(0x30, "t", hex("0b010b010bffffff7f")),
         Sender::Server);
    good("5 repeated user properties",
         kV5,
         publish5(0x30, "t", hex("260001610001622600016100016326000000 00")));
    good("5 no payload", kV5, packet(0x31, str("t") + props({})));
    good("5 empty content type", kV5, publish5(0x30, "t", hex("030000")));
    good("5 zero expiry", kV5, publish5(0x30, "t", hex("0200000000")));
    good("3.1.1", kV311, packet(0x32, str("t") + u16(1) + "x"));
    good("3.1.1 no payload", kV311, packet(0x30, str("t")));
    good("3.1 DUP at QoS 0", kV31, packet(0x38, str("t") + "x"));
    good("[MQTT-1.5.4-3] byte order mark",
         kV5,
         publish5(0x30,
                  "\xEF\xBB\xBF"
                  "t",
                  {}));

    row("[MQTT-3.3.1-4] QoS 3", kV5, publish5(0x36, "t", {}), BadQos);
    row("[MQTT311-3.3.1-4] QoS 3", kV311, packet(0x36, str("t") + u16(1)), BadQos);
    row("[MQTT-3.3.1-2] DUP at QoS 0", kV5, publish5(0x38, "t", {}), BadDup);
    row("[MQTT311-3.3.1-2] DUP at QoS 0", kV311, packet(0x38, str("t")), BadDup);
    row("[MQTT-2.2.1-3] packet id 0",
        kV5,
        packet(0x32, str("t") + u16(0) + props({})),
        BadPacketId,
        protocol);
    row("[MQTT311-2.3.1-1] packet id 0",
        kV311,
        packet(0x34, str("t") + u16(0)),
        BadPacketId,
        protocol);
    row("[MQTT-3.3.2-1] no topic", kV5, packet(0x30, {}), Truncated);
    row("[MQTT-3.3.2-1] topic cut", kV5, packet(0x30, hex("000561")), Truncated);
    row("no packet id", kV5, packet(0x32, str("t")), Truncated);
    row("half a packet id", kV311, packet(0x32, str("t") + "x"), Truncated);
    row("[MQTT-2.2.2-1] no property length", kV5, packet(0x30, str("t")), Truncated);
    row("[MQTT-3.3.2-1] topic ill-formed", kV5, publish5(0x30, "a\xC3", {}), BadUtf8);
    row("[MQTT311-3.3.2-1] topic ill-formed", kV311, packet(0x30, str("\x80")), BadUtf8);
    row("[MQTT-1.5.4-2] topic with null", kV5, publish5(0x30, QByteArray("a\0b", 3), {}), BadUtf8);
    row("[MQTT-3.3.2-2] plus", kV5, publish5(0x30, "a/+", {}), BadTopic);
    row("[MQTT311-3.3.2-2] hash", kV311, packet(0x30, str("#")), BadTopic);
    row("neither topic nor alias", kV5, publish5(0x30, "", {}), BadTopic, protocol);
    row("[MQTT311-4.7.3-1] empty topic", kV311, packet(0x30, str("")), BadTopic, protocol);
    row("[MQTT-3.3.2-8] alias 0",
        kV5,
        publish5(0x30, "t", hex("230000")),
        BadTopicAlias,
        ReasonCode::TopicAliasInvalid);
    row("[MQTT-3.3.4-6] identifier from a client",
        kV5,
        publish5(0x30, "t", hex("0b01")),
        ForbiddenProperty,
        protocol);
    row("identifier 0",
        kV5,
        publish5(0x30, "t", hex("0b00")),
        BadPropertyValue,
        protocol,
        Sender::Server);
    row("identifier of five octets",
        kV5,
        publish5(0x30, "t", hex("0b8080808001")),
        BadVarint,
        bad,
        Sender::Server);
    row("[MQTT-1.5.5-1] identifier padded",
        kV5,
        publish5(0x30, "t", hex("0b8100")),
        BadVarint,
        bad,
        Sender::Server);
    row("[MQTT-1.5.5-1] property length padded",
        kV5,
        packet(0x30, str("t") + hex("8000")),
        BadVarint);
    row("[MQTT-3.3.2-13] response topic", kV5, publish5(0x30, "t", hex("080001ff")), BadUtf8);
    row("[MQTT-3.3.2-14] response topic", kV5, publish5(0x30, "t", hex("08000123")), BadTopic);
    row("[MQTT-4.7.3-1] response topic empty",
        kV5,
        publish5(0x30, "t", hex("080000")),
        BadTopic,
        protocol);
    row("[MQTT-3.3.2-19] content type", kV5, publish5(0x30, "t", hex("03000100")), BadUtf8);
    row("[MQTT-1.5.7-1] user property name",
        kV5,
        publish5(0x30, "t", hex("260001ff000161")),
        BadUtf8);
    row("[MQTT-1.5.7-1] user property value",
        kV5,
        publish5(0x30, "t", hex("260001610001ff")),
        BadUtf8);
    row("payload format 2", kV5, publish5(0x30, "t", hex("0102")), BadPropertyValue, protocol);
}

void tst_CodecPublish::decodesEveryField()
{
    const QByteArray input = publish5(0x3D,
                                      "a/b",
                                      hex("0101"
                                          "020000003c"
                                          "230005"
                                          "0300026374"
                                          "0800027274"
                                          "0900030001ff"
                                          "260001610001620b05"));
    Publish out;
    QVERIFY(!decode(input, kV5, out));
    QVERIFY(out.topic == "a/b");
    QVERIFY(out.payload == "x");
    QCOMPARE(out.qos, std::uint8_t{2});
    QVERIFY(out.dup && out.retain);
    QCOMPARE(out.packetId, std::uint16_t{7});
    QCOMPARE(out.topicAlias, std::uint16_t{5});
    QVERIFY(out.hasMessageExpiry);
    QCOMPARE(out.messageExpiry, 60U);
    QCOMPARE(out.payloadFormat, std::uint8_t{1});
    QVERIFY(out.contentType == "ct");
    QVERIFY(out.responseTopic == "rt");
    QVERIFY(out.correlationData == Bytes("\0\1\xFF", 3));
    QVERIFY(out.properties.has(PropertyId::UserProperty));
    QVERIFY(out.properties.has(PropertyId::SubscriptionIdentifier));
    // Views, not copies.
    QVERIFY(out.topic.data() > input.constData());
    QVERIFY(out.payload.data() + 1 == input.constData() + input.size());
}

void tst_CodecPublish::leavesNothingOfTheLastPacket()
{
    const QByteArray full = publish5(0x3D,
                                     "a/b",
                                     hex("0101"
                                         "020000003c"
                                         "230005"
                                         "0300026374"
                                         "0800027274"
                                         "090000"));
    const QByteArray plain = packet(0x30, str("t") + props({}));
    Publish out;
    QVERIFY(!decode(full, kV5, out));
    QVERIFY(out.correlationData && out.hasMessageExpiry);
    QVERIFY(!decode(plain, kV5, out));
    QVERIFY(out.topic == "t" && out.payload.empty());
    QVERIFY(out.properties.isEmpty() && out.properties.present() == 0);
    QVERIFY(!out.hasMessageExpiry && out.messageExpiry == 0 && out.topicAlias == 0);
    QVERIFY(out.packetId == 0 && out.qos == 0 && !out.dup && !out.retain);
    QVERIFY(!out.contentType && !out.responseTopic && !out.correlationData);
    QCOMPARE(out.payloadFormat, std::uint8_t{0});
}

// [MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.2-20]
void tst_CodecPublish::forwardsPropertiesUnalteredAndInOrder()
{
    const QByteArray kept[] = {hex("260001620001"
                                   "31"),
                               hex("0101"),
                               hex("260001610001"
                                   "32"),
                               hex("0900020001"),
                               hex("260001620001"
                                   "31"),
                               hex("0800027274"),
                               hex("0300026374"),
                               hex("2600000000")};
    const QByteArray dropped[] = {hex("0b05"), hex("020000003c"), hex("230005"), hex("0b8001")};
    QByteArray properties;
    QByteArray expected;
    for (int index = 0; index < 8; ++index) {
        properties += kept[index];
        expected += kept[index];
        if (index % 2 == 0) {
            properties += dropped[index / 2];
        }
    }
    Publish out;
    const QByteArray input = publish5(0x30, "t", properties);
    QVERIFY(!decode(input, kV5, out));
    QVERIFY(!isForwardable(out.properties));
    QCOMPARE(forwardableSize(out.properties), static_cast<std::size_t>(expected.size()));
    std::vector<char> memory(static_cast<std::size_t>(expected.size()));
    Writer copy(memory.data(), memory.size());
    copyForwardable(copy, out.properties);
    QVERIFY(!copy.failed());
    QVERIFY(copy.bytes() == view(expected));
    Writer narrow(memory.data(), memory.size() - 1);
    copyForwardable(narrow, out.properties);
    QVERIFY(narrow.failed());
}

void tst_CodecPublish::saysWhenTheBlockCanBeForwardedVerbatim()
{
    Publish out;
    const QByteArray plain = publish5(0x30, "t", hex("2600016200013101010300026374"));
    QVERIFY(!decode(plain, kV5, out));
    QVERIFY(isForwardable(out.properties));
    QCOMPARE(forwardableSize(out.properties), out.properties.raw().size());
    const QByteArray empty = publish5(0x30, "t", {});
    QVERIFY(!decode(empty, kV5, out));
    QVERIFY(isForwardable(out.properties));
    QCOMPARE(forwardableSize(out.properties), std::size_t{0});
    for (const char *property : {"0200000001", "230001", "0b01"}) {
        const QByteArray input = publish5(0x30, "t", hex(property));
        QVERIFY(!decode(input, kV5, out));
        QVERIFY(!isForwardable(out.properties));
        QCOMPARE(forwardableSize(out.properties), std::size_t{0});
    }
}

QTEST_APPLESS_MAIN(tst_CodecPublish)
#include "tst_codecpublish.moc"
