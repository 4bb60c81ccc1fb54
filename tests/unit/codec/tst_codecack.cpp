// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "wire.h"

#include <QTest>

using namespace fairlead::mqtt;
using namespace fairlead::mqtt::wire;

class tst_CodecAck : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void judgesAcks_data();

    void judgesAcks() { checkRow(); }

    void decodesEveryForm();
    void writesTheShortestForm();
    void dropsDiagnosticsToFit();
};

void tst_CodecAck::judgesAcks_data()
{
    using enum ErrorKind;
    columns();
    const ReasonCode protocol = ReasonCode::ProtocolError;

    struct Type
    {
        const char *name;
        unsigned first;
        const char *legal;
        const char *illegal;
    };

    const Type types[] = {{"[MQTT-3.4.2-1] PUBACK", 0x40, "87", "92"},
                          {"[MQTT-3.5.2-1] PUBREC", 0x50, "99", "01"},
                          {"[MQTT-3.6.2-1] PUBREL", 0x62, "92", "10"},
                          {"[MQTT-3.7.2-1] PUBCOMP", 0x70, "92", "80"}};
    const auto tag
        = [](const Type &type, const char *what) { return QByteArray(type.name) + ' ' + what; };
    for (const Type &type : types) {
        const unsigned first = type.first;
        const QByteArray id = u16(7);
        good(tag(type, "5 bare"), kV5, packet(first, id));
        good(tag(type, "3.1.1"), kV311, packet(first, id));
        good(tag(type, "3.1"), kV31, packet(first, id));
        good(tag(type, "5 success"), kV5, packet(first, id + hex("00")));
        good(tag(type, "5 reason"), kV5, packet(first, id + hex(type.legal)));
        good(tag(type, "5 reason, no properties"),
             kV5,
             packet(first, id + hex(type.legal) + hex("00")));
        good(tag(type, "5 properties"),
             kV5,
             packet(first, id + hex("00") + props(hex("1f0001722600000000"))));
        row(tag(type, "5 reason"),
            kV5,
            packet(first, id + hex(type.illegal)),
            BadReasonCode,
            protocol);
        row(tag(type, "undefined reason"),
            kV5,
            packet(first, id + hex("ff00")),
            BadReasonCode,
            protocol);
        row(tag(type, "packet id 0"), kV5, packet(first, u16(0)), BadPacketId, protocol);
        row(tag(type, "packet id 0 in 3.1.1"), kV311, packet(first, u16(0)), BadPacketId, protocol);
        row(tag(type, "empty"), kV5, packet(first, {}), Truncated);
        row(tag(type, "one octet"), kV311, packet(first, hex("01")), Truncated);
        row(tag(type, "3.1.1 with reason"), kV311, packet(first, id + hex("00")), TrailingBytes);
        row(tag(type, "5 with more"), kV5, packet(first, id + hex("000000")), TrailingBytes);
        row(tag(type, "two reason strings"),
            kV5,
            packet(first, id + hex("00") + props(hex("1f00001f0000"))),
            DuplicateProperty,
            protocol);
        row(tag(type, "[MQTT-1.5.4-1] reason string"),
            kV5,
            packet(first, id + hex("00") + props(hex("1f0001ff"))),
            BadUtf8);
        row(tag(type, "properties cut"),
            kV5,
            packet(first, id + hex("0004 1f0001")),
            BadPropertyLength);
    }
    row("[MQTT-3.6.1-1] PUBREL flags", kV5, packet(0x60, u16(1)), ReservedFlags);
    row("[MQTT311-3.6.1-1] PUBREL flags", kV311, packet(0x61, u16(1)), ReservedFlags);
    good("3.1 PUBREL with DUP", kV31, packet(0x6A, u16(1)));
}

void tst_CodecAck::decodesEveryForm()
{
    const QByteArray input
        = packet(0x50, u16(0x1234) + hex("97") + props(hex("260001610001621f0003777979")));
    Ack out;
    const auto header = peekFrame(view(input), kMaxPacketSize, kV5);
    QVERIFY(!decodeAck(frameOf(view(input), header), kV5, out));
    QVERIFY(out.type == PacketType::Pubrec);
    QCOMPARE(out.packetId, std::uint16_t{0x1234});
    QVERIFY(out.reason == ReasonCode::QuotaExceeded);
    QVERIFY(out.reasonString == "wyy");
    QVERIFY(out.properties.has(PropertyId::UserProperty));
    QVERIFY(decodeAck(Frame{PacketType::Publish, 0, false, "xx"}, kV5, out).kind
            == ErrorKind::BadPacketType);
}

void tst_CodecAck::writesTheShortestForm()
{
    const auto encoded = [](const Ack &packet, Version version) {
        char memory[64];
        Writer out(memory);
        if (!encode(out, packet, version) || out.size() != encodedSize(packet, version)) {
            return QByteArray("failed");
        }
        return QByteArray(memory, static_cast<int>(out.size()));
    };
    Ack packet;
    packet.packetId = 0x0102;
    QCOMPARE(encoded(packet, kV5), hex("40020102"));
    packet.type = PacketType::Pubrel;
    packet.reason = ReasonCode::PacketIdentifierNotFound;
    QCOMPARE(encoded(packet, kV5), hex("6203010292"));
    QCOMPARE(encoded(packet, kV311), hex("62020102"));
    packet.reasonString = "r";
    QCOMPARE(encoded(packet, kV5), hex("6208010292041f000172"));
    packet.packetId = 0;
    QCOMPARE(encoded(packet, kV5), QByteArray("failed"));
    packet.packetId = 1;
    packet.type = PacketType::Publish;
    QCOMPARE(encoded(packet, kV5), QByteArray("failed"));
}

// [MQTT-3.4.2-2] [MQTT-3.4.2-3] [MQTT-3.1.2-24] [MQTT-3.1.2-29]
void tst_CodecAck::dropsDiagnosticsToFit()
{
    char memory[32];
    Writer user(memory);
    writeUserProperty(user, "k", "v");
    Ack full;
    full.packetId = 1;
    full.reason = ReasonCode::QuotaExceeded;
    full.reasonString = "full";
    full.properties = PropertyBlock::ofUserProperties(user.bytes());
    const auto fit = [&full](std::uint32_t limit, bool wanted, Ack &packet) {
        packet = full;
        return fitDiagnostics(packet, kV5, limit, wanted);
    };
    Ack packet;
    QCOMPARE(encodedSize(full, kV5), std::size_t{20});
    QVERIFY(fit(0, true, packet));
    QVERIFY(packet.reasonString && !packet.properties.isEmpty());
    QVERIFY(fit(20, true, packet));
    QVERIFY(packet.reasonString && !packet.properties.isEmpty());
    QVERIFY(fit(19, true, packet));
    QVERIFY(packet.reasonString && packet.properties.isEmpty());
    QVERIFY(fit(12, true, packet));
    QVERIFY(!packet.reasonString && packet.properties.isEmpty());
    QCOMPARE(encodedSize(packet, kV5), std::size_t{5});
    QVERIFY(!fit(4, true, packet));
    QVERIFY(fit(100, false, packet));
    QVERIFY(!packet.reasonString && packet.properties.isEmpty());

    const std::string longReason(65536, 'r');
    full.reasonString = longReason;
    QVERIFY(fit(0, true, packet)); // cannot be expressed, so it goes
    QVERIFY(!packet.reasonString);
}

QTEST_APPLESS_MAIN(tst_CodecAck)
#include "tst_codecack.moc"
