// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "options/brokerurl.h"
#include "options/optionparser.h"

#include <QtTest>

using namespace fairlead::cli;
using fairlead::mqtt::Version;

Q_DECLARE_METATYPE(Tool)

/// What each option does, and what it refuses.
class tst_CliOptions : public QObject
{
    Q_OBJECT

    static Failure parse(Tool tool, const QByteArray &line, Options *out = nullptr)
    {
        OptionParser parser(tool);
        const Failure failure = parser.parse(line.split(' '), QString());
        if (out != nullptr) {
            *out = parser.options();
        }
        return failure;
    }

private Q_SLOTS:
    void readsTheConnection();
    void readsThePublishOptions();
    void readsTheSubscribeOptions();
    void takesEveryStartOfHistory_data();
    void takesEveryStartOfHistory();
    void takesAPlainArgumentOfSubAsFilter();
    void knowsLongNames_data();
    void knowsLongNames();
    void refuses_data();
    void refuses();
    void answersOptionsWithoutTransportWithStatusTwo_data();
    void answersOptionsWithoutTransportWithStatusTwo();
    void takesHelpAndVersionForActionsButNotAsValues();
    void takesUrlsApart_data();
    void takesUrlsApart();
    void refusesBadUrls_data();
    void refusesBadUrls();
};

void tst_CliOptions::readsTheConnection()
{
    Options options;
    const Failure failure
        = parse(Tool::Sub,
                "-h broker -p 1884 -u me -P pw -i id -k 30 -V 5 -A 127.0.0.2 -M 7 "
                "--nodelay -c -x 60 -d --quiet --will-topic w --will-payload bye "
                "--will-qos 2 --will-retain -t a/#",
                &options);
    QVERIFY2(!failure, qPrintable(failure.text));
    QCOMPARE(options.host, QByteArray("broker"));
    QCOMPARE(options.port, quint16(1884));
    QCOMPARE(options.userName.value(), QByteArray("me"));
    QCOMPARE(options.password.value(), QByteArray("pw"));
    QCOMPARE(options.clientId.value(), QByteArray("id"));
    QCOMPARE(options.keepAlive, quint16(30));
    QCOMPARE(options.version, Version::V5);
    QCOMPARE(options.bindAddress, QByteArray("127.0.0.2"));
    QCOMPARE(options.maxInflight, quint16(7));
    QVERIFY(options.noDelay);
    QVERIFY(!options.cleanStart);
    QCOMPARE(options.sessionExpiry.value(), 60U);
    QVERIFY(options.debug);
    QVERIFY(options.quiet);
    QCOMPARE(options.will->topic, QByteArray("w"));
    QCOMPARE(options.will->payload, QByteArray("bye"));
    QCOMPARE(int(options.will->qos), 2);
    QVERIFY(options.will->retain);
    QCOMPARE(options.filters, QList<QByteArray>{"a/#"});
}

void tst_CliOptions::readsThePublishOptions()
{
    Options options;
    const Failure failure
        = parse(Tool::Pub, "-t a -m text -q 2 -r --repeat 3 --repeat-delay 0.25", &options);
    QVERIFY2(!failure, qPrintable(failure.text));
    QCOMPARE(options.topic, QByteArray("a"));
    QCOMPARE(options.source, MessageSource::Argument);
    QCOMPARE(options.message, QByteArray("text"));
    QCOMPARE(int(options.qos), 2);
    QVERIFY(options.retain);
    QCOMPARE(options.repeat, 3U);
    QCOMPARE(options.repeatDelay.count(), 250);
    QCOMPARE(options.version, Version::V311);
}

void tst_CliOptions::readsTheSubscribeOptions()
{
    Options options;
    const Failure failure
        = parse(Tool::Sub,
                "-t a -t b/+ -T b/x -U c -v -C 5 -W 7 -E -N -q 1 --retained-only --remove-retained "
                "--retain-as-published --retain-handling new --random-filter 12.5 -F %t",
                &options);
    QVERIFY2(!failure, qPrintable(failure.text));
    QCOMPARE(options.filters, (QList<QByteArray>{"a", "b/+"}));
    QCOMPARE(options.filterOuts, QList<QByteArray>{"b/x"});
    QCOMPARE(options.unsubscribes, QList<QByteArray>{"c"});
    QVERIFY(options.verbose && options.exitAfterSubscribe && !options.lineEnd);
    QVERIFY(options.retainedOnly && options.removeRetained && options.retainAsPublished);
    QCOMPARE(options.messageCount, 5U);
    QCOMPARE(options.timeout.count(), 7);
    QCOMPARE(int(options.retainHandling), 1);
    QCOMPARE(options.randomFilter, 12.5);
    QCOMPARE(options.format.value(), QByteArray("%t"));
}

void tst_CliOptions::takesEveryStartOfHistory_data()
{
    QTest::addColumn<QByteArray>("from");
    for (const char *from : {"0", "12345", "3:12345", "-20", "30s", "5m", "2h", "1d"}) {
        QTest::newRow(from) << QByteArray(from);
    }
}

void tst_CliOptions::takesEveryStartOfHistory()
{
    QFETCH(QByteArray, from);
    Options options;
    const Failure failure = parse(Tool::Sub, "-t a --replay " + from, &options);
    QVERIFY2(!failure, qPrintable(failure.text));
    QCOMPARE(options.replay, from);
    QCOMPARE(options.filters, QList<QByteArray>{"a"});
}

void tst_CliOptions::takesAPlainArgumentOfSubAsFilter()
{
    Options options;
    QVERIFY(!parse(Tool::Sub, "tcp/# -v other", &options));
    QCOMPARE(options.filters, (QList<QByteArray>{"tcp/#", "other"}));
    QCOMPARE(parse(Tool::Pub, "topic -m x").name, QByteArray("unknown-option"));
}

void tst_CliOptions::knowsLongNames_data()
{
    QTest::addColumn<Tool>("tool");
    QTest::addColumn<QByteArray>("shortForm");
    QTest::addColumn<QByteArray>("longForm");
    QTest::newRow("host") << Tool::Pub << QByteArray("-h") << QByteArray("--host");
    QTest::newRow("port") << Tool::Pub << QByteArray("-p") << QByteArray("--port");
    QTest::newRow("topic") << Tool::Sub << QByteArray("-t") << QByteArray("--topic");
    QTest::newRow("message") << Tool::Pub << QByteArray("-m") << QByteArray("--message");
    QTest::newRow("lines") << Tool::Pub << QByteArray("-l") << QByteArray("--stdin-line");
    QTest::newRow("filter out") << Tool::Sub << QByteArray("-T") << QByteArray("--filter-out");
    QTest::newRow("watch") << Tool::Sub << QByteArray("-w") << QByteArray("--watch");
    QTest::newRow("property") << Tool::Rr << QByteArray("-D") << QByteArray("--property");
    QTest::newRow("url") << Tool::Rr << QByteArray("-L") << QByteArray("--url");
}

void tst_CliOptions::knowsLongNames()
{
    QFETCH(Tool, tool);
    QFETCH(QByteArray, shortForm);
    QFETCH(QByteArray, longForm);
    QVERIFY(findOption(tool, shortForm) != nullptr);
    QCOMPARE(findOption(tool, shortForm), findOption(tool, longForm));
}

void tst_CliOptions::refuses_data()
{
    QTest::addColumn<Tool>("tool");
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("name");
    const auto row = [](const char *tag, Tool tool, const char *line, const char *name) {
        QTest::newRow(tag) << tool << QByteArray(line) << QByteArray(name);
    };
    row("unknown", Tool::Sub, "-t a -Z", "unknown-option");
    row("of another tool", Tool::Sub, "-t a -m x", "unknown-option");
    row("no argument", Tool::Sub, "-t a -p", "missing-argument");
    row("port 0", Tool::Sub, "-t a -p 0", "value-out-of-range");
    row("port too large", Tool::Sub, "-t a -p 65536", "value-out-of-range");
    row("port with rest", Tool::Sub, "-t a -p 1883x", "value-out-of-range");
    row("keep alive", Tool::Sub, "-t a -k 4", "value-out-of-range");
    row("qos", Tool::Sub, "-t a -q 3", "value-out-of-range");
    row("version", Tool::Sub, "-t a -V 6", "value-out-of-range");
    row("count", Tool::Sub, "-t a -C 0", "value-out-of-range");
    row("timeout", Tool::Sub, "-t a -W 0", "value-out-of-range");
    row("session expiry", Tool::Sub, "-t a -x -2", "value-out-of-range");
    row("random filter", Tool::Sub, "-t a --random-filter 0", "value-out-of-range");
    row("retain handling", Tool::Sub, "-t a --retain-handling x", "value-out-of-range");
    row("output", Tool::Sub, "-t a --output xml", "value-out-of-range");
    row("format", Tool::Sub, "-t a -F %z", "invalid-format");
    row("filter", Tool::Sub, "-t a/#/b", "invalid-topic");
    row("share without filter", Tool::Sub, "-t $share/g", "invalid-topic");
    row("replay", Tool::Sub, "-t a --replay 5w", "value-out-of-range");
    row("replay of nothing", Tool::Sub, "-t a --replay -", "value-out-of-range");
    row("replay of a level", Tool::Sub, "-t a --replay 1/2", "value-out-of-range");
    row("replay of half a position", Tool::Sub, "-t a --replay 3:", "value-out-of-range");
    row("replay shared", Tool::Sub, "-t $share/g/a --replay 0", "invalid-argument");
    row("replay of the host", Tool::Sub, "-t $SYS/# --replay 0", "invalid-argument");
    row("filter out", Tool::Sub, "-t a -T a+", "invalid-topic");
    row("topic with wildcard", Tool::Pub, "-t a/+ -m x", "invalid-topic");
    row("will with wildcard", Tool::Pub, "-t a -m x --will-topic #", "invalid-topic");
    row("two messages", Tool::Pub, "-t a -m x -n", "invalid-argument");
    row("repeat", Tool::Pub, "-t a -m x --repeat 0", "value-out-of-range");
    row("repeat delay", Tool::Pub, "-t a -m x --repeat-delay -1", "value-out-of-range");
    row("repeat delay nan", Tool::Pub, "-t a -m x --repeat-delay nan", "value-out-of-range");
    row("both ids", Tool::Pub, "-t a -m x -i a -I b", "invalid-argument");
    row("user not UTF-8", Tool::Pub, "-t a -m x -u \xff", "malformed-utf8");
    row("two option files", Tool::Pub, "-o a -o b -t a -m x", "invalid-argument");
}

void tst_CliOptions::refuses()
{
    QFETCH(Tool, tool);
    QFETCH(QByteArray, line);
    QFETCH(QByteArray, name);
    const Failure failure = parse(tool, line);
    QCOMPARE(failure.name, name);
    QCOMPARE(failure.exitCode, exitcode::kUsage);
    QVERIFY(!failure.text.isEmpty());
}

void tst_CliOptions::answersOptionsWithoutTransportWithStatusTwo_data()
{
    QTest::addColumn<QByteArray>("line");
    for (const char *line : {"--cafile x",
                             "--capath x",
                             "--cert x",
                             "--key x",
                             "--insecure",
                             "--ws",
                             "--unix x",
                             "--proxy x",
                             "-L mqtts://h/t",
                             "-L ws://h/t",
                             "-L wss://h/t",
                             "-t a -p 8883"}) {
        QTest::newRow(line) << QByteArray(line);
    }
}

void tst_CliOptions::answersOptionsWithoutTransportWithStatusTwo()
{
    QFETCH(QByteArray, line);
    const Failure failure = parse(Tool::Sub, line);
    QCOMPARE(failure.name, QByteArray("not-supported"));
    QCOMPARE(failure.exitCode, exitcode::kNotSupported);
    QVERIFY(failure.text.contains(QLatin1String("not available")));
}

void tst_CliOptions::takesHelpAndVersionForActionsButNotAsValues()
{
    OptionParser help(Tool::Sub);
    QVERIFY(!help.parse({"--no-such", "--help"}, QString()));
    QCOMPARE(help.action(), Action::ShowHelp);
    OptionParser version(Tool::Sub);
    QVERIFY(!version.parse({"--version"}, QString()));
    QCOMPARE(version.action(), Action::ShowVersion);
    OptionParser value(Tool::Pub);
    QVERIFY(!value.parse({"-t", "a", "-m", "--help"}, QString()));
    QCOMPARE(value.action(), Action::Run);
    QCOMPARE(value.options().message, QByteArray("--help"));
}

void tst_CliOptions::takesUrlsApart_data()
{
    QTest::addColumn<QByteArray>("url");
    QTest::addColumn<QByteArray>("host");
    QTest::addColumn<int>("port");
    QTest::addColumn<QByteArray>("user");
    QTest::addColumn<QByteArray>("password");
    QTest::addColumn<QByteArray>("topic");
    QTest::newRow("short") << QByteArray("mqtt://h/t") << QByteArray("h") << 1883 << QByteArray()
                           << QByteArray() << QByteArray("t");
    QTest::newRow("all") << QByteArray("MQTT://u:p%40x@h:1/a/b/#") << QByteArray("h") << 1
                         << QByteArray("u") << QByteArray("p@x") << QByteArray("a/b/#");
    QTest::newRow("user alone") << QByteArray("mqtt://u@h/t") << QByteArray("h") << 1883
                                << QByteArray("u") << QByteArray() << QByteArray("t");
    QTest::newRow("IPv6") << QByteArray("mqtt://[::1]:7/t") << QByteArray("::1") << 7
                          << QByteArray() << QByteArray() << QByteArray("t");
    QTest::newRow("leading slash") << QByteArray("mqtt://h//t") << QByteArray("h") << 1883
                                   << QByteArray() << QByteArray() << QByteArray("/t");
}

void tst_CliOptions::takesUrlsApart()
{
    QFETCH(QByteArray, url);
    QFETCH(QByteArray, host);
    QFETCH(int, port);
    QFETCH(QByteArray, user);
    QFETCH(QByteArray, password);
    QFETCH(QByteArray, topic);
    BrokerUrl out;
    const Failure failure = parseBrokerUrl(url, out);
    QVERIFY2(!failure, qPrintable(failure.text));
    QCOMPARE(out.host, host);
    QCOMPARE(int(out.port), port);
    QCOMPARE(out.userName.value_or(QByteArray()), user);
    QCOMPARE(out.password.value_or(QByteArray()), password);
    QCOMPARE(out.topic, topic);
}

void tst_CliOptions::refusesBadUrls_data()
{
    QTest::addColumn<QByteArray>("url");
    for (const char *url : {"h/t",
                            "mqtt://h",
                            "mqtt://h/",
                            "mqtt:///t",
                            "mqtt://h:0/t",
                            "mqtt://h:x/t",
                            "mqtt://[::1/t",
                            "http://h/t"}) {
        QTest::newRow(url) << QByteArray(url);
    }
}

void tst_CliOptions::refusesBadUrls()
{
    QFETCH(QByteArray, url);
    BrokerUrl out;
    QCOMPARE(parseBrokerUrl(url, out).exitCode, exitcode::kUsage);
}

QTEST_APPLESS_MAIN(tst_CliOptions)
#include "tst_clioptions.moc"
