// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "service/jsontext.h"
#include "service/jsontree.h"
#include "service/messageschema.h"

#include <QtCore/QFile>
#include <QtTest/QTest>

#include <string>
#include <vector>

using namespace fairlead::tcp;

namespace {

Bytes bytesOf(const QByteArray &bytes)
{
    return {bytes.constData(), std::size_t(bytes.size())};
}

/// An input at an address of its own, so that a sanitizer sees who reads beyond its end.
struct Parsed
{
    explicit Parsed(const QByteArray &text, const JsonLimits &limits = {})
        : bytes(text.cbegin(), text.cend())
        , fault(tree.parse({bytes.data(), bytes.size()}, limits))
    { }

    std::vector<char> bytes;
    JsonTree tree;
    JsonFault fault;
};

QByteArray repeated(const QByteArray &text, int times)
{
    return text.repeated(times);
}

QByteArray faultOf(const QByteArray &message, MessageSchema::Sender sender, const QByteArray &op)
{
    const Parsed parsed(message);
    if (parsed.fault)
        return QByteArray("JSON: ") + parsed.fault.text;
    const SchemaFault fault = MessageSchema::instance().check(parsed.tree.root(), sender, op);
    return fault ? fault.place + ' ' + fault.text : QByteArray();
}

} // namespace

class tst_ServiceProtocol : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void badJsonIsRefused_data();
    void badJsonIsRefused();
    void everyPrefixOfAMessageIsRefused();
    void depthAndValuesAreBounded();
    void valuesKeepTheirSpelling();
    void stringsComeBack_data();
    void stringsComeBack();
    void whiteSpaceGoesAndStringsStay();
    void theDocumentIsUnderstoodWhole();
    void goodMessagesPass_data();
    void goodMessagesPass();
    void badMessagesNameTheirPlace_data();
    void badMessagesNameTheirPlace();
    void theExamplesOfTheDescriptionAreGood();
};

void tst_ServiceProtocol::badJsonIsRefused_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("what");
    const QByteArray noJson = "is no JSON";
    const QByteArray cut = "is cut off";
    const QByteArray escape = "has a bad escape in a string";
    QTest::newRow("nothing") << QByteArray() << cut;
    QTest::newRow("white space") << QByteArray(" \t\r\n") << cut;
    QTest::newRow("open object") << QByteArray("{") << cut;
    QTest::newRow("open array") << QByteArray("[1") << cut;
    QTest::newRow("open string") << QByteArray("\"a") << cut;
    QTest::newRow("comma at the end") << QByteArray("[1,]") << noJson;
    QTest::newRow("comma in an object") << QByteArray("{\"a\":1,}") << noJson;
    QTest::newRow("no colon") << QByteArray("{\"a\" 1}") << noJson;
    QTest::newRow("bare key") << QByteArray("{a:1}") << noJson;
    QTest::newRow("single quotes") << QByteArray("{'a':1}") << noJson;
    QTest::newRow("word") << QByteArray("truth") << noJson;
    QTest::newRow("NaN") << QByteArray("NaN") << noJson;
    QTest::newRow("comment") << QByteArray("[1/**/]") << noJson;
    QTest::newRow("binary") << QByteArray("\x16\x03\x01") << noJson;
    QTest::newRow("leading zero") << QByteArray("01") << QByteArray("has something after its end");
    QTest::newRow("plus") << QByteArray("+1") << noJson;
    QTest::newRow("dot alone") << QByteArray("[1.]") << noJson;
    QTest::newRow("exponent alone") << QByteArray("[1e]") << noJson;
    QTest::newRow("minus alone") << QByteArray("[-]") << noJson;
    QTest::newRow("trailing junk")
        << QByteArray("{}x") << QByteArray("has something after its end");
    QTest::newRow("two values") << QByteArray("{}{}") << QByteArray("has something after its end");
    QTest::newRow("huge number") << QByteArray("1e400") << QByteArray("has a number out of range");
    QTest::newRow("huge integer") << QByteArray("9").repeated(400)
                                  << QByteArray("has a number out of range");
    QTest::newRow("member twice") << QByteArray("{\"a\":1,\"b\":2,\"a\":1}")
                                  << QByteArray("has a member twice");
    QTest::newRow("member twice, spelled apart")
        << QByteArray("{\"a\":1,\"\\u0061\":1}") << QByteArray("has a member twice");
    QTest::newRow("inner member twice")
        << QByteArray("{\"a\":[{\"b\":1,\"b\":2}]}") << QByteArray("has a member twice");
    QTest::newRow("raw control character")
        << QByteArray("\"a\nb\"") << QByteArray("has a control character in a string");
    QTest::newRow("unknown escape") << QByteArray("\"\\x\"") << escape;
    QTest::newRow("short unit") << QByteArray("\"\\u12\"") << cut;
    QTest::newRow("no hex") << QByteArray("\"\\u12g4\"") << escape;
    QTest::newRow("minus in hex") << QByteArray("\"\\u-123\"") << escape;
    QTest::newRow("high half alone") << QByteArray("\"\\ud83d\"") << escape;
    QTest::newRow("high half and a letter") << QByteArray("\"\\ud83d\\n\"") << escape;
    QTest::newRow("two high halves") << QByteArray("\"\\ud83d\\ud83d\"") << escape;
    QTest::newRow("low half alone") << QByteArray("\"\\ude00\"") << escape;
    QTest::newRow("overlong UTF-8") << QByteArray("\"\xC0\xAF\"") << QByteArray("is not UTF-8");
    QTest::newRow("cut UTF-8") << QByteArray("\"\xE2\x82\"") << QByteArray("is not UTF-8");
    QTest::newRow("surrogate in UTF-8")
        << QByteArray("\"\xED\xA0\x80\"") << QByteArray("is not UTF-8");
    QTest::newRow("zero byte") << QByteArray("{\0}", 3) << noJson;
}

// Whatever a peer sends, it is judged, without a guess at what it may have meant.
void tst_ServiceProtocol::badJsonIsRefused()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, what);
    const Parsed parsed(text);
    QCOMPARE(QByteArray(parsed.fault.text), what);
    QVERIFY(parsed.fault.offset <= std::size_t(text.size()));
}

// PL-03: a part of a message is never taken for the message.
void tst_ServiceProtocol::everyPrefixOfAMessageIsRefused()
{
    const QByteArray whole = "{\"op\":\"x\",\"a\":[1,-2.5e3,true,null,\"\\u00e9\\ud83d\\ude00\"]}";
    QVERIFY(!Parsed(whole).fault);
    for (qsizetype size = 0; size < whole.size(); ++size)
        QVERIFY2(Parsed(whole.first(size)).fault, whole.first(size).constData());
}

// AD-06: what a message may cost is known before it is read.
void tst_ServiceProtocol::depthAndValuesAreBounded()
{
    const auto nested = [](int depth) { return repeated("[", depth) + '1' + repeated("]", depth); };
    QVERIFY(!Parsed(nested(64)).fault);
    QCOMPARE(QByteArray(Parsed(nested(65)).fault.text), QByteArray("is nested too deep"));
    QCOMPARE(QByteArray(Parsed(repeated("[", 1000000)).fault.text),
             QByteArray("is nested too deep"));
    QCOMPARE(QByteArray(Parsed(repeated("{\"a\":", 1000000)).fault.text),
             QByteArray("is nested too deep"));
    const auto list = [](int count) { return '[' + repeated("0,", count - 1) + "0]"; };
    const JsonLimits limits{64, 100};
    QVERIFY(!Parsed(list(99), limits).fault);
    QCOMPARE(QByteArray(Parsed(list(100), limits).fault.text), QByteArray("holds too many values"));
}

void tst_ServiceProtocol::valuesKeepTheirSpelling()
{
    const Parsed parsed("{\"n\": 12345678901234567890.10 ,\"s\":\"\\u0041\",\"a\":[ 1, {} ]}");
    QVERIFY(!parsed.fault);
    const JsonValue root = parsed.tree.root();
    QCOMPARE(QByteArray::fromStdString(std::string(root.member("n").text())),
             QByteArray("12345678901234567890.10"));
    QCOMPARE(QByteArray::fromStdString(std::string(root.member("s").text())),
             QByteArray("\"\\u0041\""));
    QCOMPARE(stringOf(root.member("s")), QByteArray("A"));
    QCOMPARE(QByteArray::fromStdString(std::string(root.member("a").text())),
             QByteArray("[ 1, {} ]"));
    QVERIFY(!root.member("x"));
}

void tst_ServiceProtocol::stringsComeBack_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("plain") << QByteArray("plain");
    QTest::newRow("quotes") << QByteArray("a\"b\\c/d");
    QTest::newRow("controls") << QByteArray("\b\f\n\r\t\x01\x1f\x7f\0x", 10);
    QTest::newRow("umlaut") << QByteArray("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80");
}

void tst_ServiceProtocol::stringsComeBack()
{
    QFETCH(QByteArray, text);
    QByteArray quoted;
    appendQuoted(quoted, bytesOf(text));
    QVERIFY(!quoted.contains('\n'));
    const Parsed parsed(quoted);
    QVERIFY(!parsed.fault);
    QCOMPARE(stringOf(parsed.tree.root()), text);
}

void tst_ServiceProtocol::whiteSpaceGoesAndStringsStay()
{
    QByteArray out;
    appendCompact(out, "{ \"a b\" :\n[ 1 , \" \\\" x \\\\\" , { } ]\t}");
    QCOMPARE(out, QByteArray("{\"a b\":[1,\" \\\" x \\\\\",{}]}"));
}

void tst_ServiceProtocol::theDocumentIsUnderstoodWhole()
{
    const MessageSchema &schema = MessageSchema::instance();
    QCOMPARE(schema.problems(), QByteArrayList());
    QVERIFY(schema.operations(MessageSchema::Sender::Peer).contains("hello"));
    QVERIFY(schema.operations(MessageSchema::Sender::Host).contains("welcome"));
    QVERIFY(schema.operations(MessageSchema::Sender::Host).contains("ping"));
    // What it does not understand it says.
    QCOMPARE(MessageSchema("{\"$defs\":{\"a\":{\"pattern\":\"x\"}}}").problems().first(),
             QByteArray("unknown keyword pattern"));
}

void tst_ServiceProtocol::goodMessagesPass_data()
{
    QTest::addColumn<QByteArray>("message");
    QTest::newRow("hello") << QByteArray(
        "{\"op\":\"hello\",\"protocol\":{\"min\":1,\"max\":1},\"identity\":\"a\"}");
    QTest::newRow("whole number with a point") << QByteArray("{\"op\":\"ack\",\"delivery\":2.0}");
    QTest::newRow("unknown members")
        << QByteArray("{\"op\":\"ping\",\"x\":{\"op\":[]},\"id\":\"text\"}");
    QTest::newRow("any body") << QByteArray("{\"op\":\"answer\",\"re\":1,\"body\":null}");
    QTest::newRow("128 code points") << QByteArray("{\"op\":\"register\",\"name\":\"")
            + repeated("\xC3\xA4", 126) + "\\ud83d\\ude00\\n\"}";
    QTest::newRow("json") << QByteArray("{\"op\":\"publish\",\"topic\":\"a\",\"json\":[1]}");
}

void tst_ServiceProtocol::goodMessagesPass()
{
    QFETCH(QByteArray, message);
    const Parsed parsed(message);
    QVERIFY(!parsed.fault);
    const QByteArray op = stringOf(parsed.tree.root().member("op"));
    QCOMPARE(faultOf(message, MessageSchema::Sender::Peer, op), QByteArray());
}

void tst_ServiceProtocol::badMessagesNameTheirPlace_data()
{
    QTest::addColumn<QByteArray>("message");
    QTest::addColumn<QByteArray>("fault");
    const auto row = [](const char *name, const char *members, const char *fault) {
        QTest::newRow(name) << QByteArray(members) << QByteArray(fault);
    };
    row("missing", "\"op\":\"ack\"", " needs the member delivery");
    row("text for a number",
        "\"op\":\"ack\",\"delivery\":\"1\"",
        "/delivery must be of type integer");
    row("fraction", "\"op\":\"ack\",\"delivery\":1.5", "/delivery must be of type integer");
    row("zero", "\"op\":\"ack\",\"delivery\":0", "/delivery must be at least 1");
    row("large", "\"op\":\"ack\",\"delivery\":1e300", "/delivery must be at most 9007199254740991");
    row("null", "\"op\":\"subscribe\",\"id\":1,\"filter\":null", "/filter must be of type string");
    row("empty",
        "\"op\":\"subscribe\",\"id\":1,\"filter\":\"\"",
        "/filter must have characters: at least 1");
    row("choice",
        "\"op\":\"subscribe\",\"id\":1,\"filter\":\"a\",\"ack\":\"later\"",
        "/ack must be auto, manual");
    row("no payload",
        "\"op\":\"publish\",\"topic\":\"a\"",
        " must have exactly one of payload, payload_base64, json");
    row("two payloads",
        "\"op\":\"publish\",\"topic\":\"a\",\"payload\":\"\",\"json\":1",
        " must have exactly one of payload, payload_base64, json");
    row("inside",
        "\"op\":\"publish\",\"topic\":\"a\",\"json\":1,\"properties\":{\"user\":[[\"a\",\"b\"],[1,"
        "\"b\"]]}",
        "/properties/user/1/0 must be of type string");
    row("short pair",
        "\"op\":\"publish\",\"topic\":\"a\",\"json\":1,\"properties\":{\"user\":[[\"a\"]]}",
        "/properties/user/0 must have elements: at least 2");
    row("both correlations",
        "\"op\":\"publish\",\"topic\":\"a\",\"json\":1,\"properties\":{\"correlation\":\"a\","
        "\"correlation_base64\":\"YQ==\"}",
        "/properties must not have both correlation, correlation_base64");
    row("list for an object",
        "\"op\":\"register\",\"name\":\"a\",\"heartbeat\":[]",
        "/heartbeat must be of type object");
}

// AD-04: who is refused is told what of.
void tst_ServiceProtocol::badMessagesNameTheirPlace()
{
    QFETCH(QByteArray, message);
    QFETCH(QByteArray, fault);
    message = '{' + message + '}';
    const Parsed parsed(message);
    QVERIFY(!parsed.fault);
    const QByteArray op = stringOf(parsed.tree.root().member("op"));
    QCOMPARE(faultOf(message, MessageSchema::Sender::Peer, op), fault);
}

// Each line of an example is `> {...}` from the peer or `< {...}` from the host.
void tst_ServiceProtocol::theExamplesOfTheDescriptionAreGood()
{
    QFile file(QStringLiteral(SERVICE_PROTOCOL));
    QVERIFY(file.open(QIODevice::ReadOnly));
    QByteArrayList seen;
    while (!file.atEnd()) {
        const QByteArray line = file.readLine().trimmed();
        const bool fromPeer = line.startsWith("> {");
        if (!fromPeer && !line.startsWith("< {"))
            continue;
        const Parsed parsed(line.mid(2));
        QVERIFY2(!parsed.fault, line.constData());
        const auto sender = fromPeer ? MessageSchema::Sender::Peer : MessageSchema::Sender::Host;
        const QByteArray op = stringOf(parsed.tree.root().member("op"));
        QVERIFY2(MessageSchema::instance().knows(sender, op), line.constData());
        QCOMPARE(faultOf(line.mid(2), sender, op), QByteArray());
        seen << line.first(1) + op;
    }
    // There is one of each message.
    for (const QByteArray &op : MessageSchema::instance().operations(MessageSchema::Sender::Peer))
        QVERIFY2(seen.contains('>' + op), op.constData());
    for (const QByteArray &op : MessageSchema::instance().operations(MessageSchema::Sender::Host))
        QVERIFY2(seen.contains('<' + op), op.constData());
}

QTEST_APPLESS_MAIN(tst_ServiceProtocol)
#include "tst_serviceprotocol.moc"
