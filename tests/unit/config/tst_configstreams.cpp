// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "configtest.h"
#include "core/config/configchange.h"

using namespace fairlead;
using namespace fairlead::core;

class tst_ConfigStreams : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void withoutAnyThereIsNone();
    void aStreamHasTheUsualLimits();
    void everyKeyIsRead();
    void streamsMergeByNameAcrossLayers();
    void theDefaultStreamNeedsNoFilter();
    void oneNumberSaysHowManyMaySubscribe_data();
    void oneNumberSaysHowManyMaySubscribe();
    void wrongStreamsAreRefused_data();
    void wrongStreamsAreRefused();
    void thereIsAnUpperBound();
    void aChangeNeedsARestart();
};

void tst_ConfigStreams::withoutAnyThereIsNone()
{
    const ConfigReader reader({});
    QVERIFY(reader.streams().empty());
    QCOMPARE(configtest::texts(reader.errors()), QStringList());
}

// RP-01
void tst_ConfigStreams::aStreamHasTheUsualLimits()
{
    const configtest::Folder folder;
    ConfigSources sources;
    sources.file = folder.write(QStringLiteral("fairlead.toml"),
                                "[[stream]]\nname = \"plant\"\nfilter = \"plant/#\"\n");
    const ConfigReader reader(sources);
    QCOMPARE(configtest::texts(reader.errors()), QStringList());
    QCOMPARE(reader.streams().size(), 1U);
    const StreamSpec &stream = reader.streams().front();
    QCOMPARE(stream.name, QByteArray("plant"));
    QCOMPARE(stream.filter.bytes(), ByteSpan("plant/#"));
    QVERIFY(!stream.durable);
    QCOMPARE(stream.limits, ReplayLimits());
}

// RP-01: each 0 is off
void tst_ConfigStreams::everyKeyIsRead()
{
    const configtest::Folder folder;
    ConfigSources sources;
    sources.file
        = folder.write(QStringLiteral("fairlead.toml"),
                       "[[stream]]\nname = \"a\"\nfilter = \"a\"\ndurable = true\ncount = 7\n"
                       "age = 0.5\nbytes = 9\n"
                       "[[stream]]\nname = \"b\"\nfilter = \"b\"\ncount = 0\nage = 0\nbytes = 0\n");
    const ConfigReader reader(sources);
    QCOMPARE(configtest::texts(reader.errors()), QStringList());
    QCOMPARE(reader.streams().size(), 2U);
    QVERIFY(reader.streams()[0].durable);
    QCOMPARE(reader.streams()[0].limits, (ReplayLimits{7, kNsPerSecond / 2, 9}));
    QCOMPARE(reader.streams()[1].limits, (ReplayLimits{0, 0, 0}));
    QVERIFY(reader.streams()[1].limits.isOff());
}

void tst_ConfigStreams::streamsMergeByNameAcrossLayers()
{
    const configtest::Folder folder;
    ConfigSources sources;
    sources.file = folder.write(QStringLiteral("fairlead.toml"),
                                "[[stream]]\nname = \"my-meters\"\nfilter = \"a\"\ncount = 5\n");
    folder.write(QStringLiteral("conf.d/10.toml"),
                 "[[stream]]\nname = \"my-meters\"\nfilter = \"b\"\nage = 60\n");
    sources.environment.insert(QStringLiteral("FAIRLEAD__STREAM__MY_METERS__BYTES"),
                               QStringLiteral("1000"));
    sources.environment.insert(QStringLiteral("FAIRLEAD__STREAM__OTHER__FILTER"),
                               QStringLiteral("o/#"));
    sources.settings = QStringList{QStringLiteral("stream.my-meters.durable=true")};
    ConfigReader reader(sources);
    QCOMPARE(configtest::texts(reader.errors()), QStringList());
    QCOMPARE(reader.streams().size(), 2U);
    const StreamSpec &stream = reader.streams()[0];
    QCOMPARE(stream.name, QByteArray("my-meters"));
    QCOMPARE(stream.filter.bytes(), ByteSpan("b"));
    QVERIFY(stream.durable);
    QCOMPARE(stream.limits, (ReplayLimits{5, 60 * kNsPerSecond, 1000}));
    QCOMPARE(reader.streams()[1].name, QByteArray("other"));
    QCOMPARE(reader.streams()[1].filter.bytes(), ByteSpan("o/#"));
    // Streams are no endpoints: the default one is still there.
    QCOMPARE(reader.endpoints(&configtest::lookUp).size(), 1);
}

void tst_ConfigStreams::theDefaultStreamNeedsNoFilter()
{
    const configtest::Folder folder;
    for (const char *filter : {"", "filter = \"#\"\n"}) {
        ConfigSources sources;
        sources.file
            = folder.write(QStringLiteral("fairlead.toml"),
                           QByteArray("[[stream]]\nname = \"default\"\ncount = 0\n") + filter);
        const ConfigReader reader(sources);
        QCOMPARE(configtest::texts(reader.errors()), QStringList());
        QCOMPARE(reader.streams().size(), 1U);
        QCOMPARE(reader.streams()[0].filter.bytes(), ByteSpan("#"));
        QCOMPARE(reader.streams()[0].limits.count, 0U);
    }
}

// DS-08: mode and bound are one value
void tst_ConfigStreams::oneNumberSaysHowManyMaySubscribe_data()
{
    QTest::addColumn<QByteArray>("keys");
    QTest::addColumn<quint32>("seats");
    const auto row
        = [](const char *keys, quint32 seats) { QTest::newRow(keys) << QByteArray(keys) << seats; };
    row("", 0);
    row("max_subscribers = 0\n", 0);
    row("max_subscribers = 8\n", 8);
    row("max_subscribers = 100000\n", 100'000U);
    row("exclusive = true\n", 1);
    row("exclusive = true\nmax_subscribers = 1\n", 1);
    row("exclusive = false\nmax_subscribers = 8\n", 8);
}

void tst_ConfigStreams::oneNumberSaysHowManyMaySubscribe()
{
    QFETCH(QByteArray, keys);
    QFETCH(quint32, seats);
    const configtest::Folder folder;
    ConfigSources sources;
    sources.file = folder.write(QStringLiteral("fairlead.toml"),
                                "[[stream]]\nname = \"a\"\nfilter = \"a\"\n" + keys);
    const ConfigReader reader(sources);
    QCOMPARE(configtest::texts(reader.errors()), QStringList());
    QCOMPARE(reader.streams()[0].maxSubscribers, seats);
}

void tst_ConfigStreams::wrongStreamsAreRefused_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<ErrorCode>("code");
    QTest::addColumn<QString>("place");
    const auto row = [](const char *content, ErrorCode code, const char *place) {
        QTest::newRow(content) << "[[stream]]\n" + QByteArray(content) << code
                               << QString::fromLatin1(place);
    };
    row("filter = \"a\"\n", ErrorCode::ConfigMissing, "stream.name");
    row("name = \"A\"\nfilter = \"a\"\n", ErrorCode::ConfigRange, "stream.name");
    row("name = \"a\"\n", ErrorCode::ConfigMissing, "stream.a.filter");
    row("name = \"a\"\nfilter = \"\"\n", ErrorCode::ConfigRange, "stream.a.filter");
    row("name = \"a\"\nfilter = \"a#\"\n", ErrorCode::ConfigRange, "stream.a.filter");
    row("name = \"a\"\nfilter = \"$SYS/#\"\n", ErrorCode::ConfigRange, "stream.a.filter");
    row("name = \"a\"\nfilter = \"$share/g/a\"\n", ErrorCode::ConfigRange, "stream.a.filter");
    row("name = \"a\"\nfilter = 5\n", ErrorCode::ConfigType, "stream.a.filter");
    row("name = \"default\"\nfilter = \"a\"\n", ErrorCode::ConfigRange, "stream.default.filter");
    row("name = \"a\"\nfilter = \"a\"\ncount = -1\n", ErrorCode::ConfigRange, "stream.a.count");
    row("name = \"a\"\nfilter = \"a\"\nage = \"5m\"\n", ErrorCode::ConfigType, "stream.a.age");
    row("name = \"a\"\nfilter = \"a\"\nage = -1\n", ErrorCode::ConfigRange, "stream.a.age");
    row("name = \"a\"\nfilter = \"a\"\nbytes = -1\n", ErrorCode::ConfigRange, "stream.a.bytes");
    row("name = \"a\"\nfilter = \"a\"\nmax_subscribers = -1\n",
        ErrorCode::ConfigRange,
        "stream.a.max_subscribers");
    row("name = \"a\"\nfilter = \"a\"\nmax_subscribers = 100001\n",
        ErrorCode::ConfigRange,
        "stream.a.max_subscribers");
    row("name = \"a\"\nfilter = \"a\"\nexclusive = true\nmax_subscribers = 8\n",
        ErrorCode::ConfigRange,
        "stream.a.exclusive");
    row("name = \"a\"\nfilter = \"a\"\nexclusive = true\nmax_subscribers = 0\n",
        ErrorCode::ConfigRange,
        "stream.a.exclusive");
    row("name = \"a\"\nfilter = \"a\"\nlimit = 1\n", ErrorCode::ConfigUnknownKey, "stream.a.limit");
    row("name = \"a\"\nfilter = \"a\"\ndurable = true\ncount = 0\nbytes = 0\n",
        ErrorCode::ConfigRange,
        "stream.a.durable");
}

void tst_ConfigStreams::wrongStreamsAreRefused()
{
    QFETCH(QByteArray, content);
    QFETCH(ErrorCode, code);
    QFETCH(QString, place);
    const configtest::Folder folder;
    ConfigSources sources;
    sources.file = folder.write(QStringLiteral("fairlead.toml"), content);
    const ConfigReader reader(sources);
    for (const StreamSpec &stream : reader.streams())
        QVERIFY(!stream.filter.bytes().empty());
    QCOMPARE(reader.errors().size(), 1);
    QCOMPARE(reader.errors()[0].code(), code);
    QVERIFY(reader.errors()[0].toString().contains(QStringLiteral("fairlead.toml:")));
    QCOMPARE(reader.errors()[0].details().value(QStringLiteral("key")).toString(), place);
}

void tst_ConfigStreams::thereIsAnUpperBound()
{
    const configtest::Folder folder;
    QByteArray content = "[[stream]]\nname = \"default\"\nage = 60\n";
    for (int number = 1; number <= kMostStreams; ++number) {
        const QByteArray text = QByteArray::number(number);
        content += "[[stream]]\nname = \"s" + text + "\"\nfilter = \"s/" + text + "\"\n";
        if (number < kMostStreams - 1)
            continue;
        ConfigSources sources;
        sources.file = folder.write(QStringLiteral("fairlead.toml"), content);
        const ConfigReader reader(sources);
        const bool good = number < kMostStreams;
        QCOMPARE(reader.errors().isEmpty(), good);
        QCOMPARE(reader.streams().size(), good ? std::size_t(kMostStreams) : 0U);
    }
}

void tst_ConfigStreams::aChangeNeedsARestart()
{
    const configtest::Folder folder;
    ConfigSources sources;
    sources.file
        = folder.write(QStringLiteral("one.toml"), "[[stream]]\nname = \"a\"\nfilter = \"a\"\n");
    const ConfigReader one(sources);
    sources.file = folder.write(QStringLiteral("two.toml"),
                                "[[stream]]\nname = \"a\"\nfilter = \"a\"\ncount = 3\n");
    const ConfigReader two(sources);
    ConfigChange change;
    change.compareHost(one.values(), two.values());
    QCOMPARE(change.needRestart, QStringList{QStringLiteral("stream.a.count")});
    QVERIFY(change.applied.isEmpty());
}

QTEST_GUILESS_MAIN(tst_ConfigStreams)
#include "tst_configstreams.moc"
