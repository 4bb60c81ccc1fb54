// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include <QtTest/QTest>

#include <fairlead/properties.h>

using namespace fairlead;

class tst_SdkProperties : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void writtenBlockHasTheEncodingOfMqtt();
    void readerReturnsEntriesInOrder();
    void userPropertiesRepeatAndKeepTheirOrder();
    void writerRefuses_data();
    void writerRefuses();
    void malformedBlockEndsTheReading_data();
    void malformedBlockEndsTheReading();
    void everyPrefixIsSafe();
};

namespace {

constexpr PropertyId kText = PropertyId::ContentType;

ByteSpan span(const QByteArray &bytes)
{
    return {bytes.constData(), std::size_t(bytes.size())};
}

} // namespace

void tst_SdkProperties::writtenBlockHasTheEncodingOfMqtt()
{
    PropertyWriter writer;
    QVERIFY(writer.append(PropertyId::PayloadFormat, ByteSpan("\1", 1)));
    QVERIFY(writer.append(PropertyId::ContentType, "a/b"));
    QVERIFY(writer.append(PropertyId::CorrelationData, ByteSpan("\0\xFF", 2)));
    QVERIFY(writer.appendUserProperty("k", ""));
    QCOMPARE(copyOf(writer.block()).toHex(),
             QByteArray("0101"
                        "030003612f62"
                        "09000200ff"
                        "2600016b0000"));
}

void tst_SdkProperties::readerReturnsEntriesInOrder()
{
    PropertyWriter writer;
    QVERIFY(writer.append(PropertyId::ResponseTopic, "r/t"));
    QVERIFY(writer.append(PropertyId::PayloadFormat, ByteSpan("\0", 1)));
    QVERIFY(writer.appendUserProperty("n", "v"));

    PropertyReader reader(writer.block());
    Property property;
    QVERIFY(reader.next(&property));
    QCOMPARE(property.id, PropertyId::ResponseTopic);
    QCOMPARE(property.value, ByteSpan("r/t"));
    QVERIFY(property.name.empty());
    QVERIFY(reader.next(&property));
    QCOMPARE(property.id, PropertyId::PayloadFormat);
    QCOMPARE(property.value, ByteSpan("\0", 1));
    QVERIFY(reader.next(&property));
    QCOMPARE(property.id, PropertyId::UserProperty);
    QCOMPARE(property.name, ByteSpan("n"));
    QCOMPARE(property.value, ByteSpan("v"));
    QVERIFY(!reader.next(&property));
    QVERIFY(reader.isValid());
}

// [MQTT-3.3.2-18]
void tst_SdkProperties::userPropertiesRepeatAndKeepTheirOrder()
{
    PropertyWriter writer;
    for (int i = 0; i < 100; ++i)
        QVERIFY(writer.appendUserProperty("same", std::to_string(i)));
    PropertyReader reader(writer.block());
    Property property;
    for (int i = 0; i < 100; ++i) {
        QVERIFY(reader.next(&property));
        QCOMPARE(property.name, ByteSpan("same"));
        QCOMPARE(copyOf(property.value), QByteArray::number(i));
    }
    QVERIFY(!reader.next(&property));
}

void tst_SdkProperties::writerRefuses_data()
{
    QTest::addColumn<int>("id");
    QTest::addColumn<QByteArray>("value");
    QTest::newRow("a format of two bytes") << int(PropertyId::PayloadFormat) << QByteArray("\1\1");
    QTest::newRow("no format") << int(PropertyId::PayloadFormat) << QByteArray();
    QTest::newRow("format 2") << int(PropertyId::PayloadFormat) << QByteArray("\2");
    QTest::newRow("too long") << int(kText) << QByteArray(65536, 'x');
    QTest::newRow("data too long") << int(PropertyId::CorrelationData) << QByteArray(65536, 'x');
    QTest::newRow("no utf-8") << int(kText) << QByteArray("\xC0\x80");
    QTest::newRow("nul") << int(kText) << QByteArray("\0", 1);
    QTest::newRow("[MQTT-3.3.2-14] wildcard")
        << int(PropertyId::ResponseTopic) << QByteArray("a/+");
    QTest::newRow("empty response topic") << int(PropertyId::ResponseTopic) << QByteArray();
    QTest::newRow("user property by its id") << int(PropertyId::UserProperty) << QByteArray("x");
    QTest::newRow("unknown") << 0x7F << QByteArray("x");
}

void tst_SdkProperties::writerRefuses()
{
    QFETCH(const int, id);
    QFETCH(const QByteArray, value);
    PropertyWriter writer;
    QVERIFY(!writer.append(PropertyId(id), span(value)));
    QVERIFY(writer.block().empty());

    QVERIFY(!writer.appendUserProperty(span(QByteArray(65536, 'x')), "v"));
    QVERIFY(!writer.appendUserProperty("n", "\xFF"));
    QVERIFY(writer.append(kText, span(QByteArray(65535, 'x'))));
    QVERIFY(!writer.append(kText, "again"));
}

void tst_SdkProperties::malformedBlockEndsTheReading_data()
{
    QTest::addColumn<QByteArray>("block");
    QTest::newRow("unknown id") << QByteArray::fromHex("7f0000");
    QTest::newRow("an id of a hop") << QByteArray::fromHex("0200000001");
    QTest::newRow("format without its byte") << QByteArray::fromHex("01");
    QTest::newRow("length cut") << QByteArray::fromHex("0300");
    QTest::newRow("value cut") << QByteArray::fromHex("03000361");
    QTest::newRow("user value missing") << QByteArray::fromHex("2600016b");
    QTest::newRow("user name cut") << QByteArray::fromHex("26ffff6b");
}

void tst_SdkProperties::malformedBlockEndsTheReading()
{
    QFETCH(const QByteArray, block);
    const QByteArray good = QByteArray::fromHex("0101");
    const QByteArray whole = good + block;
    PropertyReader reader(span(whole));
    Property property;
    QVERIFY(reader.next(&property));
    QVERIFY(!reader.next(&property));
    QVERIFY(!reader.isValid());
    QVERIFY(!reader.next(&property));
    QCOMPARE(property.id, PropertyId::PayloadFormat);
}

void tst_SdkProperties::everyPrefixIsSafe()
{
    PropertyWriter writer;
    QVERIFY(writer.append(PropertyId::ContentType, "text"));
    QVERIFY(writer.appendUserProperty("name", "value"));
    QVERIFY(writer.append(PropertyId::PayloadFormat, ByteSpan("\1", 1)));
    const ByteSpan block = writer.block();
    int whole = 0;
    for (std::size_t size = 0; size <= block.size(); ++size) {
        // A copy of its own, so that a read past the end is seen by a sanitizer.
        const std::vector<char> copy(block.begin(), block.begin() + qptrdiff(size));
        PropertyReader reader(ByteSpan(copy.data(), copy.size()));
        Property property;
        while (reader.next(&property)) { }
        whole += reader.isValid() ? 1 : 0;
    }
    QCOMPARE(whole, 4); // nothing, and after each of the three entries
}

QTEST_APPLESS_MAIN(tst_SdkProperties)

#include "tst_sdkproperties.moc"
