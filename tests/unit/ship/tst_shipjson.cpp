// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "protocol/jsontext.h"
#include "protocol/jsontree.h"

#include <QTest>

using namespace fairlead::ship;

class tst_ShipJson : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void acceptsWhatIsJson_data();
    void acceptsWhatIsJson();
    void refusesWhatIsNot_data();
    void refusesWhatIsNot();
    void walksMembersInOrder();
    void keepsTheSpellingOfNumbers();
    void resolvesEscapes_data();
    void resolvesEscapes();
    void quotesWhatMustBe();
    void boundsSizeDepthAndCount();
    void depthCostsNoStack();
};

void tst_ShipJson::acceptsWhatIsJson_data()
{
    QTest::addColumn<QByteArray>("text");
    const char *const texts[] = {"null",
                                 "true",
                                 "false",
                                 "0",
                                 "-0",
                                 "-12.50e+07",
                                 "1E5",
                                 "\"\"",
                                 "\"\\u00fc\\n\\/\"",
                                 "[]",
                                 "{}",
                                 "[[],{}]",
                                 "{\"a\":{\"b\":[1,\"2\",null]}}",
                                 " \t\r\n[ 1 , 2 ]\n",
                                 "{ \"a\" : 1 , \"a\" : 2 }",
                                 "\xEF\xBB\xBF{}",
                                 "\"\xC3\xBC \xF0\x9F\x94\x8C\""};
    for (const char *text : texts)
        QTest::newRow(text) << QByteArray(text);
}

void tst_ShipJson::acceptsWhatIsJson()
{
    QFETCH(QByteArray, text);
    JsonTree tree;
    const JsonError error = tree.parse(viewOf(text));
    QVERIFY2(!error, toText(error.kind));
    QVERIFY(!tree.root().isNull());
}

void tst_ShipJson::refusesWhatIsNot_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("kind");
    QTest::addColumn<int>("offset");
    const auto row = [](const QByteArray &text, JsonErrorKind kind, int offset) {
        QTest::newRow(text.constData()) << text << int(kind) << offset;
    };
    using enum JsonErrorKind;
    row("", UnexpectedEnd, 0);
    row(" ", UnexpectedEnd, 1);
    row("[", UnexpectedEnd, 1);
    row("[1", UnexpectedEnd, 2);
    row("[1,", UnexpectedEnd, 3);
    row("{\"a\"", UnexpectedEnd, 4);
    row("{\"a\":", UnexpectedEnd, 5);
    row("\"a", UnexpectedEnd, 2);
    row("\"\\", UnexpectedEnd, 2);
    row("\"\\u00", UnexpectedEnd, 5);
    row("tru", UnexpectedEnd, 3);
    row("-", UnexpectedEnd, 1);
    row("1.", UnexpectedEnd, 2);
    row("1e", UnexpectedEnd, 2);
    row("[1,]", UnexpectedCharacter, 3);
    row("[,1]", UnexpectedCharacter, 1);
    row("[1 2]", UnexpectedCharacter, 3);
    row("[1}", UnexpectedCharacter, 2);
    row("{\"a\":1]", UnexpectedCharacter, 6);
    row("{1:2}", UnexpectedCharacter, 1);
    row("{\"a\" 1}", UnexpectedCharacter, 5);
    row("{\"a\":1,}", UnexpectedCharacter, 7);
    row("nul1", UnexpectedCharacter, 3);
    row("'a'", UnexpectedCharacter, 0);
    row("+1", UnexpectedCharacter, 0);
    row(".5", UnexpectedCharacter, 0);
    row("01", BadNumber, 1);
    row("-a", BadNumber, 1);
    row("1.e5", BadNumber, 2);
    row("1ex", BadNumber, 2);
    row("\"\\x\"", BadEscape, 2);
    row("\"\\u00g0\"", BadEscape, 5);
    row("\"a\nb\"", ControlCharacter, 2);
    row("\"\xC3\"", BadUtf8, 0);
    row("\"\xED\xA0\x80\"", BadUtf8, 0);
    row("1 2", TrailingBytes, 2);
    row("{}x", TrailingBytes, 2);
    QTest::newRow("zero byte") << QByteArray("{}\0", 3) << int(TrailingBytes) << 2;
}

void tst_ShipJson::refusesWhatIsNot()
{
    QFETCH(QByteArray, text);
    QFETCH(int, kind);
    QFETCH(int, offset);
    JsonTree tree;
    const JsonError error = tree.parse(viewOf(text));
    QCOMPARE(toText(error.kind), toText(static_cast<JsonErrorKind>(kind)));
    QCOMPARE(int(error.offset), offset);
}

void tst_ShipJson::walksMembersInOrder()
{
    const QByteArray text = R"({"b":[1,{"x":[]}],"a":"t","b":false})";
    JsonTree tree;
    QVERIFY(!tree.parse(viewOf(text)));
    QByteArray seen;
    for (const JsonValue &member : tree.root())
        seen += copyOf(member.rawKey()) + '=' + copyOf(member.text()) + ';';
    QCOMPARE(seen, QByteArray(R"(b=[1,{"x":[]}];a="t";b=false;)"));
    const JsonValue list = *tree.root().begin();
    QVERIFY(list.isArray());
    QVERIFY(!list.isEmpty());
    QCOMPARE(std::distance(list.begin(), list.end()), 2);
}

void tst_ShipJson::keepsTheSpellingOfNumbers()
{
    const QByteArray text = "[1.10,123456789012345678901234567890,1e400,-0.0]";
    JsonTree tree;
    QVERIFY(!tree.parse(viewOf(text)));
    QByteArrayList seen;
    for (const JsonValue &element : tree.root())
        seen.append(copyOf(element.text()));
    QCOMPARE(seen.join('|'), QByteArray("1.10|123456789012345678901234567890|1e400|-0.0"));
}

void tst_ShipJson::resolvesEscapes_data()
{
    QTest::addColumn<QByteArray>("raw");
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("none") << QByteArray("abc") << QByteArray("abc");
    QTest::newRow("simple") << QByteArray(R"(\"\\\/\b\f\n\r\t)") << QByteArray("\"\\/\b\f\n\r\t");
    QTest::newRow("one byte") << QByteArray(R"(\u0041)") << QByteArray("A");
    QTest::newRow("zero") << QByteArray(R"(\u0000)") << QByteArray(1, '\0');
    QTest::newRow("two bytes") << QByteArray(R"(x\u00FCy)") << QByteArray("x\xC3\xBCy");
    QTest::newRow("three bytes") << QByteArray(R"(\u20ac)") << QByteArray("\xE2\x82\xAC");
    QTest::newRow("pair") << QByteArray(R"(\ud83d\udd0c!)") << QByteArray("\xF0\x9F\x94\x8C!");
    QTest::newRow("high half") << QByteArray(R"(\ud83d)") << QByteArray("\xEF\xBF\xBD");
    QTest::newRow("two high halves")
        << QByteArray(R"(\ud83d\ud83d)") << QByteArray("\xEF\xBF\xBD\xEF\xBF\xBD");
    QTest::newRow("low half") << QByteArray(R"(\udd0cx)") << QByteArray("\xEF\xBF\xBDx");
}

void tst_ShipJson::resolvesEscapes()
{
    QFETCH(QByteArray, raw);
    QFETCH(QByteArray, text);
    const QByteArray quoted = '"' + raw + '"';
    JsonTree tree;
    QVERIFY(!tree.parse(viewOf(quoted)));
    QCOMPARE(stringOf(tree.root()), text);
}

void tst_ShipJson::quotesWhatMustBe()
{
    QByteArray out("x");
    appendQuoted(out, std::string_view("a\"\\/\n\x1F\0\xC3\xBC", 9));
    QCOMPARE(out, QByteArray("x\"a\\\"\\\\/\\u000a\\u001f\\u0000\xC3\xBC\""));
    JsonTree tree;
    QVERIFY(!tree.parse(viewOf(out).substr(1)));
    QCOMPARE(stringOf(tree.root()), QByteArray("a\"\\/\n\x1F\0\xC3\xBC", 9));
}

// AD-06
void tst_ShipJson::boundsSizeDepthAndCount()
{
    JsonLimits limits;
    limits.maxBytes = 8;
    limits.maxDepth = 2;
    limits.maxValues = 3;
    JsonTree tree;
    QVERIFY(!tree.parse("[[1]]   ", limits));
    QCOMPARE(tree.parse("[[1]]    ", limits).kind, JsonErrorKind::TooLarge);
    QCOMPARE(tree.parse("[[[]]]", limits).kind, JsonErrorKind::TooDeep);
    QVERIFY(!tree.parse("[1,2]", limits));
    QCOMPARE(tree.parse("[1,2,3]", limits).kind, JsonErrorKind::TooManyValues);
}

void tst_ShipJson::depthCostsNoStack()
{
    JsonLimits limits;
    limits.maxDepth = 1'000'000;
    const QByteArray text = QByteArray(100'000, '[');
    JsonTree tree;
    const JsonError error = tree.parse(viewOf(text), limits);
    QCOMPARE(error.kind, JsonErrorKind::TooDeep);
    QCOMPARE(error.offset, kJsonDepthCeiling);
}

QTEST_APPLESS_MAIN(tst_ShipJson)

#include "tst_shipjson.moc"
