// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "wire.h"

#include <QTest>

using namespace fairlead::mqtt;
using namespace fairlead::mqtt::wire;

class tst_CodecConnect : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void judgesConnect_data();

    void judgesConnect() { checkRow(); }

    void decodesEveryField();
    void fillsInDefaults();
    void saysInWhichDialectToRefuse_data();
    void saysInWhichDialectToRefuse();
    void letsMqtt31OmitCredentials();
    void refusesToEncodeTheImpossible();
};

namespace {

/// A CONNECT up to its payload.
QByteArray connectHead(const QByteArray &name,
                       unsigned level,
                       unsigned flags,
                       unsigned keepAlive = 60)
{
    QByteArray result = str(name);
    result.append(static_cast<char>(level));
    result.append(static_cast<char>(flags));
    return result + u16(keepAlive);
}

QByteArray connect5(unsigned flags, const QByteArray &properties, const QByteArray &payload)
{
    return packet(0x10, connectHead("MQTT", 5, flags) + props(properties) + payload);
}

QByteArray connect311(unsigned flags, const QByteArray &payload)
{
    return packet(0x10, connectHead("MQTT", 4, flags) + payload);
}

QByteArray connect31(unsigned flags, const QByteArray &payload)
{
    return packet(0x10, connectHead("MQIsdp", 3, flags) + payload);
}

} // namespace

void tst_CodecConnect::judgesConnect_data()
{
    using enum ErrorKind;
    columns();
    const Version none = Version::Unknown;
    const QByteArray id = str("id");
    const QByteArray will = str("will") + str("bye");
    const QByteArray will5 = props({}) + will;

    good("5 minimal", none, connect5(0x02, {}, str("")));
    good("3.1.1 minimal", none, connect311(0x02, str("")));
    good("3.1 minimal", none, connect31(0x02, id));
    good("[MQTT-3.1.3-1] all fields 5", none, connect5(0xF6, {}, id + will5 + str("u") + str("p")));
    good("[MQTT311-3.1.3-1] all fields 3.1.1",
         none,
         connect311(0xF6, id + will + str("u") + str("p")));
    good("password without user name 5", none, connect5(0x42, {}, id + str("p")));
    good("password is binary", none, connect5(0xC2, {}, id + str("u") + str(hex("00ff"))));
    good("will payload is binary", none, connect311(0x06, id + str("w") + str(hex("00ff"))));
    good("unused flags 3.1", none, connect31(0x39, id));
    good("padded length 3.1.1", none, hex("108c0000044d5154540402003c0000"));

    row("[MQTT-3.1.2-1] name",
        none,
        packet(0x10, connectHead("MQTx", 5, 2) + props({}) + id),
        BadProtocolName,
        ReasonCode::UnsupportedProtocolVersion);
    row("[MQTT311-3.1.2-1] name case",
        none,
        packet(0x10, connectHead("mqtt", 4, 2) + id),
        BadProtocolName,
        ReasonCode::UnsupportedProtocolVersion);
    row("empty name",
        none,
        packet(0x10, connectHead("", 4, 2) + id),
        BadProtocolName,
        ReasonCode::UnsupportedProtocolVersion);
    row("[MQTT-3.1.2-2] level 6",
        none,
        packet(0x10, connectHead("MQTT", 6, 2) + id),
        BadProtocolVersion,
        ReasonCode::UnsupportedProtocolVersion);
    row("[MQTT311-3.1.2-2] level 3 with the other name",
        none,
        packet(0x10, connectHead("MQTT", 3, 2) + id),
        BadProtocolVersion,
        ReasonCode::UnsupportedProtocolVersion);
    row("level 4 with the old name",
        none,
        packet(0x10, connectHead("MQIsdp", 4, 2) + id),
        BadProtocolVersion,
        ReasonCode::UnsupportedProtocolVersion);
    row("level of a bridge",
        none,
        packet(0x10, connectHead("MQTT", 0x84, 2) + id),
        BadProtocolVersion,
        ReasonCode::UnsupportedProtocolVersion);
    row("[MQTT-1.5.5-1] padded length 5", none, hex("108d0000044d5154540502003c000000"), BadVarint);
    row("[MQTT-3.1.2-3] reserved flag", none, connect5(0x03, {}, id), ReservedFlags);
    row("[MQTT311-3.1.2-3] reserved flag", none, connect311(0x03, id), ReservedFlags);
    row("[MQTT-3.1.2-11] will QoS without will", none, connect5(0x0A, {}, id), BadConnectFlags);
    row("[MQTT311-3.1.2-13] will QoS without will", none, connect311(0x12, id), BadConnectFlags);
    row("[MQTT-3.1.2-13] will retain without will", none, connect5(0x22, {}, id), BadConnectFlags);
    row("[MQTT311-3.1.2-15] will retain without will", none, connect311(0x22, id), BadConnectFlags);
    row("[MQTT-3.1.2-12] will QoS 3", none, connect5(0x1E, {}, id + will5), BadConnectFlags);
    row("[MQTT311-3.1.2-14] will QoS 3", none, connect311(0x1E, id + will), BadConnectFlags);
    row("will QoS 3 in 3.1", none, connect31(0x1E, id + will), BadConnectFlags);
    row("[MQTT311-3.1.2-22] password without user name",
        none,
        connect311(0x42, id + str("p")),
        BadConnectFlags);
    row("password without user name in 3.1", none, connect31(0x42, id + str("p")), BadConnectFlags);
    row("[MQTT-3.1.3-3] no client id", none, connect5(0x02, {}, {}), Truncated);
    row("[MQTT311-3.1.3-3] no client id", none, connect311(0x02, {}), Truncated);
    row("[MQTT-3.1.3-4] client id", none, connect5(0x02, {}, str("\xFF")), BadUtf8);
    row("[MQTT311-3.1.3-4] client id", none, connect311(0x02, str(hex("6100"))), BadUtf8);
    row("[MQTT-3.1.2-9] no will", none, connect5(0x06, {}, id), Truncated);
    row("[MQTT-3.1.2-9] no will payload",
        none,
        connect5(0x06, {}, id + props({}) + str("w")),
        Truncated);
    row("[MQTT311-3.1.2-9] no will payload", none, connect311(0x06, id + str("w")), Truncated);
    row("[MQTT-3.1.3-11] will topic",
        none,
        connect5(0x06, {}, id + props({}) + str("\xC0\x80") + str("")),
        BadUtf8);
    row("[MQTT311-3.1.3-10] will topic",
        none,
        connect311(0x06, id + str("\xED\xA0\x80") + str("")),
        BadUtf8);
    row("[MQTT-4.7.0-1] will topic",
        none,
        connect5(0x06, {}, id + props({}) + str("a/#") + str("")),
        BadTopic);
    row("[MQTT-4.7.3-1] will topic empty",
        none,
        connect5(0x06, {}, id + props({}) + str("") + str("")),
        BadTopic,
        ReasonCode::ProtocolError);
    row("[MQTT-3.1.2-17] no user name", none, connect5(0x82, {}, id), Truncated);
    row("[MQTT311-3.1.2-19] no user name", none, connect311(0x82, id), Truncated);
    row("[MQTT-3.1.3-12] user name", none, connect5(0x82, {}, id + str("\xFE")), BadUtf8);
    row("[MQTT-3.1.2-19] no password", none, connect5(0xC2, {}, id + str("u")), Truncated);
    row("[MQTT-3.1.2-16] user name without flag",
        none,
        connect5(0x02, {}, id + str("u")),
        TrailingBytes);
    row("[MQTT-3.1.2-18] password without flag",
        none,
        connect5(0x82, {}, id + str("u") + str("p")),
        TrailingBytes);
    row("[MQTT311-3.1.2-18] user name without flag",
        none,
        connect311(0x02, id + str("u")),
        TrailingBytes);
    row("trailing octet 3.1", none, connect31(0x02, id + "x"), TrailingBytes);
    row("empty body", none, packet(0x10, {}), Truncated);
    row("name only", none, packet(0x10, str("MQTT")), Truncated);
    row("[MQTT-2.2.2-1] no property length",
        none,
        packet(0x10, connectHead("MQTT", 5, 2)),
        Truncated);
    row("property length beyond the packet",
        none,
        packet(0x10, connectHead("MQTT", 5, 2) + hex("05")),
        BadPropertyLength);
    row("authentication data without method",
        none,
        connect5(0x02, hex("16000100"), id),
        BadAuthentication,
        ReasonCode::ProtocolError);
}

void tst_CodecConnect::decodesEveryField()
{
    const QByteArray properties = hex("1100000078"
                                      "210014"
                                      "2700010000"
                                      "22000a"
                                      "1901"
                                      "1700"
                                      "15000353"
                                      "4341"
                                      "1600026e2c"
                                      "260001610001"
                                      "62");
    const QByteArray willProperties = hex("1800000005"
                                          "0101"
                                          "0200000e10"
                                          "030001"
                                          "74"
                                          "080001"
                                          "72"
                                          "090001"
                                          "00"
                                          "260001"
                                          "78"
                                          "0001"
                                          "79");
    const QByteArray input
        = packet(0x10,
                 connectHead("MQTT", 5, 0xF4, 300) + props(properties) + str("id")
                     + props(willProperties) + str("w/t") + str("bye") + str("user") + str("pass"));
    Connect out;
    const auto header = peekFrame(view(input), kMaxPacketSize, Version::Unknown);
    const auto error = decodeConnect(frameOf(view(input), header), out);
    QVERIFY2(!error, error.text);
    QVERIFY(out.version == Version::V5);
    QCOMPARE(out.protocolLevel, std::uint8_t{5});
    QVERIFY(!out.cleanStart);
    QCOMPARE(out.keepAlive, std::uint16_t{300});
    QVERIFY(out.clientId == "id");
    QVERIFY(out.userName == "user");
    QVERIFY(out.password == "pass");
    QCOMPARE(out.sessionExpiry, 120U);
    QCOMPARE(out.receiveMaximum, std::uint16_t{20});
    QCOMPARE(out.maximumPacketSize, 65536U);
    QCOMPARE(out.topicAliasMaximum, std::uint16_t{10});
    QVERIFY(out.requestResponseInformation);
    QVERIFY(!out.requestProblemInformation);
    QVERIFY(out.authenticationMethod == "SCA");
    QVERIFY(out.authenticationData == "n,");
    QVERIFY(out.properties.has(PropertyId::UserProperty));
    QVERIFY(out.will.has_value());
    const Will &will = *out.will;
    QVERIFY(will.topic == "w/t");
    QVERIFY(will.payload == "bye");
    QCOMPARE(will.qos, std::uint8_t{2});
    QVERIFY(will.retain);
    QCOMPARE(will.delayInterval, 5U);
    QVERIFY(will.messageExpiry == 3600U);
    QVERIFY(will.payloadFormat == 1);
    QVERIFY(will.contentType == "t");
    QVERIFY(will.responseTopic == "r");
    QVERIFY(will.correlationData == Bytes("\0", 1));
    Property user;
    for (const Property &property : will.properties) {
        user = property;
    }
    QVERIFY(user.name == "x" && user.value == "y");
}

void tst_CodecConnect::fillsInDefaults()
{
    const QByteArray input = connect5(0x02, {}, str(""));
    Connect out;
    out.receiveMaximum = 3;
    out.will.emplace();
    const auto header = peekFrame(view(input), kMaxPacketSize, Version::Unknown);
    QVERIFY(!decodeConnect(frameOf(view(input), header), out));
    QVERIFY(out.cleanStart);
    QVERIFY(out.clientId.empty());
    QVERIFY(!out.will && !out.userName && !out.password && !out.authenticationMethod);
    QCOMPARE(out.sessionExpiry, 0U);
    QCOMPARE(out.receiveMaximum, kDefaultReceiveMaximum);
    QCOMPARE(out.maximumPacketSize, 0U);
    QVERIFY(out.requestProblemInformation);
    QVERIFY(!out.requestResponseInformation);
}

void tst_CodecConnect::saysInWhichDialectToRefuse_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<unsigned>("level");
    QTest::addColumn<int>("dialect");
    const auto add = [](const char *tag, const char *name, unsigned level, Version dialect) {
        QTest::newRow(tag) << QByteArray(name) << level << static_cast<int>(dialect);
    };
    add("[MQTT-3.1.2-2] 6", "MQTT", 6, Version::V5);
    add("127", "MQTT", 127, Version::V5);
    add("[MQTT311-3.1.2-2] 0", "MQTT", 0, Version::V311);
    add("3", "MQTT", 3, Version::V311);
    add("bridge of 3.1.1", "MQTT", 0x84, Version::V311);
    add("old name", "MQIsdp", 4, Version::V31);
    add("other name", "AMQP", 5, Version::Unknown);
}

void tst_CodecConnect::saysInWhichDialectToRefuse()
{
    QFETCH(QByteArray, name);
    QFETCH(unsigned, level);
    QFETCH(int, dialect);
    const QByteArray input = packet(0x10, connectHead(name, level, 2) + str("id"));
    Connect out;
    const auto header = peekFrame(view(input), kMaxPacketSize, Version::Unknown);
    const auto error = decodeConnect(frameOf(view(input), header), out);
    QVERIFY(error.kind == ErrorKind::BadProtocolVersion
            || error.kind == ErrorKind::BadProtocolName);
    QCOMPARE(static_cast<int>(out.version), dialect);
    QVERIFY(toReturnCode(error.reason) == ConnectReturnCode::UnacceptableProtocolVersion);
    if (out.version != Version::Unknown) {
        QCOMPARE(unsigned{out.protocolLevel}, level);
    }
}

void tst_CodecConnect::letsMqtt31OmitCredentials()
{
    const auto decode = [](const QByteArray &input, Connect &out) {
        const auto header = peekFrame(view(input), kMaxPacketSize, Version::Unknown);
        return decodeConnect(frameOf(view(input), header), out);
    };
    Connect out;
    QVERIFY(!decode(connect31(0xC2, str("id")), out));
    QVERIFY(!out.userName && !out.password);
    const QByteArray named = connect31(0xC2, str("id") + str("u"));
    QVERIFY(!decode(named, out));
    QVERIFY(out.userName == "u" && !out.password);
    QVERIFY(decode(connect31(0xC2, str("id") + hex("0005")), out).kind == ErrorKind::Truncated);
}

void tst_CodecConnect::refusesToEncodeTheImpossible()
{
    char memory[256];
    const auto fails = [&memory](const Connect &packet) {
        Writer out(memory);
        return encodedSize(packet) == 0 && !encode(out, packet) && out.failed() && out.size() == 0;
    };
    Connect packet;
    QVERIFY(!fails(packet));
    packet.version = Version::Unknown;
    QVERIFY(fails(packet));
    packet = {};
    packet.version = kV311;
    packet.password = "p";
    QVERIFY(fails(packet)); // [MQTT311-3.1.2-22]
    packet = {};
    packet.authenticationData = "d";
    QVERIFY(fails(packet));
    packet = {};
    packet.receiveMaximum = 0;
    QVERIFY(fails(packet));
    packet = {};
    packet.will.emplace().qos = 3;
    packet.will->topic = "t";
    QVERIFY(fails(packet)); // [MQTT-3.1.2-12]
    packet.will->qos = 0;
    QVERIFY(!fails(packet));
    packet.will->topic = {};
    QVERIFY(fails(packet));
    packet = {};
    const std::string longId(65536, 'i');
    packet.clientId = longId;
    QVERIFY(fails(packet));

    Connack refusal;
    refusal.reason = ReasonCode::NotAuthorized;
    refusal.sessionPresent = true;
    Writer out(memory);
    QVERIFY(!encode(out, refusal, kV5)); // [MQTT-3.2.2-6]
}

QTEST_APPLESS_MAIN(tst_CodecConnect)
#include "tst_codecconnect.moc"
