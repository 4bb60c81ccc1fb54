// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "wire.h"

#include <QTest>

using namespace fairlead::mqtt;
using namespace fairlead::mqtt::wire;

class tst_CodecTopic : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void validatesUtf8_data();
    void validatesUtf8();
    void validatesUtf8AtEveryOffset();
    void agreesWithAReferenceOnEveryCodePoint();
    void checksTopicNames_data();
    void checksTopicNames();
    void checksTopicFilters_data();
    void checksTopicFilters();
    void parsesSharedFilters_data();
    void parsesSharedFilters();
    void matchesFilters_data();
    void matchesFilters();
};

void tst_CodecTopic::validatesUtf8_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<bool>("valid");
    const auto add = [](const char *tag, const char *digits, bool valid) {
        QTest::newRow(tag) << hex(digits) << valid;
    };
    add("empty", "", true);
    add("ascii", "61", true);
    add("delete", "7f", true);
    add("control character", "01", true);
    add("first of two", "c280", true);
    add("last of two", "dfbf", true);
    add("first of three", "e0a080", true);
    add("before surrogates", "ed9fbf", true);
    add("after surrogates", "ee8080", true);
    add("non-character", "efbfbf", true);
    add("first of four", "f0908080", true);
    add("last of four", "f48fbfbf", true);
    add("[MQTT-1.5.4-3] [MQTT311-1.5.3-3] byte order mark", "efbbbf", true);
    add("[MQTT-1.5.4-2] [MQTT311-1.5.3-2] null", "00", false);
    add("[MQTT-1.5.4-2] null in the middle", "610061", false);
    add("[MQTT-1.5.4-1] [MQTT311-1.5.3-1] first surrogate", "eda080", false);
    add("[MQTT-1.5.4-1] last surrogate", "edbfbf", false);
    add("[MQTT-1.5.4-1] surrogate pair", "eda081edb080", false);
    add("[MQTT-1.5.4-1] overlong null", "c080", false);
    add("[MQTT-1.5.4-1] overlong two", "c1bf", false);
    add("[MQTT-1.5.4-1] overlong three", "e09fbf", false);
    add("[MQTT-1.5.4-1] overlong four", "f08fbfbf", false);
    add("[MQTT-1.5.4-1] beyond U+10FFFF", "f4908080", false);
    add("[MQTT-1.5.4-1] F5", "f5808080", false);
    add("[MQTT-1.5.4-1] five octets", "f888808080", false);
    add("[MQTT-1.5.4-1] FE", "fe", false);
    add("[MQTT-1.5.4-1] FF", "ff", false);
    add("[MQTT-1.5.4-1] lone continuation", "80", false);
    add("[MQTT-1.5.4-1] cut after one of two", "c3", false);
    add("[MQTT-1.5.4-1] cut after two of three", "e282", false);
    add("[MQTT-1.5.4-1] cut after three of four", "f09f9a", false);
    add("[MQTT-1.5.4-1] ascii instead of continuation", "c341", false);
    add("[MQTT-1.5.4-1] ascii instead of third", "e28241", false);
    add("[MQTT-1.5.4-1] ascii instead of fourth", "f09f9a41", false);
}

void tst_CodecTopic::validatesUtf8()
{
    QFETCH(QByteArray, text);
    QFETCH(bool, valid);
    QCOMPARE(isValidUtf8(view(text)), valid);
}

void tst_CodecTopic::validatesUtf8AtEveryOffset()
{
    const QByteArray bad[] = {hex("00"), hex("80"), hex("c080"), hex("eda080"), hex("ff")};
    const QByteArray good[] = {hex("c3a9"), hex("e282ac"), hex("f09f9aa2")};
    for (int before = 0; before < 20; ++before) {
        for (int after = 0; after < 20; ++after) {
            const QByteArray head(before, 'h');
            const QByteArray tail(after, 't');
            for (const QByteArray &part : bad) {
                const std::string text = QByteArray(head + part + tail).toStdString();
                QVERIFY(!isValidUtf8(text));
                QVERIFY(checkTopicName(text) == TopicCheck::BadUtf8);
            }
            for (const QByteArray &part : good) {
                const std::string text = QByteArray(head + part + tail).toStdString();
                QVERIFY(isValidUtf8(text));
                QVERIFY(checkTopicName(text) == TopicCheck::Ok);
                QVERIFY(checkTopicName(text + "#") == TopicCheck::BadWildcard);
            }
            for (const char *wildcard : {"+", "#"}) {
                const std::string text = QByteArray(head + wildcard + tail).toStdString();
                QVERIFY(isValidUtf8(text));
                QVERIFY(checkTopicName(text) == TopicCheck::BadWildcard);
            }
        }
    }
}

void tst_CodecTopic::agreesWithAReferenceOnEveryCodePoint()
{
    for (std::uint32_t point = 0; point < 0x11'0000; ++point) {
        char text[4] = {};
        std::size_t size = 0;
        const auto put = [&](std::uint32_t octet) { text[size++] = static_cast<char>(octet); };
        if (point < 0x80) {
            put(point);
        } else if (point < 0x800) {
            put(0xC0 | (point >> 6));
            put(0x80 | (point & 0x3F));
        } else if (point < 0x1'0000) {
            put(0xE0 | (point >> 12));
            put(0x80 | ((point >> 6) & 0x3F));
            put(0x80 | (point & 0x3F));
        } else {
            put(0xF0 | (point >> 18));
            put(0x80 | ((point >> 12) & 0x3F));
            put(0x80 | ((point >> 6) & 0x3F));
            put(0x80 | (point & 0x3F));
        }
        const bool expected = point != 0 && (point < 0xD800 || point > 0xDFFF);
        if (isValidUtf8({text, size}) != expected) {
            QFAIL(qPrintable(QString::number(point, 16)));
        }
    }
}

void tst_CodecTopic::checksTopicNames_data()
{
    QTest::addColumn<QByteArray>("topic");
    QTest::addColumn<int>("check");
    const auto add = [](const char *tag, const QByteArray &topic, TopicCheck check) {
        QTest::newRow(tag) << topic << static_cast<int>(check);
    };
    add("plain", "a/b", TopicCheck::Ok);
    add("[MQTT-4.7.3-1] [MQTT311-4.7.3-1] slash alone", "/", TopicCheck::Ok);
    add("space", " ", TopicCheck::Ok);
    add("dollar", "$SYS/x", TopicCheck::Ok);
    add("neighbours of the wildcards", "\"$*,", TopicCheck::Ok);
    add("[MQTT-4.7.3-3] [MQTT311-4.7.3-3] longest", QByteArray(65535, 'x'), TopicCheck::Ok);
    add("[MQTT-4.7.3-3] too long", QByteArray(65536, 'x'), TopicCheck::TooLong);
    add("[MQTT-4.7.3-1] empty", "", TopicCheck::Empty);
    add("[MQTT-4.7.3-2] [MQTT311-4.7.3-2] null", QByteArray("a\0b", 3), TopicCheck::BadUtf8);
    add("[MQTT-4.7.0-1] [MQTT311-4.7.1-1] plus", "a/+/b", TopicCheck::BadWildcard);
    add("[MQTT-4.7.0-1] plus inside", "a+b", TopicCheck::BadWildcard);
    add("[MQTT-4.7.0-1] hash", "a/#", TopicCheck::BadWildcard);
}

void tst_CodecTopic::checksTopicNames()
{
    QFETCH(QByteArray, topic);
    QFETCH(int, check);
    QCOMPARE(static_cast<int>(checkTopicName(view(topic))), check);
}

void tst_CodecTopic::checksTopicFilters_data()
{
    QTest::addColumn<QByteArray>("filter");
    QTest::addColumn<int>("check");
    const auto add = [](const char *tag, const QByteArray &filter, TopicCheck check) {
        QTest::newRow(tag) << filter << static_cast<int>(check);
    };
    add("plain", "sport/tennis", TopicCheck::Ok);
    add("hash alone", "#", TopicCheck::Ok);
    add("plus alone", "+", TopicCheck::Ok);
    add("hash last", "sport/#", TopicCheck::Ok);
    add("plus anywhere", "+/tennis/+/#", TopicCheck::Ok);
    add("empty levels", "//+//", TopicCheck::Ok);
    add("longest", QByteArray(65535, 'x'), TopicCheck::Ok);
    add("[MQTT-4.7.3-3] too long", QByteArray(65536, 'x'), TopicCheck::TooLong);
    add("[MQTT-4.7.3-1] empty", "", TopicCheck::Empty);
    add("[MQTT-4.7.3-2] null", QByteArray("a\0", 2), TopicCheck::BadUtf8);
    add("[MQTT-3.8.3-1] ill-formed", QByteArray("\xFF"), TopicCheck::BadUtf8);
    add("[MQTT-4.7.1-1] [MQTT311-4.7.1-2] hash not last", "a/#/b", TopicCheck::BadWildcard);
    add("[MQTT-4.7.1-1] hash before slash", "#/", TopicCheck::BadWildcard);
    add("[MQTT-4.7.1-1] hash shares its level", "sport#", TopicCheck::BadWildcard);
    add("[MQTT-4.7.1-1] hash in front of text", "a/#b", TopicCheck::BadWildcard);
    add("[MQTT-4.7.1-1] two hashes", "##", TopicCheck::BadWildcard);
    add("[MQTT-4.7.1-2] [MQTT311-4.7.1-3] plus shares its level",
        "sport+",
        TopicCheck::BadWildcard);
    add("[MQTT-4.7.1-2] plus in front of text", "a/+b/c", TopicCheck::BadWildcard);
    add("[MQTT-4.7.1-2] two pluses", "++", TopicCheck::BadWildcard);
}

void tst_CodecTopic::checksTopicFilters()
{
    QFETCH(QByteArray, filter);
    QFETCH(int, check);
    QCOMPARE(static_cast<int>(checkTopicFilter(view(filter))), check);
    QCOMPARE(static_cast<int>(parseSharedFilter(view(filter)).check), check);
}

void tst_CodecTopic::parsesSharedFilters_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("check");
    QTest::addColumn<bool>("shared");
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("filter");
    const auto add = [](const char *tag,
                        const QByteArray &text,
                        TopicCheck check,
                        bool shared,
                        const QByteArray &name,
                        const QByteArray &filter) {
        QTest::newRow(tag) << text << static_cast<int>(check) << shared << name << filter;
    };
    const auto bad = [&add](const char *tag, const QByteArray &text, TopicCheck check) {
        add(tag, text, check, true, {}, {});
    };
    add("not shared", "a/b", TopicCheck::Ok, false, "", "a/b");
    add("prefix without slash", "$share", TopicCheck::Ok, false, "", "$share");
    add("similar prefix", "$shared/x/y", TopicCheck::Ok, false, "", "$shared/x/y");
    add("[MQTT-4.8.2-1] shared", "$share/pool/a/+", TopicCheck::Ok, true, "pool", "a/+");
    add("[MQTT-4.8.2-2] filter begins with slash", "$share/p//a", TopicCheck::Ok, true, "p", "/a");
    add("filter is hash", "$share/p/#", TopicCheck::Ok, true, "p", "#");
    bad("[MQTT-4.8.2-1] no name", "$share//a", TopicCheck::BadShare);
    bad("[MQTT-4.8.2-1] nothing", "$share/", TopicCheck::BadShare);
    bad("[MQTT-4.8.2-2] no filter", "$share/p", TopicCheck::BadShare);
    bad("[MQTT-4.8.2-2] empty filter", "$share/p/", TopicCheck::BadShare);
    bad("[MQTT-4.8.2-2] plus in the name", "$share/p+/a", TopicCheck::BadShare);
    bad("[MQTT-4.8.2-2] hash in the name", "$share/#/a", TopicCheck::BadShare);
    bad("ill-formed", QByteArray("$share/p/\xFF"), TopicCheck::BadUtf8);
    add("[MQTT-4.7.1-1] bad filter", "$share/p/a#", TopicCheck::BadWildcard, true, "p", "a#");
}

void tst_CodecTopic::parsesSharedFilters()
{
    QFETCH(QByteArray, text);
    QFETCH(int, check);
    QFETCH(bool, shared);
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, filter);
    const SharedFilter parsed = parseSharedFilter(view(text));
    QCOMPARE(static_cast<int>(parsed.check), check);
    QCOMPARE(parsed.shared, shared);
    QCOMPARE(std::string(parsed.shareName), name.toStdString());
    QCOMPARE(std::string(parsed.filter), filter.toStdString());
}

void tst_CodecTopic::matchesFilters_data()
{
    QTest::addColumn<QByteArray>("filter");
    QTest::addColumn<QByteArray>("topic");
    QTest::addColumn<bool>("expected");
    const auto add = [](const char *filter, const char *topic, bool expected) {
        QTest::addRow("%s <- %s", filter, topic)
            << QByteArray(filter) << QByteArray(topic) << expected;
    };
    add("a/b", "a/b", true);
    add("a/b", "a/B", false);
    add("a/b", "a/b/", false);
    add("a/b", "/a/b", false);
    add("a/#", "a", true);
    add("a/#", "a/b/c", true);
    add("a/#", "ab", false);
    add("#", "a/b", true);
    add("+", "a", true);
    add("+", "a/b", false);
    add("+", "/a", false);
    add("+/+", "/a", true);
    add("/+", "/a", true);
    add("a/+", "a/", true);
    add("a/+", "a", false);
    add("+/b/#", "a/b", true);
    add("#", "$SYS/x", false);
    add("+/x", "$SYS/x", false);
    add("$SYS/#", "$SYS/x", true);
    add("$SYS/+", "$SYS/x", true);
    add("a", "", false);
    add("", "a", false);
}

// [MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.7.2-1] [MQTT-4.7.3-4]
void tst_CodecTopic::matchesFilters()
{
    QFETCH(QByteArray, filter);
    QFETCH(QByteArray, topic);
    QFETCH(bool, expected);
    QCOMPARE(matches(view(filter), view(topic)), expected);
}

QTEST_APPLESS_MAIN(tst_CodecTopic)
#include "tst_codectopic.moc"
