// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "wire.h"

#include <QTest>

#include <array>

using namespace fairlead::mqtt;
using namespace fairlead::mqtt::wire;

class tst_CodecProperties : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void allowsEachPropertyInItsPackets_data();
    void allowsEachPropertyInItsPackets();
    void rejectsEveryUnknownIdentifier_data();
    void rejectsEveryUnknownIdentifier();
    void rejectsRepetition_data();
    void rejectsRepetition();
    void rejectsForbiddenValues_data();
    void rejectsForbiddenValues();
    void rejectsPropertiesCutAnywhere_data();
    void rejectsPropertiesCutAnywhere();
};

namespace {

/// The places that hold properties.
enum Place {
    InConnect,
    InConnack,
    InPublish,
    InWill,
    InPuback,
    InPubrec,
    InPubrel,
    InPubcomp,
    InSubscribe,
    InSuback,
    InUnsubscribe,
    InUnsuback,
    InDisconnect,
    InAuth,
    PlaceCount
};

constexpr std::array<const char *, PlaceCount> kPlaceNames{"CONNECT",
                                                           "CONNACK",
                                                           "PUBLISH",
                                                           "WILL",
                                                           "PUBACK",
                                                           "PUBREC",
                                                           "PUBREL",
                                                           "PUBCOMP",
                                                           "SUBSCRIBE",
                                                           "SUBACK",
                                                           "UNSUBSCRIBE",
                                                           "UNSUBACK",
                                                           "DISCONNECT",
                                                           "AUTH"};

constexpr unsigned kAcks = 1U << InPuback | 1U << InPubrec | 1U << InPubrel | 1U << InPubcomp
    | 1U << InSuback | 1U << InUnsuback;

struct Known
{
    const char *name;
    const char *sample;
    unsigned places; ///< bit set
};

/// The table of properties of MQTT 5, with a valid encoding of each.
const std::array<Known, 27> kKnown{{
    {"payload format indicator", "0101", 1U << InPublish | 1U << InWill},
    {"message expiry interval", "0200000001", 1U << InPublish | 1U << InWill},
    {"content type", "03000161", 1U << InPublish | 1U << InWill},
    {"response topic", "08000161", 1U << InPublish | 1U << InWill},
    {"correlation data", "09000100", 1U << InPublish | 1U << InWill},
    {"subscription identifier", "0b01", 1U << InPublish | 1U << InSubscribe},
    {"session expiry interval",
     "1100000001",
     1U << InConnect | 1U << InConnack | 1U << InDisconnect},
    {"assigned client identifier", "12000161", 1U << InConnack},
    {"server keep alive", "130001", 1U << InConnack},
    {"authentication method", "15000161", 1U << InConnect | 1U << InConnack | 1U << InAuth},
    {"authentication data", "16000100", 1U << InConnect | 1U << InConnack | 1U << InAuth},
    {"request problem information", "1701", 1U << InConnect},
    {"will delay interval", "1800000001", 1U << InWill},
    {"request response information", "1901", 1U << InConnect},
    {"response information", "1a000161", 1U << InConnack},
    {"server reference", "1c000161", 1U << InConnack | 1U << InDisconnect},
    {"reason string", "1f000161", kAcks | 1U << InConnack | 1U << InDisconnect | 1U << InAuth},
    {"receive maximum", "210001", 1U << InConnect | 1U << InConnack},
    {"topic alias maximum", "220001", 1U << InConnect | 1U << InConnack},
    {"topic alias", "230001", 1U << InPublish},
    {"maximum QoS", "2401", 1U << InConnack},
    {"retain available", "2501", 1U << InConnack},
    {"user property", "26000161000162", (1U << PlaceCount) - 1},
    {"maximum packet size", "2700000001", 1U << InConnect | 1U << InConnack},
    {"wildcard subscription available", "2801", 1U << InConnack},
    {"subscription identifier available", "2901", 1U << InConnack},
    {"shared subscription available", "2a01", 1U << InConnack},
}};

/// A packet that is right but for the property block @p block (with its length) put in @p place.
QByteArray packetAround(Place place, const QByteArray &block)
{
    const QByteArray connect = str("MQTT") + hex("05");
    switch (place) {
    case InConnect:
        return packet(0x10, connect + hex("02003c") + block + str("id"));
    case InWill:
        return packet(0x10, connect + hex("06003c00") + str("id") + block + str("w") + str("p"));
    case InConnack:
        return packet(0x20, hex("0000") + block);
    case InPublish:
        return packet(0x30, str("t") + block);
    case InPuback:
        return packet(0x40, hex("000100") + block);
    case InPubrec:
        return packet(0x50, hex("000100") + block);
    case InPubrel:
        return packet(0x62, hex("000100") + block);
    case InPubcomp:
        return packet(0x70, hex("000100") + block);
    case InSubscribe:
        return packet(0x82, u16(1) + block + str("f") + hex("00"));
    case InSuback:
        return packet(0x90, u16(1) + block + hex("00"));
    case InUnsubscribe:
        return packet(0xA2, u16(1) + block + str("f"));
    case InUnsuback:
        return packet(0xB0, u16(1) + block + hex("00"));
    case InDisconnect:
        return packet(0xE0, hex("00") + block);
    default:
        return packet(0xF0, hex("18") + block);
    }
}

/// What else the place needs beside the property under test: an authentication method.
QByteArray withCompany(Place place, const QByteArray &property)
{
    const bool needsMethod = place == InAuth || property.startsWith('\x16');
    return needsMethod && !property.startsWith('\x15') ? hex("15000161") + property : property;
}

/// The sender that may use everything the place allows.
Sender senderAt(Place place)
{
    return place == InDisconnect || place == InAuth || place == InConnect ? Sender::Client
                                                                          : Sender::Server;
}

driver::Outcome runAt(Place place, const QByteArray &properties)
{
    const QByteArray input = packetAround(place, props(properties));
    return driver::run(view(input), kV5, senderAt(place));
}

} // namespace

void tst_CodecProperties::allowsEachPropertyInItsPackets_data()
{
    QTest::addColumn<int>("place");
    QTest::addColumn<QByteArray>("property");
    QTest::addColumn<bool>("allowed");
    for (const Known &known : kKnown) {
        for (int place = 0; place < PlaceCount; ++place) {
            QTest::addRow("%s in %s", known.name, kPlaceNames[static_cast<std::size_t>(place)])
                << place << hex(known.sample) << ((known.places & (1U << place)) != 0);
        }
    }
}

void tst_CodecProperties::allowsEachPropertyInItsPackets()
{
    QFETCH(int, place);
    QFETCH(QByteArray, property);
    QFETCH(bool, allowed);
    const auto at = static_cast<Place>(place);
    // A forbidden authentication datum stands alone, so that nothing else is at fault.
    const auto outcome = runAt(at, allowed || at == InAuth ? withCompany(at, property) : property);
    QCOMPARE(toText(outcome.error.kind),
             toText(allowed ? ErrorKind::None : ErrorKind::ForbiddenProperty));
    if (allowed) {
        const std::string raw = property.toStdString();
        const bool isDefault = raw == "\x17\x01" || raw == "\x25\x01" || raw == "\x28\x01"
            || raw == "\x29\x01" || raw == "\x2A\x01";
        QCOMPARE(outcome.again.find(raw) != std::string::npos, !isDefault);
    } else {
        QVERIFY(outcome.error.reason == ReasonCode::MalformedPacket);
    }
}

void tst_CodecProperties::rejectsEveryUnknownIdentifier_data()
{
    QTest::addColumn<int>("id");
    for (int id = 0; id < 256; ++id) {
        bool known = false;
        for (const Known &entry : kKnown) {
            known = known || static_cast<unsigned char>(hex(entry.sample).at(0)) == id;
        }
        QCOMPARE(typeOf(static_cast<PropertyId>(id)) != PropertyType::None, known);
        if (!known) {
            QTest::addRow("%02x", static_cast<unsigned>(id)) << id;
        }
    }
}

void tst_CodecProperties::rejectsEveryUnknownIdentifier()
{
    QFETCH(int, id);
    const QByteArray property = QByteArray(1, static_cast<char>(id)) + hex("00000000");
    for (int place = 0; place < PlaceCount; ++place) {
        const auto outcome = runAt(static_cast<Place>(place), property);
        QVERIFY(outcome.error.kind == ErrorKind::UnknownProperty);
        QVERIFY(outcome.error.reason == ReasonCode::MalformedPacket);
    }
}

void tst_CodecProperties::rejectsRepetition_data()
{
    allowsEachPropertyInItsPackets_data();
}

void tst_CodecProperties::rejectsRepetition()
{
    QFETCH(int, place);
    QFETCH(QByteArray, property);
    QFETCH(bool, allowed);
    if (!allowed) {
        return;
    }
    const auto at = static_cast<Place>(place);
    const auto outcome = runAt(at, withCompany(at, property) + property);
    const bool repeatable = property.startsWith('\x26')
        || (property.startsWith('\x0b') && at == InPublish); // [MQTT-3.3.4-5]
    QCOMPARE(toText(outcome.error.kind),
             toText(repeatable ? ErrorKind::None : ErrorKind::DuplicateProperty));
    if (!repeatable) {
        QVERIFY(outcome.error.reason == ReasonCode::ProtocolError);
    }
}

void tst_CodecProperties::rejectsForbiddenValues_data()
{
    QTest::addColumn<int>("place");
    QTest::addColumn<QByteArray>("property");
    QTest::addColumn<bool>("legal");
    const auto add = [](const char *tag, Place place, const char *property, bool legal) {
        QTest::newRow(tag) << static_cast<int>(place) << hex(property) << legal;
    };
    add("payload format 0", InPublish, "0100", true);
    add("payload format 2", InPublish, "0102", false);
    add("payload format of a will 255", InWill, "01ff", false);
    add("request problem information 0", InConnect, "1700", true);
    add("request problem information 2", InConnect, "1702", false);
    add("request response information 2", InConnect, "1902", false);
    add("receive maximum 0", InConnect, "210000", false);
    add("receive maximum 65535", InConnect, "21ffff", true);
    add("server's receive maximum 0", InConnack, "210000", false);
    add("maximum packet size 0", InConnect, "2700000000", false);
    add("server's maximum packet size 0", InConnack, "2700000000", false);
    add("topic alias maximum 0", InConnect, "220000", true);
    add("session expiry 0", InConnect, "1100000000", true);
    add("maximum QoS 0", InConnack, "2400", true);
    add("maximum QoS 2", InConnack, "2402", false);
    add("retain available 2", InConnack, "2502", false);
    add("wildcard available 2", InConnack, "2802", false);
    add("identifier available 2", InConnack, "2902", false);
    add("shared available 2", InConnack, "2a02", false);
    add("server keep alive 0", InConnack, "130000", true);
    add("will delay 0", InWill, "1800000000", true);
    add("message expiry 0", InPublish, "0200000000", true);
    add("identifier 0", InSubscribe, "0b00", false);
    add("largest identifier", InSubscribe, "0bffffff7f", true);
}

void tst_CodecProperties::rejectsForbiddenValues()
{
    QFETCH(int, place);
    QFETCH(QByteArray, property);
    QFETCH(bool, legal);
    const auto outcome = runAt(static_cast<Place>(place), property);
    QCOMPARE(toText(outcome.error.kind),
             toText(legal ? ErrorKind::None : ErrorKind::BadPropertyValue));
    if (!legal) {
        QVERIFY(outcome.error.reason == ReasonCode::ProtocolError);
    }
}

void tst_CodecProperties::rejectsPropertiesCutAnywhere_data()
{
    QTest::addColumn<int>("place");
    QTest::addColumn<QByteArray>("property");
    for (const Known &known : kKnown) {
        for (int place = 0; place < PlaceCount; ++place) {
            if ((known.places & (1U << place)) != 0) {
                QTest::addRow("%s in %s", known.name, kPlaceNames[static_cast<std::size_t>(place)])
                    << place << hex(known.sample);
                break;
            }
        }
    }
}

void tst_CodecProperties::rejectsPropertiesCutAnywhere()
{
    QFETCH(int, place);
    QFETCH(QByteArray, property);
    for (int size = 1; size < property.size(); ++size) {
        const auto outcome = runAt(static_cast<Place>(place), property.left(size));
        QVERIFY(outcome.error.kind == ErrorKind::BadPropertyLength);
        QVERIFY(outcome.error.reason == ReasonCode::MalformedPacket);
    }
}

QTEST_APPLESS_MAIN(tst_CodecProperties)
#include "tst_codecproperties.moc"
