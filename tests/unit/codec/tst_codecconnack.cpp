// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "wire.h"

#include <QTest>

using namespace fairlead::mqtt;
using namespace fairlead::mqtt::wire;

class tst_CodecConnack : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void judgesConnack_data();

    void judgesConnack() { checkRow(); }

    void understandsAnOldServersRefusal();
    void writesReturnCodesBeforeMqtt5();
};

namespace {

QByteArray connack5(const char *flagsAndCode, const QByteArray &properties)
{
    return packet(0x20, hex(flagsAndCode) + props(properties));
}

} // namespace

void tst_CodecConnack::judgesConnack_data()
{
    using enum ErrorKind;
    columns();
    const Sender server = Sender::Server;
    const ReasonCode protocol = ReasonCode::ProtocolError;
    good("5", kV5, hex("2003000000"), server);
    good("5 session present", kV5, hex("2003010000"), server);
    good("3.1.1", kV311, hex("20020100"), server);
    good("3.1.1 refused", kV311, hex("20020005"), server);
    good("3.1 ignores the first octet", kV31, hex("2002ff00"), server);
    good("5 with all",
         kV5,
         connack5("0000",
                  hex("1100000001"
                      "210001"
                      "2400"
                      "2500"
                      "2700000001"
                      "12000161"
                      "220000"
                      "1f0000"
                      "260000"
                      "0000"
                      "2800"
                      "2900"
                      "2a00"
                      "130000"
                      "1a000161"
                      "1c000161"
                      "15000161"
                      "16000161")),
         server);

    row("[MQTT-3.2.2-1] reserved flags",
        kV5,
        hex("2003020000"),
        ReservedFlags,
        ReasonCode::MalformedPacket,
        server);
    row("reserved flags 3.1.1",
        kV311,
        hex("20028000"),
        ReservedFlags,
        ReasonCode::MalformedPacket,
        server);
    row("[MQTT-3.2.2-6] session present and refused",
        kV5,
        hex("2003018700"),
        BadSessionPresent,
        protocol,
        server);
    row("[MQTT311-3.2.2-4] session present and refused",
        kV311,
        hex("20020105"),
        BadSessionPresent,
        protocol,
        server);
    row("[MQTT-3.2.2-8] reason code", kV5, hex("2003000100"), BadReasonCode, protocol, server);
    row("[MQTT-3.2.2-8] session taken over",
        kV5,
        hex("2003008e00"),
        BadReasonCode,
        protocol,
        server);
    row("return code 6", kV311, hex("20020006"), BadReasonCode, protocol, server);
    row("empty", kV5, hex("2000"), Truncated, ReasonCode::MalformedPacket, server);
    row("one octet", kV311, hex("200100"), Truncated, ReasonCode::MalformedPacket, server);
    row("no properties", kV5, hex("20020000"), Truncated, ReasonCode::MalformedPacket, server);
    row("3.1.1 with more",
        kV311,
        hex("2003000000"),
        TrailingBytes,
        ReasonCode::MalformedPacket,
        server);
    row("5 with more",
        kV5,
        hex("200400000000"),
        TrailingBytes,
        ReasonCode::MalformedPacket,
        server);
    row("authentication data without method",
        kV5,
        connack5("0000", hex("16000100")),
        BadAuthentication,
        protocol,
        server);
}

void tst_CodecConnack::understandsAnOldServersRefusal()
{
    const QByteArray input = hex("20020001");
    Connack out;
    const auto header = peekFrame(view(input), kMaxPacketSize, kV5);
    QVERIFY(!decodeConnack(frameOf(view(input), header), kV5, out));
    QVERIFY(out.reason == ReasonCode::UnsupportedProtocolVersion);
}

// [MQTT311-3.2.2-6]
void tst_CodecConnack::writesReturnCodesBeforeMqtt5()
{
    const auto encoded = [](ReasonCode reason, Version version) {
        char memory[16];
        Writer out(memory);
        Connack packet;
        packet.reason = reason;
        packet.reasonString = "not for 3.x";
        encode(out, packet, version);
        return QByteArray(out.bytes().data(), static_cast<int>(out.size()));
    };
    QCOMPARE(encoded(ReasonCode::UnsupportedProtocolVersion, kV311), hex("20020001"));
    QCOMPARE(encoded(ReasonCode::ClientIdentifierNotValid, kV31), hex("20020002"));
    QCOMPARE(encoded(ReasonCode::ServerBusy, kV311), hex("20020003"));
    QCOMPARE(encoded(ReasonCode::BadUserNameOrPassword, kV311), hex("20020004"));
    QCOMPARE(encoded(ReasonCode::NotAuthorized, kV311), hex("20020005"));
    QCOMPARE(encoded(ReasonCode::MalformedPacket, kV311), hex("20020003"));
}

QTEST_APPLESS_MAIN(tst_CodecConnack)
#include "tst_codecconnack.moc"
