// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "options/optionparser.h"

#include <QtTest>

using namespace fairlead::cli;
using fairlead::mqtt::PropertyId;
using fairlead::mqtt::Version;

Q_DECLARE_METATYPE(Tool)

/// What the options mean together.
class tst_CliOptionChecks : public QObject
{
    Q_OBJECT

    static Failure parse(Tool tool, const QByteArray &line, Options *out = nullptr)
    {
        OptionParser parser(tool);
        const Failure failure
            = parser.parse(line.isEmpty() ? QList<QByteArray>() : line.split(' '), QString());
        if (out != nullptr) {
            *out = parser.options();
        }
        return failure;
    }

private Q_SLOTS:
    void refuses_data();
    void refuses();
    void theLastWordOnTheVersionStands();
    void keepingASessionInMqtt5MeansForEver();
    void anExpiryMakesItMqtt5();
    void askingForTheOriginMakesItMqtt5();
    void announcesNoMoreThanIsWanted();
    void sendsRetainedMessagesNeverWhenTheyAreLeftOut();
    void rrPutsTheResponseTopicIntoTheRequest();
    void makesUpAClientIdWhereMqtt31NeedsOne();
    void makesTheClientIdOfThePrefix();
    void dropsWillPropertiesWithoutAWill();
};

void tst_CliOptionChecks::refuses_data()
{
    QTest::addColumn<Tool>("tool");
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("name");
    const auto row = [](const char *tag, Tool tool, const char *line, const char *name) {
        QTest::newRow(tag) << tool << QByteArray(line) << QByteArray(name);
    };
    row("pub without anything", Tool::Pub, "", "missing-option");
    row("pub without message", Tool::Pub, "-t a", "missing-option");
    row("pub without topic", Tool::Pub, "-m a", "missing-option");
    row("sub without topic", Tool::Sub, "-v", "missing-option");
    row("rr without response topic", Tool::Rr, "-t a -m b", "missing-option");
    row("rr without message", Tool::Rr, "-t a -e b", "missing-option");
    row("two response topics",
        Tool::Rr,
        "-t a -m b -e c -D publish response-topic d",
        "duplicate-property");
    row("session without id", Tool::Sub, "-t a -c", "missing-option");
    row("session without id, 5", Tool::Sub, "-t a -c -V 5", "missing-option");
    row("endless without id", Tool::Sub, "-t a -x -1", "missing-option");
    row("two expiries",
        Tool::Sub,
        "-t a -x 1 -D connect session-expiry-interval 2",
        "duplicate-property");
    row("password alone, 3.1.1", Tool::Pub, "-t a -m b -P pw", "invalid-argument");
    row("will payload alone", Tool::Pub, "-t a -m b --will-payload x", "missing-option");
    row("will retain alone", Tool::Pub, "-t a -m b --will-retain", "missing-option");
    row("only what is left out", Tool::Sub, "-t a -R --retained-only", "invalid-argument");
    row("origin in 3.1.1", Tool::Sub, "-t a -V 311 --show-origin", "invalid-argument");
    row("format and output", Tool::Sub, "-t a -F x --output json", "invalid-argument");
    row("output without line ends", Tool::Sub, "-t a -N --output json", "invalid-argument");
    row("watch and output", Tool::Sub, "-t a -w --output json", "invalid-argument");
}

void tst_CliOptionChecks::refuses()
{
    QFETCH(Tool, tool);
    QFETCH(QByteArray, line);
    QFETCH(QByteArray, name);
    const Failure failure = parse(tool, line);
    QCOMPARE(failure.name, name);
    QCOMPARE(failure.exitCode, exitcode::kUsage);
}

void tst_CliOptionChecks::theLastWordOnTheVersionStands()
{
    Options options;
    QVERIFY(!parse(Tool::Pub, "-t a -m b -V 311 -D publish content-type x", &options));
    QCOMPARE(options.version, Version::V5);
    QVERIFY(!parse(Tool::Pub, "-t a -m b -D publish content-type x -V 311", &options));
    QCOMPARE(options.version, Version::V311);
    QVERIFY(!parse(Tool::Rr, "-t a -m b -e c", &options));
    QCOMPARE(options.version, Version::V5);
    QVERIFY(!parse(Tool::Pub, "-t a -m b -V 5 -P pw", &options));
}

void tst_CliOptionChecks::keepingASessionInMqtt5MeansForEver()
{
    Options options;
    QVERIFY(!parse(Tool::Sub, "-t a -c -i id -V 5", &options));
    QCOMPARE(options.connectProperties.number(PropertyId::SessionExpiryInterval).value(),
             0xFFFF'FFFFU);
    QVERIFY(!parse(Tool::Sub, "-t a -c -i id -V 5 -x 9", &options));
    QCOMPARE(options.connectProperties.number(PropertyId::SessionExpiryInterval).value(), 9U);
    QVERIFY(!parse(Tool::Sub, "-t a -c -i id", &options));
    QVERIFY(!options.connectProperties.has(PropertyId::SessionExpiryInterval));
}

void tst_CliOptionChecks::anExpiryMakesItMqtt5()
{
    Options options;
    QVERIFY(!parse(Tool::Sub, "-t a -i id -x \xE2\x88\x9E", &options));
    QCOMPARE(options.version, Version::V5);
    QCOMPARE(options.sessionExpiry.value(), 0xFFFF'FFFFU);
}

void tst_CliOptionChecks::askingForTheOriginMakesItMqtt5()
{
    Options options;
    QVERIFY(!parse(Tool::Sub, "-t a --show-origin", &options));
    QCOMPARE(options.version, Version::V5);
}

void tst_CliOptionChecks::announcesNoMoreThanIsWanted()
{
    Options options;
    QVERIFY(!parse(Tool::Sub, "-t a", &options));
    QCOMPARE(options.connectProperties.number(PropertyId::ReceiveMaximum).value(), 20U);
    QCOMPARE(options.enforcedReceiveMaximum, quint16(65'535));
    QVERIFY(!parse(Tool::Sub, "-t a -C 3", &options));
    QCOMPARE(options.connectProperties.number(PropertyId::ReceiveMaximum).value(), 3U);
    QVERIFY(!parse(Tool::Sub, "-t a -C 3 -D connect receive-maximum 5", &options));
    QCOMPARE(options.connectProperties.number(PropertyId::ReceiveMaximum).value(), 5U);
    QCOMPARE(options.enforcedReceiveMaximum, quint16(5));
}

void tst_CliOptionChecks::sendsRetainedMessagesNeverWhenTheyAreLeftOut()
{
    Options options;
    QVERIFY(!parse(Tool::Sub, "-t a -R", &options));
    QVERIFY(options.noRetained);
    QCOMPARE(int(options.retainHandling), 2);
}

void tst_CliOptionChecks::rrPutsTheResponseTopicIntoTheRequest()
{
    Options options;
    QVERIFY(!parse(Tool::Rr, "-t a -m b -e c/d", &options));
    QCOMPARE(copyOf(options.publishProperties.text(PropertyId::ResponseTopic).value()),
             QByteArray("c/d"));
}

void tst_CliOptionChecks::makesUpAClientIdWhereMqtt31NeedsOne()
{
    Options options;
    QVERIFY(!parse(Tool::Sub, "-t a -V 31", &options));
    const QByteArray id = options.clientSettings().clientId;
    QVERIFY(!id.isEmpty() && id.size() <= 23);
    QVERIFY(id != options.clientSettings().clientId);
    QVERIFY(!parse(Tool::Sub, "-t a -V 311", &options));
    QVERIFY(options.clientSettings().clientId.isEmpty());
}

void tst_CliOptionChecks::makesTheClientIdOfThePrefix()
{
    Options options;
    QVERIFY(!parse(Tool::Sub, "-t a -I pre-", &options));
    QCOMPARE(options.clientSettings().clientId,
             "pre-" + QByteArray::number(QCoreApplication::applicationPid()));
}

void tst_CliOptionChecks::dropsWillPropertiesWithoutAWill()
{
    Options options;
    QVERIFY(!parse(Tool::Pub, "-t a -m b -D will will-delay-interval 4", &options));
    QVERIFY(!options.will.has_value());
}

QTEST_APPLESS_MAIN(tst_CliOptionChecks)
#include "tst_clioptionchecks.moc"
