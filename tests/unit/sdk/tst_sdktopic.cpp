// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include <QtTest/QTest>

#include <fairlead/topic.h>

using namespace fairlead;

namespace {

ByteSpan span(const QByteArray &bytes)
{
    return {bytes.constData(), std::size_t(bytes.size())};
}

} // namespace

class tst_SdkTopic : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void names_data();
    void names();
    void filters_data();
    void filters();
    void matching_data();
    void matching();
    void matchingAgreesWithLevelByLevelDefinition();
    void sharedFilters_data();
    void sharedFilters();
    void utf8IsStrict_data();
    void utf8IsStrict();
    void everyByteIsSeenWhereverItStands();
    void valuesCompareByText();
};

void tst_SdkTopic::names_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<bool>("valid");
    QTest::newRow("[MQTT-4.7.3-1] empty") << QByteArray("") << false;
    QTest::newRow("one level") << QByteArray("a") << true;
    QTest::newRow("only a slash") << QByteArray("/") << true;
    QTest::newRow("empty levels") << QByteArray("a//b/") << true;
    QTest::newRow("space") << QByteArray("a b") << true;
    QTest::newRow("dollar") << QByteArray("$SYS/x") << true;
    QTest::newRow("[MQTT-4.7.1-1] plus") << QByteArray("a/+") << false;
    QTest::newRow("[MQTT-4.7.1-1] hash") << QByteArray("#") << false;
    QTest::newRow("[MQTT-4.7.1-1] plus inside a word") << QByteArray("a+b") << false;
    QTest::newRow("[MQTT-4.7.3-2] nul") << QByteArray("a\0b", 3) << false;
    QTest::newRow("[MQTT-4.7.3-3] longest") << QByteArray(65535, 'x') << true;
    QTest::newRow("[MQTT-4.7.3-3] too long") << QByteArray(65536, 'x') << false;
    QTest::newRow("umlaut") << QByteArray("k\xC3\xBC"
                                          "che")
                            << true;
    QTest::newRow("byte order mark") << QByteArray("\xEF\xBB\xBF"
                                                   "a")
                                     << true;
}

void tst_SdkTopic::names()
{
    QFETCH(const QByteArray, text);
    QFETCH(const bool, valid);
    QCOMPARE(isValidTopicName(span(text)), valid);
    const Result<TopicName> name = TopicName::parse(span(text));
    QCOMPARE(name.has_value(), valid);
    if (valid)
        QCOMPARE(name->bytes(), span(text));
    else
        QCOMPARE(name.error().code(), ErrorCode::InvalidArgument);
}

void tst_SdkTopic::filters_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<bool>("valid");
    QTest::newRow("[MQTT-4.7.3-1] empty") << QByteArray("") << false;
    QTest::newRow("plain") << QByteArray("a/b") << true;
    QTest::newRow("hash alone") << QByteArray("#") << true;
    QTest::newRow("hash last") << QByteArray("a/#") << true;
    QTest::newRow("hash after empty level") << QByteArray("/#") << true;
    QTest::newRow("[MQTT-4.7.1-2] hash in a word") << QByteArray("a#") << false;
    QTest::newRow("[MQTT-4.7.1-2] hash not last") << QByteArray("a/#/b") << false;
    QTest::newRow("[MQTT-4.7.1-2] hash before a slash") << QByteArray("#/") << false;
    QTest::newRow("[MQTT-4.7.1-2] two hashes") << QByteArray("##") << false;
    QTest::newRow("plus alone") << QByteArray("+") << true;
    QTest::newRow("plus first") << QByteArray("+/a") << true;
    QTest::newRow("plus everywhere") << QByteArray("+/+/+") << true;
    QTest::newRow("plus then hash") << QByteArray("+/#") << true;
    QTest::newRow("plus between empty levels") << QByteArray("/+/") << true;
    QTest::newRow("[MQTT-4.7.1-2] plus after a word") << QByteArray("a+") << false;
    QTest::newRow("[MQTT-4.7.1-2] plus before a word") << QByteArray("a/+b") << false;
    QTest::newRow("[MQTT-4.7.1-2] two pluses") << QByteArray("++") << false;
    QTest::newRow("[MQTT-4.7.1-2] plus and hash") << QByteArray("+#") << false;
    QTest::newRow("[MQTT-4.7.3-2] nul") << QByteArray("\0", 1) << false;
    QTest::newRow("[MQTT-4.7.3-3] too long") << QByteArray(65536, 'x') << false;
}

void tst_SdkTopic::filters()
{
    QFETCH(const QByteArray, text);
    QFETCH(const bool, valid);
    QCOMPARE(isValidTopicFilter(span(text)), valid);
    QCOMPARE(TopicFilter::parse(span(text)).has_value(), valid);
}

void tst_SdkTopic::matching_data()
{
    QTest::addColumn<QByteArray>("filter");
    QTest::addColumn<QByteArray>("topic");
    QTest::addColumn<bool>("matches");
    const auto row = [](const char *filter, const char *topic, bool matches) {
        QTest::addRow("%s %s %s", filter, matches ? "takes" : "leaves", topic)
            << QByteArray(filter) << QByteArray(topic) << matches;
    };
    row("a/b", "a/b", true);
    row("a/b", "A/b", false); // [MQTT-4.7.3-4] case and all: compared as they are
    row("a/b", "a/b/", false);
    row("a/b", "/a/b", false);
    row("a", "ab", false);
    row("ab", "a", false);
    row("sport/#", "sport", true);
    row("sport/#", "sport/", true);
    row("sport/#", "sport/tennis/player1", true);
    row("sport/#", "sports", false);
    row("#", "a", true);
    row("#", "/", true);
    row("/#", "/", true);
    row("/#", "a", false);
    row("+", "a", true);
    row("+", "/a", false);
    row("+/+", "/a", true);
    row("/+", "/a", true);
    row("+/#", "a", true);
    row("+/+/#", "a", false);
    row("+/+/#", "a/b", true);
    row("sport/+", "sport", false);
    row("sport/+", "sport/", true);
    row("sport/+", "sport/a/b", false);
    row("a/+/c", "a/b/c", true);
    row("a/+/c", "a//c", true);
    row("a/+/c", "a/b/d", false);
    row("a/+/#", "a", false);
    row("+/a/#", "x/a", true);
    // [MQTT-4.7.2-1]
    row("#", "$SYS/x", false);
    row("+/x", "$SYS/x", false);
    row("$SYS/#", "$SYS/x", true);
    row("$SYS/#", "$SYS", true);
    row("$SYS/+", "$SYS/x", true);
    row("$SYS/x", "$SYS/x", true);
    row("a/+", "a/$x", true);
}

void tst_SdkTopic::matching()
{
    QFETCH(const QByteArray, filter);
    QFETCH(const QByteArray, topic);
    QFETCH(const bool, matches);
    QVERIFY(isValidTopicFilter(span(filter)));
    QVERIFY(isValidTopicName(span(topic)));
    QCOMPARE(topicMatches(span(filter), span(topic)), matches);
    QCOMPARE(TopicFilter::parse(span(filter))->matches(span(topic)), matches);
}

/// All filters and topics of up to three levels over a small alphabet, against the definition.
void tst_SdkTopic::matchingAgreesWithLevelByLevelDefinition()
{
    const QByteArrayList words = {"", "a", "b", "$c"};
    const QByteArrayList patterns = {"", "a", "b", "$c", "+", "#"};
    const auto paths = [](const QByteArrayList &parts) {
        QByteArrayList all;
        for (const QByteArray &one : parts) {
            all << one;
            for (const QByteArray &two : parts) {
                all << one + '/' + two;
                for (const QByteArray &three : parts)
                    all << one + '/' + two + '/' + three;
            }
        }
        return all;
    };
    const auto defined = [](const QByteArray &filter, const QByteArray &topic) {
        if (topic.startsWith('$') && (filter.startsWith('+') || filter.startsWith('#')))
            return false;
        const QByteArrayList f = filter.split('/');
        const QByteArrayList t = topic.split('/');
        for (qsizetype i = 0; i < f.size(); ++i) {
            if (f[i] == "#")
                return true;
            if (i >= t.size() || (f[i] != "+" && f[i] != t[i]))
                return false;
        }
        return f.size() == t.size();
    };
    int checked = 0;
    for (const QByteArray &filter : paths(patterns)) {
        if (!isValidTopicFilter(span(filter)))
            continue;
        for (const QByteArray &topic : paths(words)) {
            if (topic.isEmpty())
                continue;
            const bool expected = defined(filter, topic);
            const QByteArray what = filter + " on " + topic;
            QVERIFY2(topicMatches(span(filter), span(topic)) == expected, what.constData());
            ++checked;
        }
    }
    QVERIFY(checked > 10000);
}

void tst_SdkTopic::sharedFilters_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<bool>("valid");
    QTest::addColumn<QByteArray>("group");
    QTest::addColumn<QByteArray>("pattern");
    const auto row = [](const char *name,
                        const QByteArray &text,
                        bool valid,
                        const QByteArray &group = {},
                        const QByteArray &pattern = {}) {
        QTest::newRow(name) << text << valid << group << pattern;
    };
    row("not shared", "a/b", true, "", "a/b");
    row("shared", "$share/g/a/+", true, "g", "a/+");
    row("slash first", "$share/g//a", true, "g", "/a");
    row("hash", "$share/g/#", true, "g", "#");
    row("nested is a plain pattern", "$share/g/$share/h/x", true, "g", "$share/h/x");
    row("[MQTT-4.8.2-1] no group", "$share//a", false);
    row("[MQTT-4.8.2-2] no filter", "$share/g", false);
    row("[MQTT-4.8.2-2] empty filter", "$share/g/", false);
    row("[MQTT-4.8.2-2] plus in the group", "$share/g+/a", false);
    row("[MQTT-4.8.2-2] hash in the group", "$share/#/a", false);
    row("[MQTT-4.8.2-1] nothing", "$share/", false);
    row("bad utf-8 in the group", "$share/\xFF/a", false);
    row("bad pattern", "$share/g/a#", false);
    row("without its slash it is a plain filter", "$share", true, "", "$share");
    row("another spelling is a plain filter", "$Share/g/a", true, "", "$Share/g/a");
}

void tst_SdkTopic::sharedFilters()
{
    QFETCH(const QByteArray, text);
    QFETCH(const bool, valid);
    const Result<TopicFilter> filter = TopicFilter::parse(span(text));
    QCOMPARE(filter.has_value(), valid);
    if (!valid)
        return;
    QFETCH(const QByteArray, group);
    QFETCH(const QByteArray, pattern);
    QCOMPARE(filter->isShared(), !group.isEmpty());
    QCOMPARE(filter->group(), span(group));
    QCOMPARE(filter->pattern(), span(pattern));
    QCOMPARE(filter->bytes(), span(text));
    QCOMPARE(filter->hasWildcard(), pattern.contains('+') || pattern.contains('#'));
}

void tst_SdkTopic::utf8IsStrict_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<bool>("valid");
    QTest::newRow("two bytes, smallest") << QByteArray("\xC2\x80") << true;
    QTest::newRow("two bytes, largest") << QByteArray("\xDF\xBF") << true;
    QTest::newRow("three bytes, smallest") << QByteArray("\xE0\xA0\x80") << true;
    QTest::newRow("below the surrogates") << QByteArray("\xED\x9F\xBF") << true;
    QTest::newRow("above the surrogates") << QByteArray("\xEE\x80\x80") << true;
    QTest::newRow("four bytes, smallest") << QByteArray("\xF0\x90\x80\x80") << true;
    QTest::newRow("U+10FFFF") << QByteArray("\xF4\x8F\xBF\xBF") << true;
    QTest::newRow("[MQTT-1.5.4-1] high surrogate") << QByteArray("\xED\xA0\x80") << false;
    QTest::newRow("[MQTT-1.5.4-1] low surrogate") << QByteArray("\xED\xBF\xBF") << false;
    QTest::newRow("[MQTT-1.5.4-2] overlong nul") << QByteArray("\xC0\x80") << false;
    QTest::newRow("overlong slash, two") << QByteArray("\xC0\xAF") << false;
    QTest::newRow("overlong, C1") << QByteArray("\xC1\xBF") << false;
    QTest::newRow("overlong, three") << QByteArray("\xE0\x9F\xBF") << false;
    QTest::newRow("overlong, four") << QByteArray("\xF0\x8F\xBF\xBF") << false;
    QTest::newRow("above U+10FFFF") << QByteArray("\xF4\x90\x80\x80") << false;
    QTest::newRow("F5") << QByteArray("\xF5\x80\x80\x80") << false;
    QTest::newRow("FF") << QByteArray("\xFF") << false;
    QTest::newRow("tail alone") << QByteArray("\x80") << false;
    QTest::newRow("cut after one of two") << QByteArray("\xC3") << false;
    QTest::newRow("cut after two of three") << QByteArray("\xE2\x82") << false;
    QTest::newRow("cut after three of four") << QByteArray("\xF0\x9F\x98") << false;
    QTest::newRow("third is no tail") << QByteArray("\xE2\x82"
                                                    "a")
                                      << false;
    QTest::newRow("fourth is no tail") << QByteArray("\xF0\x9F\x98"
                                                     "a")
                                       << false;
}

void tst_SdkTopic::utf8IsStrict()
{
    QFETCH(const QByteArray, bytes);
    QFETCH(const bool, valid);
    // At every offset, so that the step over eight ASCII bytes is entered and left everywhere.
    for (int before = 0; before < 18; ++before) {
        for (int after : {0, 1, 7, 8, 9}) {
            const QByteArray text = QByteArray(before, 'a') + bytes + QByteArray(after, 'b');
            QCOMPARE(isValidTopicName(span(text)), valid);
            QCOMPARE(isValidTopicFilter(span(text)), valid);
        }
    }
}

void tst_SdkTopic::everyByteIsSeenWhereverItStands()
{
    for (int at = 0; at < 24; ++at) {
        for (int byte = 0; byte < 256; ++byte) {
            QByteArray text(24, 'x');
            text[at] = char(byte);
            const bool valid = byte != 0 && byte < 0x80 && byte != '+' && byte != '#';
            QCOMPARE(isValidTopicName(span(text)), valid);
        }
    }
}

void tst_SdkTopic::valuesCompareByText()
{
    QCOMPARE(*TopicName::parse("a/b"), *TopicName::parse("a/b"));
    QVERIFY(!(*TopicFilter::parse("a/+") == *TopicFilter::parse("a/#")));
    QVERIFY(TopicName().isEmpty());
    QVERIFY(!TopicFilter().isShared());
}

QTEST_APPLESS_MAIN(tst_SdkTopic)

#include "tst_sdktopic.moc"
