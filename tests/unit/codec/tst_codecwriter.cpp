// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "wire.h"

#include <QTest>

#include <array>

using namespace fairlead::mqtt;
using namespace fairlead::mqtt::wire;

class tst_CodecWriter : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void iteratesInOrder();
    void iterationStopsAtGarbage();
    void writesEachType();
    void writerNeverOverflows();
};

// [MQTT-3.3.2-18]
void tst_CodecWriter::iteratesInOrder()
{
    const QByteArray raw = hex("260001620001310101"
                               "020000003c"
                               "0b8001"
                               "230005"
                               "0900020001");
    const PropertyBlock block(view(raw), maskOf(PropertyId::UserProperty));
    auto it = block.begin();
    QVERIFY(it->id == PropertyId::UserProperty && it->name == "b" && it->value == "1");
    QCOMPARE(it->raw.size(), std::size_t{7});
    ++it;
    QVERIFY(it->id == PropertyId::PayloadFormatIndicator && it->number == 1);
    ++it;
    QVERIFY(it->id == PropertyId::MessageExpiryInterval && it->number == 60);
    ++it;
    QVERIFY(it->id == PropertyId::SubscriptionIdentifier && it->number == 128);
    ++it;
    QVERIFY(it->id == PropertyId::TopicAlias && it->number == 5);
    ++it;
    QVERIFY(it->id == PropertyId::CorrelationData && it->value == Bytes("\0\1", 2));
    ++it;
    QVERIFY(it == block.end());
    QVERIFY(PropertyBlock().begin() == PropertyBlock::end());
}

void tst_CodecWriter::iterationStopsAtGarbage()
{
    for (const char *digits :
         {"01010000", "010101", "0101 26000561", "0101 0bffffffffff", "0101 ff"}) {
        const QByteArray raw = hex(digits);
        int count = 0;
        for (const Property &property : PropertyBlock(view(raw), 0)) {
            QVERIFY(property.id == PropertyId::PayloadFormatIndicator);
            ++count;
        }
        QCOMPARE(count, 1);
    }
}

void tst_CodecWriter::writesEachType()
{
    char memory[64];
    Writer out(memory);
    writeProperty(out, PropertyId::PayloadFormatIndicator, 1U);
    writeProperty(out, PropertyId::TopicAlias, 0x0102U);
    writeProperty(out, PropertyId::MessageExpiryInterval, 0x01020304U);
    writeProperty(out, PropertyId::SubscriptionIdentifier, 128U);
    writeProperty(out, PropertyId::ContentType, "t");
    writeProperty(out, PropertyId::CorrelationData, Bytes("\0", 1));
    writeUserProperty(out, "a", "");
    QVERIFY(!out.failed());
    QCOMPARE(QByteArray(memory, static_cast<int>(out.size())),
             hex("0101"
                 "230102"
                 "0201020304"
                 "0b8001"
                 "03000174"
                 "09000100"
                 "260001610000"));
    const auto fails = [&memory](PropertyId id, auto value) {
        Writer narrow(memory);
        writeProperty(narrow, id, value);
        return narrow.failed() && narrow.size() == 0;
    };
    QVERIFY(fails(PropertyId::PayloadFormatIndicator, 256U));
    QVERIFY(fails(PropertyId::TopicAlias, 65536U));
    QVERIFY(fails(PropertyId::SubscriptionIdentifier, kMaxSubscriptionIdentifier + 1));
    QVERIFY(fails(PropertyId::ContentType, 1U));
    QVERIFY(fails(PropertyId::UserProperty, 1U));
    QVERIFY(fails(PropertyId::TopicAlias, Bytes("x")));
    QVERIFY(fails(PropertyId::UserProperty, Bytes("x")));
    QVERIFY(fails(static_cast<PropertyId>(0), 1U));
    QVERIFY(fails(static_cast<PropertyId>(0x2B), 1U));
    const std::string longText(65536, 'x');
    QVERIFY(fails(PropertyId::ContentType, Bytes(longText)));
}

void tst_CodecWriter::writerNeverOverflows()
{
    const QByteArray text(5, 'x');
    for (std::size_t room = 0; room < 12; ++room) {
        std::array<char, 16> memory{};
        memory.fill('\x5A');
        const auto untouched = [&memory, room] {
            for (std::size_t index = room; index < memory.size(); ++index) {
                if (memory[index] != '\x5A') {
                    return false;
                }
            }
            return true;
        };
        const auto check = [&](std::size_t size, auto write) {
            Writer out(memory.data(), room);
            write(out);
            return untouched() && out.failed() == (size > room)
                && out.size() == (size > room ? 0 : size);
        };
        QVERIFY(check(1, [](Writer &out) { out.u8(1); }));
        QVERIFY(check(2, [](Writer &out) { out.u16(1); }));
        QVERIFY(check(4, [](Writer &out) { out.u32(1); }));
        QVERIFY(check(3, [](Writer &out) { out.varint(16384); }));
        QVERIFY(check(5, [&](Writer &out) { out.raw(view(text)); }));
        QVERIFY(check(7, [&](Writer &out) { out.string(view(text)); }));
        QVERIFY(check(
            8, [&](Writer &out) { writeProperty(out, PropertyId::ContentType, view(text)); }));
        QVERIFY(check(11, [&](Writer &out) { writeUserProperty(out, view(text), "y"); }));
    }
    char memory[4];
    Writer out(memory);
    out.u32(1);
    out.u8(1);
    QVERIFY(out.failed());
    QCOMPARE(out.room(), std::size_t{0});
    QCOMPARE(out.size(), std::size_t{4});
    Writer wide(memory);
    wide.varint(kMaxRemainingLength + 1);
    QVERIFY(wide.failed());
}

QTEST_APPLESS_MAIN(tst_CodecWriter)
#include "tst_codecwriter.moc"
