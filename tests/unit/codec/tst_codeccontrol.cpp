// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "wire.h"

#include <QTest>

using namespace fairlead::mqtt;
using namespace fairlead::mqtt::wire;

class tst_CodecControl : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void judgesPings_data();

    void judgesPings() { checkRow(); }

    void judgesDisconnect_data();

    void judgesDisconnect() { checkRow(); }

    void judgesAuth_data();

    void judgesAuth() { checkRow(); }

    void writesTheShortestForm();
    void rejectsTheWrongType();
};

void tst_CodecControl::judgesPings_data()
{
    using enum ErrorKind;
    columns();
    good("PINGREQ", kV5, hex("c000"));
    good("PINGRESP", kV311, hex("d000"), Sender::Server);
    row("PINGREQ with body", kV5, hex("c00100"), TrailingBytes);
    row("PINGRESP with body", kV311, hex("d00100"), TrailingBytes);
    row("[MQTT-2.1.3-1] PINGREQ flags", kV5, hex("c100"), ReservedFlags);
}

void tst_CodecControl::judgesDisconnect_data()
{
    using enum ErrorKind;
    columns();
    const ReasonCode protocol = ReasonCode::ProtocolError;
    const Sender server = Sender::Server;
    good("3.1.1", kV311, hex("e000"));
    good("5 bare", kV5, hex("e000"));
    good("5 reason alone", kV5, hex("e00104"));
    good("5 empty properties", kV5, hex("e0020000"));
    good("5 client", kV5, packet(0xE0, hex("04") + props(hex("11000000001f00002600000000"))));
    good("5 server", kV5, packet(0xE0, hex("9c") + props(hex("1c00016126000000001f0000"))), server);
    row("[MQTT-3.14.1-1] flags", kV5, hex("e100"), ReservedFlags);
    row("[MQTT311-3.14.1-1] flags", kV311, hex("e800"), ReservedFlags);
    row("3.1.1 with body", kV311, hex("e00100"), TrailingBytes);
    row("[MQTT-3.14.2-1] undefined", kV5, hex("e00101"), BadReasonCode, protocol);
    row("[MQTT-3.14.2-1] server's code from a client", kV5, hex("e0018e"), BadReasonCode, protocol);
    row("[MQTT-3.14.2-1] client's code from a server",
        kV5,
        hex("e00104"),
        BadReasonCode,
        protocol,
        server);
    row("[MQTT-3.14.2-2] session expiry from a server",
        kV5,
        packet(0xE0, hex("00") + props(hex("1100000000"))),
        ForbiddenProperty,
        protocol,
        server);
    row("with more", kV5, hex("e003000000"), TrailingBytes);
    row("two session expiries",
        kV5,
        packet(0xE0, hex("00") + props(hex("11000000001100000000"))),
        DuplicateProperty,
        protocol);
    row("alias maximum", kV5, packet(0xE0, hex("00") + props(hex("220001"))), ForbiddenProperty);
}

void tst_CodecControl::judgesAuth_data()
{
    using enum ErrorKind;
    columns();
    const ReasonCode protocol = ReasonCode::ProtocolError;
    const Sender server = Sender::Server;
    const QByteArray method = hex("15000161");
    good("server bare", kV5, hex("f000"), server);
    good("client continues", kV5, packet(0xF0, hex("18") + props(method + hex("160000"))));
    good("client again", kV5, packet(0xF0, hex("19") + props(method)));
    good("server continues",
         kV5,
         packet(0xF0, hex("18") + props(method + hex("1f00002600000000"))),
         server);
    good("server success", kV5, packet(0xF0, hex("00") + props(method)), server);
    row("[MQTT-3.15.1-1] flags", kV5, hex("f100"), ReservedFlags);
    row("3.1.1", kV311, hex("f000"), BadPacketType);
    row("[MQTT-3.15.2-1] success from a client", kV5, hex("f000"), BadReasonCode, protocol);
    row("[MQTT-3.15.2-1] again from a server",
        kV5,
        packet(0xF0, hex("19") + props(method)),
        BadReasonCode,
        protocol,
        server);
    row("[MQTT-3.15.2-1] undefined",
        kV5,
        packet(0xF0, hex("80") + props(method)),
        BadReasonCode,
        protocol);
    row("no method", kV5, hex("f00118"), BadAuthentication, protocol);
    row("no method but properties",
        kV5,
        packet(0xF0, hex("18") + props(hex("160000"))),
        BadAuthentication,
        protocol);
    row("two methods",
        kV5,
        packet(0xF0, hex("18") + props(method + method)),
        DuplicateProperty,
        protocol);
    row("with more", kV5, packet(0xF0, hex("18") + props(method) + "x"), TrailingBytes);
}

void tst_CodecControl::writesTheShortestForm()
{
    char memory[32];
    const auto taken = [&memory](const Writer &out) {
        return out.failed() ? QByteArray("failed")
                            : QByteArray(memory, static_cast<int>(out.size()));
    };
    const auto encoded = [&](const auto &packet, Version version) {
        Writer out(memory);
        encode(out, packet, version);
        return taken(out);
    };
    Disconnect bye;
    QCOMPARE(encoded(bye, kV5), hex("e000"));
    bye.reason = ReasonCode::SessionTakenOver;
    QCOMPARE(encoded(bye, kV5), hex("e0018e"));
    QCOMPARE(encoded(bye, kV311), hex("e000"));
    Auth auth;
    QCOMPARE(encoded(auth, kV5), hex("f000"));
    QCOMPARE(encoded(auth, kV311), QByteArray("failed"));
    auth.reason = ReasonCode::ContinueAuthentication;
    QCOMPARE(encoded(auth, kV5), QByteArray("failed"));
    auth.authenticationMethod = "m";
    QCOMPARE(encoded(auth, kV5), hex("f006180415 00016d"));
    Writer ping(memory);
    QVERIFY(encodePingreq(ping) && encodePingresp(ping));
    QCOMPARE(taken(ping), hex("c000d000"));
    Writer narrow(memory, 1);
    QVERIFY(!encodePingreq(narrow));
}

void tst_CodecControl::rejectsTheWrongType()
{
    const Frame frame{PacketType::Reserved, 0, false, Bytes()};
    Connect connect;
    Connack connack;
    Publish publish;
    Ack ack;
    Subscribe subscribe;
    Unsubscribe unsubscribe;
    Suback suback;
    Disconnect disconnect;
    Auth auth;
    for (const DecodeError &error : {decodeConnect(frame, connect),
                                     decodeConnack(frame, kV5, connack),
                                     decodePublish(frame, kV5, Sender::Client, publish),
                                     decodeAck(frame, kV5, ack),
                                     decodeSubscribe(frame, kV5, subscribe),
                                     decodeUnsubscribe(frame, kV5, unsubscribe),
                                     decodeSuback(frame, kV5, suback),
                                     decodePing(frame, kV5),
                                     decodeDisconnect(frame, kV5, Sender::Client, disconnect),
                                     decodeAuth(frame, kV5, Sender::Client, auth)}) {
        QVERIFY(error.kind == ErrorKind::BadPacketType);
    }
}

QTEST_APPLESS_MAIN(tst_CodecControl)
#include "tst_codeccontrol.moc"
