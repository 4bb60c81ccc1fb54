// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "output/formatstring.h"
#include "sample.h"

#include <QtTest>

using namespace fairlead::cli;

/// -F
class tst_CliFormat : public QObject
{
    Q_OBJECT

    static QByteArray render(const QByteArray &format,
                             const IncomingMessage &message,
                             QString *problem = nullptr)
    {
        QByteArray out;
        QString found;
        FormatString(format, false)
            .render(message, Moment::at(1'588'801'920, 123'456'789), out, found);
        if (problem != nullptr) {
            *problem = found;
        }
        return out;
    }

private Q_SLOTS:
    void initTestCase();
    void printsTheMessage_data();
    void printsTheMessage();
    void printsNothingForAbsentProperties();
    void countsCharactersNotOctets();
    void printsPayloadsInHex_data();
    void printsPayloadsInHex();
    void printsReals();
    void printsTheTime();
    void printsCharacters();
    void tellsOfAPayloadThatIsNotJson();
    void refuses_data();
    void refuses();
};

void tst_CliFormat::initTestCase()
{
    qputenv("TZ", "UTC-2");
    tzset();
}

void tst_CliFormat::printsTheMessage_data()
{
    QTest::addColumn<QByteArray>("format");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *format, const char *expected) {
        QTest::newRow(format) << QByteArray(format) << QByteArray(expected);
    };
    row("%t %p", "a/b h\xC3\xA9llo");
    row("%q%r", "11");
    row("%l %m", "6 42");
    row("%%", "%");
    row("%A %C %D %E %F %R %S", "3 text/plain co 77 1 re 7");
    row("%P", "k:v1 k:v2");
    row("[%6t][%-6t][%06t]", "[   a/b][a/b   ][   a/b]");
    row("[%.2t][%6.2t][%-6.2t]", "[a/][    a/][a/    ]");
    row("[%4l][%-4l][%04l][%-04l]", "[   6][6   ][0006][6   ]");
    row("[%5E][%05S]", "[   77][00007]");
    row("[%12C][%.4C]", "[  text/plain][text]");
    row("plain", "plain");
    row("", "");
}

void tst_CliFormat::printsTheMessage()
{
    QFETCH(QByteArray, format);
    QFETCH(QByteArray, expected);
    QCOMPARE(render(format, sampleMessage()), expected);
}

void tst_CliFormat::printsNothingForAbsentProperties()
{
    IncomingMessage message;
    message.topic = "t";
    QCOMPARE(render("[%A%C%D%E%F%P%R%S%p%x]", message), QByteArray("[]"));
    QCOMPARE(render("[%3A][%03E][%3C]", message), QByteArray("[   ][000][   ]"));
}

void tst_CliFormat::countsCharactersNotOctets()
{
    IncomingMessage message;
    message.topic = "\xC3\xA4\xE2\x82\xAC/x";
    QCOMPARE(render("[%6t]", message), "[  " + message.topic + ']');
    QCOMPARE(render("[%.2t]", message), QByteArray("[\xC3\xA4\xE2\x82\xAC]"));
}

void tst_CliFormat::printsPayloadsInHex_data()
{
    QTest::addColumn<QByteArray>("format");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *format, const char *expected) {
        QTest::newRow(format) << QByteArray(format) << QByteArray(expected);
    };
    row("%x", "00abff");
    row("%X", "00ABFF");
    row("[%8x][%-8x][%08x]", "[  00abff][00abff  ][0000abff]");
    row("%.2:x", "00:ab:ff");
    row("%.2 X", "00 AB FF");
    row("%.4-x", "00ab-ff");
}

void tst_CliFormat::printsPayloadsInHex()
{
    QFETCH(QByteArray, format);
    QFETCH(QByteArray, expected);
    IncomingMessage message;
    message.payload = QByteArray("\x00\xab\xff", 3);
    QCOMPARE(render(format, message), expected);
}

void tst_CliFormat::printsReals()
{
    IncomingMessage message;
    const float single = 1.5F;
    message.payload = QByteArray(reinterpret_cast<const char *>(&single), sizeof single);
    QString problem;
    QCOMPARE(render("%f [%.1f] [%7.2f] [%-6.1f]", message, &problem),
             QByteArray("1.500000 [1.5] [   1.50] [1.5   ]"));
    QVERIFY(problem.isEmpty());
    render("%d", message, &problem);
    QVERIFY(problem.contains(QLatin1String("double")));
    const double real = -2.25;
    message.payload = QByteArray(reinterpret_cast<const char *>(&real), sizeof real);
    QCOMPARE(render("%.2d", message, &problem), QByteArray("-2.25"));
    QVERIFY(problem.isEmpty());
}

void tst_CliFormat::printsTheTime()
{
    const IncomingMessage message;
    QCOMPARE(render("%I", message), QByteArray("2020-05-06T23:52:00+0200"));
    QCOMPARE(render("[%28I][%.10I]", message),
             QByteArray("[    2020-05-06T23:52:00+0200][2020-05-06]"));
    QCOMPARE(render("%U", message), QByteArray("1588801920.123456789"));
    QCOMPARE(render("@Y-@m-@d @H:@M:@S.@N @@", message),
             QByteArray("2020-05-06 23:52:00.123456789 @"));
}

void tst_CliFormat::printsCharacters()
{
    QCOMPARE(render("\\\\|\\0|\\a|\\e|\\n|\\r|\\t|\\v", IncomingMessage()),
             QByteArray("\\|\0|\a|\x1b|\n|\r|\t|\v", 15));
}

void tst_CliFormat::tellsOfAPayloadThatIsNotJson()
{
    IncomingMessage message;
    message.topic = "some/topic";
    message.payload = "no json";
    QString problem;
    QCOMPARE(render("%J", message, &problem), QByteArray());
    QVERIFY(problem.contains(QLatin1String("some/topic")));
}

void tst_CliFormat::refuses_data()
{
    QTest::addColumn<QByteArray>("format");
    for (const char *format : {"%",
                               "%z",
                               "%5",
                               "%-",
                               "%0",
                               "%.",
                               "%5.",
                               "@",
                               "\\",
                               "\\q",
                               "%99999999999t",
                               "%:t",
                               "%.99999x"}) {
        QTest::newRow(format) << QByteArray(format);
    }
}

void tst_CliFormat::refuses()
{
    QFETCH(QByteArray, format);
    QCOMPARE(FormatString::check(format).name, QByteArray("invalid-format"));
}

QTEST_APPLESS_MAIN(tst_CliFormat)
#include "tst_cliformat.moc"
