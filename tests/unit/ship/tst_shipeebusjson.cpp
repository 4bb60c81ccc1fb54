// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "protocol/eebusjson.h"

#include <QTest>

#include <random>

using namespace fairlead::ship;

namespace {

using Convert = JsonError (*)(Bytes, QByteArray &, const JsonLimits &);

QByteArray converted(Convert convert, const QByteArray &text)
{
    QByteArray out;
    const JsonError error = convert(viewOf(text), out, JsonLimits());
    return error ? QByteArray("error ") + toText(error.kind) : out;
}

QByteArray eebus(const QByteArray &plain)
{
    return converted(toEebusJson, plain);
}

QByteArray plain(const QByteArray &eebus)
{
    return converted(toPlainJson, eebus);
}

/// Makes JSON texts at random: scalars in odd spellings, duplicate names, nesting.
class Maker
{
public:
    explicit Maker(quint32 seed)
        : m_random(seed)
    { }

    QByteArray object(int depth)
    {
        QByteArrayList members;
        for (int i = pick(4); i > 0; --i)
            members.append(name() + ':' + value(depth - 1));
        return '{' + members.join(',') + '}';
    }

private:
    int pick(int below) { return int(m_random() % quint32(below)); }

    QByteArray name()
    {
        static const char *const kNames[]
            = {"a", "cmd", "", "},{", "[{", "\\u0041", "\\\"", "datagram"};
        return '"' + QByteArray(kNames[pick(8)]) + '"';
    }

    QByteArray scalar()
    {
        static const char *const kScalars[] = {"null",
                                               "true",
                                               "false",
                                               "0",
                                               "-0.0",
                                               "12345678901234567890123",
                                               "1.50",
                                               "1E+2",
                                               "\"\"",
                                               "\"[{}] },{ []\"",
                                               "\"\\ud83d\"",
                                               "\"\xC3\xBC\\/\""};
        return kScalars[pick(12)];
    }

    QByteArray value(int depth)
    {
        if (depth <= 0 || pick(3) == 0)
            return scalar();
        if (pick(2) == 0)
            return object(depth);
        QByteArrayList elements;
        for (int i = 1 + pick(3); i > 0; --i)
            elements.append(value(depth - 1));
        return '[' + elements.join(',') + ']';
    }

    std::mt19937 m_random;
};

QByteArray spaced(const QByteArray &compact)
{
    QByteArray out;
    bool inString = false;
    for (qsizetype i = 0; i < compact.size(); ++i) {
        const char c = compact[i];
        out.append(c);
        if (inString && c == '\\')
            out.append(compact[++i]);
        else if (c == '"')
            inString = !inString;
        if (!inString && (c == ',' || c == ':' || c == '[' || c == '{'))
            out.append("\r\n\t ");
    }
    return out;
}

} // namespace

class tst_ShipEebusJson : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void convertsBothWays_data();
    void convertsBothWays();
    void readsOtherForms_data();
    void readsOtherForms();
    void hasOneSpellingForEmpty();
    void everyPlainTextComesBack();
    void everyEebusTextComesBack();
    void reportsBrokenText();
    void boundsWhatItWrites();
    void appends();
};

void tst_ShipEebusJson::convertsBothWays_data()
{
    QTest::addColumn<QByteArray>("plainText");
    QTest::addColumn<QByteArray>("eebusText");
    const auto row = [](const char *name, const char *plainText, const char *eebusText) {
        QTest::newRow(name) << QByteArray(plainText) << QByteArray(eebusText);
    };
    row("empty document", "{}", "{}");
    row("scalar", "17", "17");
    row("the outermost object stays", R"({"a":1,"b":2})", R"({"a":1,"b":2})");
    row("object below", R"({"a":{"b":1,"c":2}})", R"({"a":[{"b":1},{"c":2}]})");
    row("empty object", R"({"a":{}})", R"({"a":[]})");
    row("list of values", R"({"entity":[1,1]})", R"({"entity":[1,1]})");
    row("list of objects", R"({"cmd":[{"a":{}},{"b":1}]})", R"({"cmd":[[{"a":[]}],[{"b":1}]]})");
    row("list of empty objects", R"({"cmd":[{},{}]})", R"({"cmd":[[],[]]})");
    row("list of lists", R"({"a":[[1,2],[3]]})", R"({"a":[[1,2],[3]]})");
    row("list of lists of objects", R"({"a":[[{"b":1}]]})", R"({"a":[[[{"b":1}]]]})");
    row("mixed list", R"({"a":[{"b":1},5,"x"]})", R"({"a":[[{"b":1}],5,"x"]})");
    row("RR6 duplicates and order",
        R"({"a":{"z":1,"a":2,"z":3}})",
        R"({"a":[{"z":1},{"a":2},{"z":3}]})");
    row("RR6 numbers",
        R"({"a":[1.10,123456789012345678901,1e400,-0.0]})",
        R"({"a":[1.10,123456789012345678901,1e400,-0.0]})");
    row("RR6 brackets in strings",
        R"({"a":{"s":"[{}] },{ []","},{":"\u007b\/\n"}})",
        R"({"a":[{"s":"[{}] },{ []"},{"},{":"\u007b\/\n"}]})");
    row("a datagram",
        R"({"datagram":{"header":{"specificationVersion":"1.3.0","addressSource":{"device":"d:_i:peer","entity":[0],"feature":0},"msgCounter":589357},"payload":{"cmd":[{"nodeManagementDetailedDiscoveryData":{}}]}}})",
        R"({"datagram":[{"header":[{"specificationVersion":"1.3.0"},{"addressSource":[{"device":"d:_i:peer"},{"entity":[0]},{"feature":0}]},{"msgCounter":589357}]},{"payload":[{"cmd":[[{"nodeManagementDetailedDiscoveryData":[]}]]}]}]})");
}

void tst_ShipEebusJson::convertsBothWays()
{
    QFETCH(QByteArray, plainText);
    QFETCH(QByteArray, eebusText);
    QCOMPARE(eebus(plainText), eebusText);
    QCOMPARE(plain(eebusText), plainText);
    QCOMPARE(eebus(spaced(plainText)), eebusText);
    QCOMPARE(plain(spaced(eebusText)), plainText);
}

void tst_ShipEebusJson::readsOtherForms_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("plainText");
    const auto row = [](const char *name, const char *text, const char *plainText) {
        QTest::newRow(name) << QByteArray(text) << QByteArray(plainText);
    };
    row("RR5 object for array", R"({"a":{"b":1}})", R"({"a":{"b":1}})");
    row("RR5 empty object for empty list", R"({"a":{}})", R"({"a":{}})");
    row("empty objects among the members", R"({"a":[{},{"b":1},{}]})", R"({"a":{"b":1}})");
    row("only an empty object", R"({"a":[{}]})", R"({"a":{}})");
    row("list of plain objects",
        R"({"a":[{"b":1,"c":2},{"b":3}]})",
        R"({"a":[{"b":1,"c":2},{"b":3}]})");
}

void tst_ShipEebusJson::readsOtherForms()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, plainText);
    QCOMPARE(plain(text), plainText);
    // Once in proper form it stays.
    QCOMPARE(plain(eebus(plain(text))), plainText);
}

void tst_ShipEebusJson::hasOneSpellingForEmpty()
{
    QCOMPARE(eebus(R"({"a":[],"b":{}})"), QByteArray(R"({"a":[],"b":[]})"));
    QCOMPARE(plain(R"({"a":[],"b":[]})"), QByteArray(R"({"a":{},"b":{}})"));
}

// RR6
void tst_ShipEebusJson::everyPlainTextComesBack()
{
    Maker maker(1);
    for (int i = 0; i < 5'000; ++i) {
        const QByteArray text = maker.object(5);
        QCOMPARE(plain(eebus(text)), text);
        QCOMPARE(plain(eebus(spaced(text))), text);
    }
}

// RR6
void tst_ShipEebusJson::everyEebusTextComesBack()
{
    Maker maker(2);
    for (int i = 0; i < 5'000; ++i) {
        const QByteArray text = eebus(maker.object(5));
        QCOMPARE(eebus(plain(text)), text);
        QCOMPARE(converted(toCompactJson, spaced(text)), text);
    }
}

void tst_ShipEebusJson::reportsBrokenText()
{
    for (const Convert convert : {toEebusJson, toPlainJson, toCompactJson}) {
        QByteArray out("kept");
        const JsonError error = convert("{\"a\":01}", out, JsonLimits());
        QCOMPARE(error.kind, JsonErrorKind::BadNumber);
        QCOMPARE(error.offset, 6U);
        QCOMPARE(out, QByteArray("kept"));
    }
}

// AD-06
void tst_ShipEebusJson::boundsWhatItWrites()
{
    JsonLimits limits;
    limits.maxDepth = 4;
    QByteArray out("kept");
    QVERIFY(!toEebusJson(R"({"a":{"b":1}})", out, limits));
    out = "kept";
    QCOMPARE(toEebusJson(R"({"a":{"b":{"c":1}}})", out, limits).kind, JsonErrorKind::TooDeep);
    QCOMPARE(out, QByteArray("kept"));
    limits.maxDepth = 128;
    limits.maxBytes = 20;
    QCOMPARE(toEebusJson(R"({"a":{"b":1,"c":2}})", out, limits).kind, JsonErrorKind::TooLarge);
    QCOMPARE(out, QByteArray("kept"));
}

void tst_ShipEebusJson::appends()
{
    QByteArray out("before:");
    QVERIFY(!toPlainJson(R"({"a":[{"b":1}]})", out));
    QCOMPARE(out, QByteArray(R"(before:{"a":{"b":1}})"));
}

QTEST_APPLESS_MAIN(tst_ShipEebusJson)

#include "tst_shipeebusjson.moc"
