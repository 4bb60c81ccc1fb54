// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "wire.h"

#include <QTest>

using namespace fairlead::mqtt;
using namespace fairlead::mqtt::wire;

class tst_CodecSubscribe : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void judgesSubscribe_data();

    void judgesSubscribe() { checkRow(); }

    void judgesUnsubscribe_data();

    void judgesUnsubscribe() { checkRow(); }

    void judgesSuback_data();

    void judgesSuback() { checkRow(); }

    void acceptsTheOptionsOfTheVersion_data();
    void acceptsTheOptionsOfTheVersion();
    void visitsFiltersInOrder();
    void writesOldSubackFailures();
    void refusesToEncodeTheImpossible();
};

namespace {

QByteArray subscribe5(const QByteArray &properties, const QByteArray &filters)
{
    return packet(0x82, u16(10) + props(properties) + filters);
}

QByteArray subscribe311(const QByteArray &filters)
{
    return packet(0x82, u16(10) + filters);
}

QByteArray entry(const QByteArray &filter, unsigned options)
{
    return str(filter) + QByteArray(1, static_cast<char>(options));
}

} // namespace

void tst_CodecSubscribe::judgesSubscribe_data()
{
    using enum ErrorKind;
    columns();
    const ReasonCode protocol = ReasonCode::ProtocolError;
    good("5", kV5, subscribe5({}, entry("a", 0)));
    good("5 several", kV5, subscribe5(hex("0bffffff7f"), entry("a", 0x2E) + entry("+/#", 1)));
    good("5 shared", kV5, subscribe5({}, entry("$share/g/a", 2)));
    good("3.1.1", kV311, subscribe311(entry("a", 2) + entry("#", 0)));
    good("3.1.1 shared syntax means nothing", kV311, subscribe311(entry("$share//a", 2)));
    good("3.1 DUP and unused option bits", kV31, packet(0x8A, u16(10) + entry("a", 0xFD)));

    row("[MQTT-3.8.1-1] flags",
        kV5,
        packet(0x80, u16(1) + props({}) + entry("a", 0)),
        ReservedFlags);
    row("[MQTT311-3.8.1-1] flags", kV311, packet(0x8A, u16(1) + entry("a", 0)), ReservedFlags);
    row("[MQTT-2.2.1-3] packet id 0",
        kV5,
        packet(0x82, u16(0) + props({}) + entry("a", 0)),
        BadPacketId,
        protocol);
    row("[MQTT311-2.3.1-1] packet id 0",
        kV311,
        packet(0x82, u16(0) + entry("a", 0)),
        BadPacketId,
        protocol);
    row("[MQTT-3.8.3-2] no filters", kV5, subscribe5({}, {}), NoFilters, protocol);
    row("[MQTT311-3.8.3-3] no filters", kV311, subscribe311({}), NoFilters, protocol);
    row("[MQTT-3.8.3-1] ill-formed", kV5, subscribe5({}, entry("\xFF", 0)), BadUtf8);
    row("[MQTT311-3.8.3-1] ill-formed", kV311, subscribe311(entry("\xED\xBF\xBF", 0)), BadUtf8);
    row("[MQTT-4.7.3-1] empty filter", kV5, subscribe5({}, entry("", 0)), BadTopicFilter, protocol);
    row("[MQTT-4.7.1-1] misplaced hash", kV5, subscribe5({}, entry("#/a", 0)), BadTopicFilter);
    row("[MQTT311-4.7.1-3] misplaced plus", kV311, subscribe311(entry("a+", 0)), BadTopicFilter);
    row("second filter bad", kV5, subscribe5({}, entry("a", 0) + entry("b#", 0)), BadTopicFilter);
    row("[MQTT-4.8.2-1] share without name",
        kV5,
        subscribe5({}, entry("$share//a", 0)),
        BadTopicFilter);
    row("[MQTT-4.8.2-2] share without filter",
        kV5,
        subscribe5({}, entry("$share/g", 0)),
        BadTopicFilter);
    row("[MQTT-4.8.2-2] wildcard in share name",
        kV5,
        subscribe5({}, entry("$share/+/a", 0)),
        BadTopicFilter);
    row("[MQTT-3.8.3-4] no-local on shared",
        kV5,
        subscribe5({}, entry("$share/g/a", 4)),
        BadSubscriptionOptions,
        protocol);
    row("options missing", kV5, subscribe5({}, str("a")), Truncated);
    row("filter cut", kV311, subscribe311(hex("000461")), Truncated);
    row("empty", kV5, packet(0x82, {}), Truncated);
    row("no property length", kV5, packet(0x82, u16(1)), Truncated);
    row("identifier 0", kV5, subscribe5(hex("0b00"), entry("a", 0)), BadPropertyValue, protocol);
    row("identifier too large", kV5, subscribe5(hex("0bffffffff7f"), entry("a", 0)), BadVarint);
    row("two identifiers",
        kV5,
        subscribe5(hex("0b010b02"), entry("a", 0)),
        DuplicateProperty,
        protocol);
}

void tst_CodecSubscribe::judgesUnsubscribe_data()
{
    using enum ErrorKind;
    columns();
    const ReasonCode protocol = ReasonCode::ProtocolError;
    good("5", kV5, packet(0xA2, u16(1) + props({}) + str("a") + str("$share/g/b")));
    good("5 user properties",
         kV5,
         packet(0xA2, u16(1) + props(hex("26000000002600000000")) + str("a")));
    good("3.1.1", kV311, packet(0xA2, u16(1) + str("a")));
    row("[MQTT-3.10.1-1] flags", kV5, packet(0xA0, u16(1) + props({}) + str("a")), ReservedFlags);
    row("[MQTT311-3.10.1-1] flags", kV311, packet(0xA3, u16(1) + str("a")), ReservedFlags);
    row("packet id 0", kV5, packet(0xA2, u16(0) + props({}) + str("a")), BadPacketId, protocol);
    row("[MQTT-3.10.3-1] ill-formed", kV5, packet(0xA2, u16(1) + props({}) + str("\x80")), BadUtf8);
    row("[MQTT-3.10.3-2] no filters", kV5, packet(0xA2, u16(1) + props({})), NoFilters, protocol);
    row("[MQTT311-3.10.3-2] no filters", kV311, packet(0xA2, u16(1)), NoFilters, protocol);
    row("empty filter", kV311, packet(0xA2, u16(1) + str("")), BadTopicFilter, protocol);
    row("misplaced wildcard", kV5, packet(0xA2, u16(1) + props({}) + str("a#")), BadTopicFilter);
    row("filter cut", kV5, packet(0xA2, u16(1) + props({}) + hex("000561")), Truncated);
    row("trailing octet", kV311, packet(0xA2, u16(1) + str("a") + "x"), Truncated);
    row("subscription identifier",
        kV5,
        packet(0xA2, u16(1) + props(hex("0b01")) + str("a")),
        ForbiddenProperty);
}

void tst_CodecSubscribe::judgesSuback_data()
{
    using enum ErrorKind;
    columns();
    const Sender server = Sender::Server;
    const ReasonCode protocol = ReasonCode::ProtocolError;
    const ReasonCode bad = ReasonCode::MalformedPacket;
    good("[MQTT-3.9.3-2] all codes",
         kV5,
         packet(0x90, u16(1) + props({}) + hex("0001028083878f91979ea1a2")),
         server);
    good("[MQTT-3.11.3-2] all codes",
         kV5,
         packet(0xB0, u16(1) + props({}) + hex("00118083878f91")),
         server);
    good("[MQTT311-3.9.3-2] all codes", kV311, packet(0x90, u16(1) + hex("00010280")), server);
    good("3.1.1 UNSUBACK", kV311, packet(0xB0, u16(1)), server);
    row("[MQTT-3.9.3-2] SUBACK code",
        kV5,
        packet(0x90, u16(1) + props({}) + hex("0003")),
        BadReasonCode,
        protocol,
        server);
    row("[MQTT-3.11.3-2] UNSUBACK code",
        kV5,
        packet(0xB0, u16(1) + props({}) + hex("01")),
        BadReasonCode,
        protocol,
        server);
    row("[MQTT311-3.9.3-2] SUBACK code",
        kV311,
        packet(0x90, u16(1) + hex("81")),
        BadReasonCode,
        protocol,
        server);
    row("no codes", kV5, packet(0x90, u16(1) + props({})), NoFilters, protocol, server);
    row("no codes 3.1.1", kV311, packet(0x90, u16(1)), NoFilters, protocol, server);
    row("UNSUBACK no codes", kV5, packet(0xB0, u16(1) + props({})), NoFilters, protocol, server);
    row("3.1.1 UNSUBACK with codes",
        kV311,
        packet(0xB0, u16(1) + hex("00")),
        TrailingBytes,
        bad,
        server);
    row("packet id 0",
        kV5,
        packet(0x90, u16(0) + props({}) + hex("00")),
        BadPacketId,
        protocol,
        server);
    row("empty", kV5, packet(0x90, {}), Truncated, bad, server);
    row("flags", kV5, packet(0x92, u16(1) + props({}) + hex("00")), ReservedFlags, bad, server);
}

void tst_CodecSubscribe::acceptsTheOptionsOfTheVersion_data()
{
    QTest::addColumn<int>("version");
    QTest::addColumn<int>("options");
    for (const Version version : {kV311, kV5}) {
        for (int options = 0; options < 256; ++options) {
            QTest::addRow("[MQTT%s] %02x",
                          version == kV5 ? "-3.8.3-5" : "311-3.8.3-4",
                          static_cast<unsigned>(options))
                << static_cast<int>(version) << options;
        }
    }
}

void tst_CodecSubscribe::acceptsTheOptionsOfTheVersion()
{
    QFETCH(int, version);
    QFETCH(int, options);
    const auto dialect = static_cast<Version>(version);
    const bool qosFits = (options & 3) != 3;
    const bool legal = qosFits
        && (dialect == kV5 ? (options & 0xC0) == 0 && (options & 0x30) != 0x30 : options < 4);
    const QByteArray filters = entry("a", static_cast<unsigned>(options));
    const QByteArray input = dialect == kV5 ? subscribe5({}, filters) : subscribe311(filters);
    const auto outcome = driver::run(view(input), dialect, Sender::Client);
    QCOMPARE(!outcome.error, legal);
    if (legal) {
        QVERIFY(outcome.again == view(input));
        return;
    }
    QVERIFY(outcome.error.kind == ErrorKind::BadSubscriptionOptions);
    const bool reservedSet = dialect == kV5 ? (options & 0xC0) != 0 : (options & 0xFC) != 0;
    QVERIFY(outcome.error.reason
            == (qosFits && reservedSet ? ReasonCode::MalformedPacket : ReasonCode::ProtocolError));
}

void tst_CodecSubscribe::visitsFiltersInOrder()
{
    const QByteArray input
        = subscribe5(hex("0b8001"), entry("b", 0x2D) + entry("a/+", 0x12) + entry("b", 0));
    Subscribe out;
    const auto header = peekFrame(view(input), kMaxPacketSize, kV5);
    QVERIFY(!decodeSubscribe(frameOf(view(input), header), kV5, out));
    QCOMPARE(out.packetId, std::uint16_t{10});
    QCOMPARE(out.subscriptionIdentifier, 128U);
    QCOMPARE(out.filterCount, 3U);
    SubscriptionCursor cursor(out, kV5);
    Subscription next;
    QVERIFY(cursor.next(next));
    QVERIFY(next.filter == "b" && next.qos == 1 && next.noLocal && next.retainAsPublished);
    QCOMPARE(next.retainHandling, std::uint8_t{2});
    QVERIFY(cursor.next(next));
    QVERIFY(next.filter == "a/+" && next.qos == 2 && !next.noLocal && !next.retainAsPublished);
    QCOMPARE(next.retainHandling, std::uint8_t{1});
    QVERIFY(cursor.next(next));
    QVERIFY(next.filter == "b" && next.qos == 0 && next.retainHandling == 0);
    QVERIFY(!cursor.next(next));
    QVERIFY(!cursor.next(next));

    const QByteArray away = packet(0xA2, u16(9) + props({}) + str("x") + str("y/#"));
    Unsubscribe unsubscribe;
    const auto awayHeader = peekFrame(view(away), kMaxPacketSize, kV5);
    QVERIFY(!decodeUnsubscribe(frameOf(view(away), awayHeader), kV5, unsubscribe));
    QCOMPARE(unsubscribe.filterCount, 2U);
    FilterCursor filters(unsubscribe);
    Bytes filter;
    QVERIFY(filters.next(filter) && filter == "x");
    QVERIFY(filters.next(filter) && filter == "y/#");
    QVERIFY(!filters.next(filter));
}

void tst_CodecSubscribe::writesOldSubackFailures()
{
    char memory[16];
    Writer out(memory);
    Suback packet;
    packet.packetId = 1;
    packet.codes = Bytes("\x01\x87\x8F", 3);
    QVERIFY(encode(out, packet, kV311));
    QCOMPARE(QByteArray(memory, static_cast<int>(out.size())), hex("90050001018080"));
}

void tst_CodecSubscribe::refusesToEncodeTheImpossible()
{
    char memory[64];
    const auto filterFails = [&memory](const Subscription &subscription) {
        Writer out(memory);
        writeSubscription(out, subscription, kV5);
        return out.failed() && out.size() == 0;
    };
    QVERIFY(!filterFails({"a", 2, false, false, 2}));
    QVERIFY(filterFails({"", 0, false, false, 0}));
    QVERIFY(filterFails({"a", 3, false, false, 0}));
    QVERIFY(filterFails({"a", 0, false, false, 3}));
    QVERIFY(filterFails({Bytes(memory, 62), 0, false, false, 0}));
    Subscribe none;
    none.packetId = 1;
    QCOMPARE(encodedSize(none, kV5), std::size_t{0}); // [MQTT-3.8.3-2]
    Subscribe tooLarge;
    tooLarge.packetId = 1;
    tooLarge.filters = Bytes("\0\1a\0", 4);
    tooLarge.subscriptionIdentifier = kMaxSubscriptionIdentifier + 1;
    QCOMPARE(encodedSize(tooLarge, kV5), std::size_t{0});
    Unsubscribe away;
    away.filters = "x";
    QCOMPARE(encodedSize(away, kV311), std::size_t{0}); // [MQTT-2.2.1-3]
    Suback mute;
    mute.packetId = 1;
    QCOMPARE(encodedSize(mute, kV5), std::size_t{0});
    mute.type = PacketType::Unsuback;
    QCOMPARE(encodedSize(mute, kV5), std::size_t{0});
    QCOMPARE(encodedSize(mute, kV311), std::size_t{4});
}

QTEST_APPLESS_MAIN(tst_CodecSubscribe)
#include "tst_codecsubscribe.moc"
