// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "output/jsonmessage.h"
#include "output/jsontext.h"
#include "sample.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>

using namespace fairlead::cli;

/// %j, %J, --output and what stands behind them.
class tst_CliJson : public QObject
{
    Q_OBJECT

    static Moment moment() { return Moment::at(1'588'801'920, 123'456'789); }

private Q_SLOTS:
    void initTestCase();
    void quotesText_data();
    void quotesText();
    void laysJsonOutAnew_data();
    void laysJsonOutAnew();
    void refusesWhatIsNotJson_data();
    void refusesWhatIsNotJson();
    void boundsTheDepth();
    void printsAMessageAsMosquittoDoes();
    void embedsAJsonPayload();
    void losesNothingInARecord();
    void tellsTheOrigin();
};

void tst_CliJson::initTestCase()
{
    qputenv("TZ", "UTC-2");
    tzset();
}

void tst_CliJson::quotesText_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("expected");
    QTest::newRow("plain") << QByteArray("a\xC3\xA9") << QByteArray("\"a\xC3\xA9\"");
    QTest::newRow("quotes") << QByteArray("\"\\/") << QByteArray("\"\\\"\\\\/\"");
    QTest::newRow("control") << QByteArray("\n\t\x01\x7f", 4)
                             << QByteArray("\"\\n\\t\\u0001\x7f\"");
    QTest::newRow("zero") << QByteArray("a\0b", 3) << QByteArray("\"a\\u0000b\"");
    QTest::newRow("not UTF-8") << QByteArray("a\xff") << QByteArray("\"a\xEF\xBF\xBD\"");
}

void tst_CliJson::quotesText()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, expected);
    QByteArray out;
    appendJsonString(out, view(text));
    QCOMPARE(out, expected);
}

void tst_CliJson::laysJsonOutAnew_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("compact");
    QTest::addColumn<QByteArray>("indented");
    const auto row
        = [](const char *tag, const char *text, const char *compact, const char *indented) {
              QTest::newRow(tag) << QByteArray(text) << QByteArray(compact) << QByteArray(indented);
          };
    row("number", " -1.50E+10 ", "-1.50E+10", "-1.50E+10");
    row("words", "[ true , false,null ]", "[true,false,null]", "[\n  true,\n  false,\n  null\n]");
    row("empty", "[ {} , [ ] ]", "[{},[]]", "[\n  {},\n  []\n]");
    row("object",
        "{\"b\" : 1, \"a\":{\"x\":[1,2]}}",
        "{\"b\":1,\"a\":{\"x\":[1,2]}}",
        "{\n  \"b\": 1,\n  \"a\": {\n    \"x\": [\n      1,\n      2\n    ]\n  }\n}");
    row("string", "\"\\u00e9\\\"\"", "\"\\u00e9\\\"\"", "\"\\u00e9\\\"\"");
    row("names twice", "{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}", "{\n  \"a\": 1,\n  \"a\": 2\n}");
}

void tst_CliJson::laysJsonOutAnew()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, compact);
    QFETCH(QByteArray, indented);
    QCOMPARE(reformatJson(view(text), JsonLayout::Compact).value_or("refused"), compact);
    QCOMPARE(reformatJson(view(text), JsonLayout::Indented).value_or("refused"), indented);
}

void tst_CliJson::refusesWhatIsNotJson_data()
{
    QTest::addColumn<QByteArray>("text");
    for (const char *text :
         {"",       " ",          "x",       "{",         "[1,]",  "{\"a\"}", "{\"a\":}",
          "{a:1}",  "{\"a\":1,}", "01",      "1.",        "-",     ".5",      "1e",
          "tru",    "\"a",        "\"\\x\"", "\"\\u12\"", "[1 2]", "1 2",     "[1]]",
          "\"\n\"", "\"\xff\"",   "]",       "{]",        ","}) {
        QTest::newRow(text) << QByteArray(text);
    }
    QTest::newRow("zero in a string") << QByteArray("\"\0\"", 3);
}

void tst_CliJson::refusesWhatIsNotJson()
{
    QFETCH(QByteArray, text);
    QVERIFY(!reformatJson(view(text), JsonLayout::Compact).has_value());
}

void tst_CliJson::boundsTheDepth()
{
    const QByteArray deep = QByteArray(499, '[') + '1' + QByteArray(499, ']');
    QCOMPARE(reformatJson(view(deep), JsonLayout::Compact).value_or("refused"), deep);
    const QByteArray tooDeep = QByteArray(100'000, '[') + '1' + QByteArray(100'000, ']');
    QVERIFY(!reformatJson(view(tooDeep), JsonLayout::Compact).has_value());
}

void tst_CliJson::printsAMessageAsMosquittoDoes()
{
    QCOMPARE(
        jsonWithText(sampleMessage(), moment()),
        QByteArray("{\"tst\":\"2020-05-06T23:52:00.123456+0200\",\"topic\":\"a/b\",\"qos\":1,"
                   "\"retain\":1,\"payloadlen\":6,\"mid\":42,\"properties\":{"
                   "\"subscription-identifier\":7,\"content-type\":\"text/plain\","
                   "\"correlation-data\":\"co\",\"user-properties\":{\"k\":\"v1\",\"k\":\"v2\"},"
                   "\"payload-format-indicator\":1,\"response-topic\":\"re\","
                   "\"message-expiry-interval\":77,\"topic-alias\":3},"
                   "\"payload\":\"h\xC3\xA9llo\"}"));
    IncomingMessage plain;
    plain.topic = "t";
    QCOMPARE(jsonWithText(plain, moment()),
             QByteArray("{\"tst\":\"2020-05-06T23:52:00.123456+0200\",\"topic\":\"t\",\"qos\":0,"
                        "\"retain\":0,\"payloadlen\":0,\"payload\":null}"));
}

void tst_CliJson::embedsAJsonPayload()
{
    IncomingMessage message;
    message.topic = "t";
    message.payload = " { \"a\" : 1.50 } ";
    const QByteArray out = jsonWithJson(message, moment()).value_or("refused");
    QVERIFY2(out.endsWith("\"payload\":{\"a\":1.50}}"), out.constData());
    message.payload = "nonsense";
    QVERIFY(!jsonWithJson(message, moment()).has_value());
    message.payload.clear();
    QVERIFY(jsonWithJson(message, moment()).value_or("refused").endsWith("\"payload\":null}"));
}

void tst_CliJson::losesNothingInARecord()
{
    IncomingMessage message = sampleMessage();
    message.payload = QByteArray("\xff\x00", 2);
    const QByteArray out = jsonRecord(message, moment(), false);
    QVERIFY2(out.contains("\"user-properties\":[[\"k\",\"v1\"],[\"k\",\"v2\"]]"), out.constData());
    const QJsonObject object = QJsonDocument::fromJson(out).object();
    QCOMPARE(object.value(QLatin1String("payload_base64")).toString(), QStringLiteral("/wA="));
    QVERIFY(!object.contains(QLatin1String("payload")));
    QCOMPARE(object.value(QLatin1String("retain")), QJsonValue(true));
    message.payload = "text";
    QVERIFY(jsonRecord(message, moment(), false).contains("\"payload\":\"text\""));
}

void tst_CliJson::tellsTheOrigin()
{
    using namespace fairlead::mqtt;
    IncomingMessage message;
    QCOMPARE(originOf(message), QByteArray());
    QVERIFY(jsonRecord(message, moment(), true).contains("\"origin\":null"));
    char memory[128];
    Writer writer(memory);
    writeUserProperty(writer, "origin", "gateway");
    message.properties = copyOf(writer.bytes());
    QCOMPARE(originOf(message), QByteArray("gateway"));
    writeUserProperty(writer, "stream-epoch", "3");
    writeUserProperty(writer, "stream-seq", "99");
    message.properties = copyOf(writer.bytes());
    QCOMPARE(originOf(message), QByteArray("gateway@3:99"));
    QVERIFY(jsonRecord(message, moment(), true).contains("\"origin\":\"gateway@3:99\""));
    QVERIFY(!jsonRecord(message, moment(), false).contains("\"origin\":\"gateway"));
}

QTEST_APPLESS_MAIN(tst_CliJson)
#include "tst_clijson.moc"
