// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/observe/endpointlogger.h"
#include "core/observe/logfields.h"
#include "core/observe/loghub.h"
#include "core/observe/qtmessages.h"

#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>
#include <QtCore/QLoggingCategory>
#include <QtTest/QtTest>

#include <thread>
#include <vector>

using namespace fairlead;
using namespace fairlead::core;

namespace {

qint64 s_now = 0;

LogHub::Options options(LogFormat format, QList<QByteArray> *lines)
{
    LogHub::Options result;
    result.format = format;
    result.sink = [lines](const QByteArray &line) { lines->append(line); };
    result.utcMs = [] { return qint64(1'700'000'000'123); };
    result.monotonicNs = [] { return s_now; };
    return result;
}

} // namespace

class tst_Logging : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void init() { s_now = 0; }

    void journalLinesCarryAPriorityAndNoTime();
    void textLinesCarryTimeAndLevel();
    void jsonLinesAreObjects();
    void linesBelowTheLevelAreNotWritten();
    void aPeerCannotWriteLinesOfItsOwn_data();
    void aPeerCannotWriteLinesOfItsOwn();
    void fieldsSurviveTheirQuotes_data();
    void fieldsSurviveTheirQuotes();
    void wordsAfterTheFieldsStayTogether();
    void repeatedWarningsAreHeldBackAndCounted();
    void aQuietEndIsToldByTheFlush();
    void otherEventsAndInfoAreNotHeldBack();
    void theTableOfKindsIsBounded();
    void endpointLinesNameEndpointAndPlugin();
    void qtMessagesPassThroughTheHub();
    void linesOfSeveralThreadsDoNotMix();
};

void tst_Logging::journalLinesCarryAPriorityAndNoTime()
{
    QList<QByteArray> lines;
    LogHub hub(options(LogFormat::Journal, &lines));
    hub.setLevel(LogLevel::Debug);
    hub.log(LogLevel::Debug, QStringLiteral("core.a"), "one");
    hub.log(LogLevel::Info, QStringLiteral("core.a"), "two", logField("n", 1));
    hub.log(LogLevel::Warning, QStringLiteral("core.a"), "three");
    hub.log(LogLevel::Error, QStringLiteral("core.a"), "four");
    QCOMPARE(
        lines,
        QList<QByteArray>(
            {"<7>core.a one\n", "<6>core.a two n=1\n", "<4>core.a three\n", "<3>core.a four\n"}));
}

void tst_Logging::textLinesCarryTimeAndLevel()
{
    QList<QByteArray> lines;
    LogHub::Options plain = options(LogFormat::Text, &lines);
    LogHub(plain).log(LogLevel::Warning, QStringLiteral("core.a"), "e", QStringLiteral("k=v"));
    const QRegularExpression pattern(QStringLiteral(
        "\\A\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.123 warning core\\.a e k=v\\n\\z"));
    QVERIFY2(pattern.match(QString::fromUtf8(lines[0])).hasMatch(), lines[0].constData());

    plain.coloured = true;
    LogHub(plain).log(LogLevel::Error, QStringLiteral("core.a"), "e");
    QVERIFY(lines[1].contains("\033[31merror"));
    QVERIFY(lines[1].endsWith("\033[0m\n"));
}

void tst_Logging::jsonLinesAreObjects()
{
    QList<QByteArray> lines;
    LogHub hub(options(LogFormat::Json, &lines));
    hub.log(LogLevel::Info,
            QStringLiteral("core.a"),
            "e",
            logField("name", QStringLiteral("a \"b\"\n")) + QStringLiteral(" n=3 and words"));
    QCOMPARE(lines[0].count('\n'), 1);
    const QJsonObject object = QJsonDocument::fromJson(lines[0]).object();
    QCOMPARE(object.value(QStringLiteral("time")).toString(),
             QStringLiteral("2023-11-14T22:13:20.123Z"));
    QCOMPARE(object.value(QStringLiteral("level")).toString(), QStringLiteral("info"));
    QCOMPARE(object.value(QStringLiteral("component")).toString(), QStringLiteral("core.a"));
    QCOMPARE(object.value(QStringLiteral("event")).toString(), QStringLiteral("e"));
    const QJsonObject fields = object.value(QStringLiteral("fields")).toObject();
    QCOMPARE(fields.value(QStringLiteral("name")).toString(), QStringLiteral("a \"b\"\\n"));
    QCOMPARE(fields.value(QStringLiteral("n")).toString(), QStringLiteral("3"));
    QCOMPARE(object.value(QStringLiteral("text")).toString(), QStringLiteral("and words"));
}

void tst_Logging::linesBelowTheLevelAreNotWritten()
{
    QList<QByteArray> lines;
    LogHub hub(options(LogFormat::Journal, &lines));
    hub.log(LogLevel::Debug, QStringLiteral("a"), "e");
    QVERIFY(lines.isEmpty());
    hub.setLevel(LogLevel::Error);
    hub.log(LogLevel::Warning, QStringLiteral("a"), "e");
    hub.logLimited(LogLevel::Warning, QStringLiteral("a"), "e");
    QVERIFY(lines.isEmpty());
    QVERIFY(!hub.isEnabled(LogLevel::Warning));
    QVERIFY(hub.isEnabled(LogLevel::Error));
}

void tst_Logging::aPeerCannotWriteLinesOfItsOwn_data()
{
    QTest::addColumn<QString>("evil");
    QTest::newRow("line feed") << QStringLiteral("x\n<3>core.a fake");
    QTest::newRow("carriage return") << QStringLiteral("x\r<3>core.a fake");
    QTest::newRow("escape") << QStringLiteral("x\033[2J");
    QTest::newRow("line separator") << QStringLiteral("x\u2028y");
    QTest::newRow("right to left") << QStringLiteral("x\u202ey");
    QTest::newRow("zero") << QStringLiteral("x") + QChar(0) + QStringLiteral("y");
}

void tst_Logging::aPeerCannotWriteLinesOfItsOwn()
{
    QFETCH(QString, evil);
    for (const LogFormat format : {LogFormat::Text, LogFormat::Journal, LogFormat::Json}) {
        QList<QByteArray> lines;
        LogHub hub(options(format, &lines));
        hub.log(LogLevel::Info, QStringLiteral("a"), "e", evil);
        hub.log(LogLevel::Info, QStringLiteral("a"), "e", logField("id", evil));
        QCOMPARE(lines.size(), 2);
        for (const QByteArray &line : std::as_const(lines)) {
            QCOMPARE(line.count('\n'), 1);
            QVERIFY(!line.contains('\r') && !line.contains('\033') && !line.contains('\0'));
            if (format != LogFormat::Json) {
                QVERIFY(!line.contains("\u2028") && !line.contains("\u202e"));
            }
        }
    }
}

void tst_Logging::fieldsSurviveTheirQuotes_data()
{
    QTest::addColumn<QString>("value");
    for (const char *value : {"plain", "", "two words", "a=b", "a\"b", "a\\b", "\\\"", "\"", "\\"})
        QTest::addRow("<%s>", value) << QString::fromLatin1(value);
}

void tst_Logging::fieldsSurviveTheirQuotes()
{
    QFETCH(QString, value);
    const LogFields parsed = parseLogFields(logField("k", value) + QStringLiteral(" next=1"));
    QCOMPARE(parsed.fields.size(), 2);
    QCOMPARE(parsed.fields[0].second, value);
    QVERIFY(parsed.rest.isEmpty());
}

void tst_Logging::wordsAfterTheFieldsStayTogether()
{
    QCOMPARE(parseLogFields(QStringLiteral("just words k=v")).rest,
             QStringLiteral("just words k=v"));
    QCOMPARE(parseLogFields(QStringLiteral("k=v and l=w")).rest, QStringLiteral("and l=w"));
    QCOMPARE(parseLogFields(QStringLiteral("k=\"open")).rest, QStringLiteral("k=\"open"));
    QCOMPARE(parseLogFields(QString()).fields.size(), 0);
}

void tst_Logging::repeatedWarningsAreHeldBackAndCounted()
{
    QList<QByteArray> lines;
    LogHub hub(options(LogFormat::Journal, &lines));
    for (int i = 0; i < 100; ++i)
        hub.logLimited(LogLevel::Warning, QStringLiteral("a"), "e", QStringLiteral("x=1"));
    QCOMPARE(lines.size(), qsizetype(RepeatLimiter::kLinesPerWindow));
    s_now = RepeatLimiter::kWindowNs;
    hub.logLimited(LogLevel::Warning, QStringLiteral("a"), "e", QStringLiteral("x=1"));
    QCOMPARE(lines.last(), QByteArray("<4>a e repeated=90 x=1\n"));
    hub.logLimited(LogLevel::Warning, QStringLiteral("a"), "e", QStringLiteral("x=1"));
    QCOMPARE(lines.last(), QByteArray("<4>a e x=1\n"));
}

void tst_Logging::aQuietEndIsToldByTheFlush()
{
    QList<QByteArray> lines;
    LogHub hub(options(LogFormat::Journal, &lines));
    for (int i = 0; i < 13; ++i)
        hub.logLimited(LogLevel::Error, QStringLiteral("a"), "e");
    lines.clear();
    hub.flushRepeats();
    QVERIFY(lines.isEmpty());
    s_now = RepeatLimiter::kWindowNs;
    hub.flushRepeats();
    QCOMPARE(lines, QList<QByteArray>{"<4>core.observe held-back repeated=3 kind=\"a e\"\n"});
    hub.flushRepeats();
    QCOMPARE(lines.size(), 1);

    for (int i = 0; i < 12; ++i)
        hub.logLimited(LogLevel::Error, QStringLiteral("a"), "e");
    lines.clear();
    hub.flushAll();
    QCOMPARE(lines, QList<QByteArray>{"<4>core.observe held-back repeated=2 kind=\"a e\"\n"});
}

void tst_Logging::otherEventsAndInfoAreNotHeldBack()
{
    QList<QByteArray> lines;
    LogHub hub(options(LogFormat::Journal, &lines));
    for (int i = 0; i < 20; ++i)
        hub.logLimited(LogLevel::Warning, QStringLiteral("a"), "e");
    lines.clear();
    hub.logLimited(LogLevel::Warning, QStringLiteral("a"), "f");
    hub.logLimited(LogLevel::Warning, QStringLiteral("b"), "e");
    QCOMPARE(lines.size(), 2);
    for (int i = 0; i < 20; ++i)
        hub.logLimited(LogLevel::Info, QStringLiteral("a"), "e");
    QCOMPARE(lines.size(), 22);
}

void tst_Logging::theTableOfKindsIsBounded()
{
    RepeatLimiter limiter;
    quint64 earlier = 0;
    int passed = 0;
    for (int i = 0; i < 10 * RepeatLimiter::kMostKinds; ++i)
        passed += limiter.admit(QString::number(i), 0, &earlier) ? 1 : 0;
    QCOMPARE(passed, int(RepeatLimiter::kMostKinds + RepeatLimiter::kLinesPerWindow));
    QCOMPARE(limiter.takeAll().size(), 1);
}

void tst_Logging::endpointLinesNameEndpointAndPlugin()
{
    QList<QByteArray> lines;
    LogHub hub(options(LogFormat::Journal, &lines));
    EndpointLogger logger(hub, QStringLiteral("mqtt"), QStringLiteral("lan"));
    Logger &asPluginsSeeIt = logger;
    asPluginsSeeIt.log(LogLevel::Info, "link-closed", QStringLiteral("peer=x"));
    asPluginsSeeIt.log(LogLevel::Debug, "hidden", QString());
    asPluginsSeeIt.log(LogLevel::Info, "alone", QString());
    QCOMPARE(lines,
             QList<QByteArray>({"<6>plugin.mqtt link-closed endpoint=lan peer=x\n",
                                "<6>plugin.mqtt alone endpoint=lan\n"}));
    QVERIFY(!asPluginsSeeIt.isEnabled(LogLevel::Debug));
}

void tst_Logging::qtMessagesPassThroughTheHub()
{
    QList<QByteArray> lines;
    LogHub hub(options(LogFormat::Journal, &lines));
    {
        const QtMessages messages(hub);
        qWarning("two\nlines");
        const QLoggingCategory category("some.thing");
        qCCritical(category) << "bad";
    }
    QCOMPARE(lines,
             QList<QByteArray>({"<4>qt message two\\nlines\n", "<3>some.thing message bad\n"}));
}

void tst_Logging::linesOfSeveralThreadsDoNotMix()
{
    QByteArray all;
    QList<QByteArray> unused;
    LogHub::Options settings = options(LogFormat::Journal, &unused);
    settings.sink = [&all](const QByteArray &line) {
        for (const char character : line)
            all.append(character);
    };
    LogHub hub(settings);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&hub] {
            for (int j = 0; j < 200; ++j)
                hub.log(LogLevel::Info, QStringLiteral("a"), "e", QStringLiteral("some=text"));
        });
    }
    for (std::thread &thread : threads)
        thread.join();
    const QList<QByteArray> lines = all.split('\n');
    QCOMPARE(lines.size(), 801);
    for (int i = 0; i < 800; ++i)
        QCOMPARE(lines[i], QByteArray("<6>a e some=text"));
}

QTEST_APPLESS_MAIN(tst_Logging)
#include "tst_logging.moc"
