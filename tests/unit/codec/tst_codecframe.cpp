// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "samples.h"
#include "wire.h"

#include <QTest>

#include <set>

using namespace fairlead::mqtt;
using namespace fairlead::mqtt::wire;

class tst_CodecFrame : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void peeksAtHeaders_data();
    void peeksAtHeaders();
    void rejectsBadFlags_data();
    void rejectsBadFlags();
    void ignoresFlagsInMqtt31();
    void wantsTheWholePacket();
    void judgesSizeByTheLengthField();
    void toleratesPaddedLengthBeforeMqtt5();
    void namesEveryValue();
    void knowsWhoSendsWhat();
    void allowsTheReasonCodesOfEachPacket();
    void translatesReturnCodes();
};

void tst_CodecFrame::peeksAtHeaders_data()
{
    QTest::addColumn<QByteArray>("input");
    QTest::addColumn<int>("status");
    QTest::addColumn<int>("headerSize");
    QTest::addColumn<quint32>("totalSize");
    const auto add
        = [](const char *tag, const char *digits, FrameStatus status, int header, quint32 total) {
              QTest::newRow(tag) << hex(digits) << static_cast<int>(status) << header << total;
          };
    add("empty", "", FrameStatus::NeedMore, 0, 0);
    add("first octet", "30", FrameStatus::NeedMore, 0, 0);
    add("open length 1", "3080", FrameStatus::NeedMore, 0, 0);
    add("open length 3", "30808080", FrameStatus::NeedMore, 0, 0);
    add("empty body", "c000", FrameStatus::Complete, 2, 2);
    add("more follows", "c000c000", FrameStatus::Complete, 2, 2);
    add("body missing", "3005", FrameStatus::NeedMore, 2, 7);
    add("body short", "300500017800", FrameStatus::NeedMore, 2, 7);
    add("127", "307f", FrameStatus::NeedMore, 2, 129);
    add("128", "308001", FrameStatus::NeedMore, 3, 131);
    add("16383", "30ff7f", FrameStatus::NeedMore, 3, 16386);
    add("16384", "30808001", FrameStatus::NeedMore, 4, 16388);
    add("2097151", "30ffff7f", FrameStatus::NeedMore, 4, 2097155);
    add("2097152", "3080808001", FrameStatus::NeedMore, 5, 2097157);
    add("largest", "30ffffff7f", FrameStatus::NeedMore, 5, kMaxPacketSize);
    add("[MQTT-1.5.5-1] five octets", "3080808080", FrameStatus::Malformed, 0, 0);
    add("[MQTT-1.5.5-1] five octets, complete", "308080808001", FrameStatus::Malformed, 0, 0);
    add("[MQTT-1.5.5-1] padded zero", "c08000", FrameStatus::Malformed, 3, 3);
    add("[MQTT-1.5.5-1] padded one", "3081808000", FrameStatus::Malformed, 5, 6);
}

void tst_CodecFrame::peeksAtHeaders()
{
    QFETCH(QByteArray, input);
    QFETCH(int, status);
    QFETCH(int, headerSize);
    QFETCH(quint32, totalSize);
    const FrameHeader header = peekFrame(view(input), kMaxPacketSize, kV5);
    QCOMPARE(static_cast<int>(header.status), status);
    QCOMPARE(static_cast<int>(header.headerSize), headerSize);
    QCOMPARE(header.totalSize, totalSize);
    QCOMPARE(static_cast<bool>(header.error), header.status == FrameStatus::Malformed);
    if (header.error) {
        QVERIFY(header.error.kind == ErrorKind::BadVarint);
        QVERIFY(header.error.reason == ReasonCode::MalformedPacket);
    }
}

// [MQTT-2.1.3-1] [MQTT311-2.2.2-1] [MQTT311-2.2.2-2] [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1]
// [MQTT-3.14.1-1] [MQTT-3.15.1-1] [MQTT-3.3.1-2] [MQTT-3.3.1-4] [MQTT311-3.3.1-2] [MQTT311-3.3.1-4]
void tst_CodecFrame::rejectsBadFlags_data()
{
    QTest::addColumn<int>("version");
    QTest::addColumn<int>("type");
    QTest::addColumn<int>("flags");
    for (const Version version : {Version::V311, Version::V5}) {
        for (int type = 0; type < 16; ++type) {
            for (int flags = 0; flags < 16; ++flags) {
                QTest::addRow("%d-%s-%x",
                              static_cast<int>(version),
                              toText(static_cast<PacketType>(type)),
                              static_cast<unsigned>(flags))
                    << static_cast<int>(version) << type << flags;
            }
        }
    }
}

void tst_CodecFrame::rejectsBadFlags()
{
    QFETCH(int, version);
    QFETCH(int, type);
    QFETCH(int, flags);
    ErrorKind expected = ErrorKind::None;
    if (type == 3) {
        if ((flags & 6) == 6) {
            expected = ErrorKind::BadQos;
        } else if (flags == 8 || flags == 9) {
            expected = ErrorKind::BadDup;
        }
    } else if (type == 0 || (type == 15 && version < 5)) {
        expected = ErrorKind::BadPacketType;
    } else if (flags != (type == 6 || type == 8 || type == 10 ? 2 : 0)) {
        expected = ErrorKind::ReservedFlags;
    }
    // The first octet alone is enough for the verdict.
    const QByteArray input(1, static_cast<char>((type << 4) | flags));
    const FrameHeader header
        = peekFrame(view(input), kMaxPacketSize, static_cast<Version>(version));
    QCOMPARE(toText(header.error.kind), toText(expected));
    QVERIFY(header.status
            == (expected == ErrorKind::None ? FrameStatus::NeedMore : FrameStatus::Malformed));
}

void tst_CodecFrame::ignoresFlagsInMqtt31()
{
    const auto peek = [](const char *digits) { return peekFrame(view(hex(digits)), 100, kV31); };
    QVERIFY(peek("8a00").status == FrameStatus::Complete);
    QVERIFY(peek("6a00").status == FrameStatus::Complete);
    QVERIFY(peek("c100").status == FrameStatus::Complete);
    QVERIFY(peek("3800").status == FrameStatus::Complete);
    QVERIFY(peek("3600").error.kind == ErrorKind::BadQos);
    QVERIFY(peek("f000").error.kind == ErrorKind::BadPacketType);
}

void tst_CodecFrame::wantsTheWholePacket()
{
    for (const auto &sample : samples::all()) {
        for (std::size_t size = 0; size < sample.packet.size(); ++size) {
            // A copy of exactly that size, so that a sanitizer sees the first octet read beyond it.
            const std::string part(sample.packet, 0, size);
            const auto header = peekFrame(part, kMaxPacketSize, sample.version);
            QVERIFY2(header.status == FrameStatus::NeedMore, sample.name.c_str());
        }
        const auto header = peekFrame(sample.packet, kMaxPacketSize, sample.version);
        QVERIFY2(header.status == FrameStatus::Complete, sample.name.c_str());
        QCOMPARE(std::size_t{header.totalSize}, sample.packet.size());
    }
}

void tst_CodecFrame::judgesSizeByTheLengthField()
{
    const QByteArray input = hex("308001"); // 131 octets announced, three of them here
    QVERIFY(peekFrame(view(input), 131, kV5).status == FrameStatus::NeedMore);
    const FrameHeader header = peekFrame(view(input), 130, kV5);
    QVERIFY(header.status == FrameStatus::TooLarge);
    QVERIFY(header.error.kind == ErrorKind::PacketTooLarge);
    QVERIFY(header.error.reason == ReasonCode::PacketTooLarge);
    QCOMPARE(header.totalSize, 131U);
}

void tst_CodecFrame::toleratesPaddedLengthBeforeMqtt5()
{
    const QByteArray input = hex("c08000");
    for (const Version version : {Version::Unknown, Version::V31, Version::V311}) {
        const auto header = peekFrame(view(hex("108000")), 100, version);
        QVERIFY(header.status == FrameStatus::Complete);
        QVERIFY(header.paddedLength);
        QCOMPARE(header.totalSize, 3U);
    }
    QVERIFY(peekFrame(view(input), 100, kV5).status == FrameStatus::Malformed);
}

void tst_CodecFrame::namesEveryValue()
{
    std::set<std::string> kinds;
    for (std::size_t kind = 0; kind < kErrorKindCount; ++kind) {
        kinds.insert(toText(static_cast<ErrorKind>(kind)));
    }
    QCOMPARE(kinds.size(), kErrorKindCount);
    QCOMPARE(toText(static_cast<ErrorKind>(kErrorKindCount)), "unknown");
    int known = 0;
    for (int code = 0; code < 256; ++code) {
        known += qstrcmp(toText(static_cast<ReasonCode>(code)), "unknown reason") != 0 ? 1 : 0;
    }
    QCOMPARE(known, 43);
    QCOMPARE(toText(ReasonCode::SessionTakenOver), "session taken over");
    QCOMPARE(toText(PacketType::Unsuback), "UNSUBACK");
    QCOMPARE(toText(ConnectReturnCode::IdentifierRejected), "client identifier rejected");
    QCOMPARE(toText(static_cast<ConnectReturnCode>(6)), "unknown return code");
}

void tst_CodecFrame::knowsWhoSendsWhat()
{
    int client = 0;
    int server = 0;
    for (int type = 0; type < 16; ++type) {
        client += maySend(Sender::Client, static_cast<PacketType>(type), kV5) ? 1 : 0;
        server += maySend(Sender::Server, static_cast<PacketType>(type), kV5) ? 1 : 0;
    }
    QCOMPARE(client, 11);
    QCOMPARE(server, 11);
    QVERIFY(!maySend(Sender::Client, PacketType::Auth, kV311));
    QVERIFY(!maySend(Sender::Server, PacketType::Disconnect, kV311));
    QVERIFY(maySend(Sender::Client, PacketType::Disconnect, kV31));
    QVERIFY(!maySend(Sender::Server, PacketType::Connect, kV5));
    QVERIFY(!maySend(Sender::Client, PacketType::Pingresp, kV5));
}

// [MQTT-3.2.2-8] [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1] [MQTT-3.9.3-2]
// [MQTT-3.11.3-2] [MQTT-3.14.2-1] [MQTT-3.15.2-1]
void tst_CodecFrame::allowsTheReasonCodesOfEachPacket()
{
    const auto count = [](PacketType type, Sender sender) {
        int allowed = 0;
        for (int code = 0; code < 256; ++code) {
            allowed += isAllowed(static_cast<ReasonCode>(code), type, sender) ? 1 : 0;
        }
        return allowed;
    };
    QCOMPARE(count(PacketType::Connack, Sender::Server), 22);
    QCOMPARE(count(PacketType::Puback, Sender::Client), 9);
    QCOMPARE(count(PacketType::Pubrec, Sender::Server), 9);
    QCOMPARE(count(PacketType::Pubrel, Sender::Client), 2);
    QCOMPARE(count(PacketType::Pubcomp, Sender::Server), 2);
    QCOMPARE(count(PacketType::Suback, Sender::Server), 12);
    QCOMPARE(count(PacketType::Unsuback, Sender::Server), 7);
    QCOMPARE(count(PacketType::Disconnect, Sender::Client), 14);
    QCOMPARE(count(PacketType::Disconnect, Sender::Server), 29);
    QCOMPARE(count(PacketType::Auth, Sender::Client), 2);
    QCOMPARE(count(PacketType::Auth, Sender::Server), 2);
    QCOMPARE(count(PacketType::Publish, Sender::Server), 0);
}

void tst_CodecFrame::translatesReturnCodes()
{
    for (int code = 0; code < 6; ++code) {
        const auto returned = static_cast<ConnectReturnCode>(code);
        QVERIFY(toReturnCode(toReasonCode(returned)) == returned);
    }
    QVERIFY(toReturnCode(ReasonCode::ServerBusy) == ConnectReturnCode::ServerUnavailable);
    QVERIFY(toReturnCode(ReasonCode::Banned) == ConnectReturnCode::NotAuthorized);
    QVERIFY(!toReturnCode(ReasonCode::MalformedPacket));
    QVERIFY(toReasonCode(static_cast<ConnectReturnCode>(9)) == ReasonCode::UnspecifiedError);
}

QTEST_APPLESS_MAIN(tst_CodecFrame)
#include "tst_codecframe.moc"
