// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "configtest.h"

using namespace fairlead;
using namespace fairlead::core;

namespace {

QString detail(const Error &error, const char *key)
{
    return error.details().value(QLatin1String(key)).toString();
}

} // namespace

class tst_ConfigLayers : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void withoutAnyFileTheDefaultEndpointListensOnLoopback();
    void aMissingDefaultFileIsFineAndANamedOneIsAnError();
    void everyLayerOverridesTheOneBefore();
    void endpointsMergeByNameAcrossFiles();
    void partFilesAreReadInTheOrderOfTheirNames();
    void anEndpointInAFileReplacesTheDefaultOne();
    void theEnvironmentReachesEndpointsWithHyphens();
    void textIsReadAsTheTypeThatTheKeyHas();
    void everyErrorIsReportedWithItsPlace();
    void aFileThatIsNotTomlNamesLineAndColumn();
    void anUnknownKeyNamesTheNearestOne();
    void aNameUsedTwiceInOneFileIsRefused();
    void endpointTablesOfTheWrongShapeAreRefused_data();
    void endpointTablesOfTheWrongShapeAreRefused();
    void settingsThatNameNoKeyAreRefused_data();
    void settingsThatNameNoKeyAreRefused();
    void credentialsNeverAppearInErrors();
};

void tst_ConfigLayers::withoutAnyFileTheDefaultEndpointListensOnLoopback()
{
    ConfigReader reader({});
    const QList<EndpointSettings> endpoints = reader.endpoints(&configtest::lookUp);
    QCOMPARE(configtest::texts(reader.errors()), QStringList());
    QCOMPARE(endpoints.size(), 1);
    QCOMPARE(endpoints[0].name, QStringLiteral("mqtt"));
    QCOMPARE(endpoints[0].address, QHostAddress(QHostAddress::LocalHost));
    QCOMPARE(endpoints[0].port, quint16(1883));
    QVERIFY(endpoints[0].allowAnonymous);
    QCOMPARE(endpoints[0].handshakeTimeout, qint64(10) * 1000 * 1000 * 1000);
    QCOMPARE(reader.host().reactors, 0);
    QCOMPARE(reader.host().logLevel, LogLevel::Info);
    QCOMPARE(reader.limits().sessions, 100000);
    QCOMPARE(reader.limits().maxSessionExpiry, 2592000);
    QCOMPARE(reader.limits().retainedBytes, 1073741824);
}

void tst_ConfigLayers::aMissingDefaultFileIsFineAndANamedOneIsAnError()
{
    const configtest::Folder folder;
    ConfigSources sources;
    sources.file = folder.path(QStringLiteral("none.toml"));
    QCOMPARE(configtest::texts(ConfigReader(sources).errors()), QStringList());

    sources.fileIsNamed = true;
    const ConfigReader reader(sources);
    QCOMPARE(reader.errors().size(), 1);
    QCOMPARE(reader.errors()[0].code(), ErrorCode::ConfigMissing);
    QVERIFY2(reader.errors()[0].text().contains(sources.file),
             qPrintable(reader.errors()[0].text()));
}

void tst_ConfigLayers::everyLayerOverridesTheOneBefore()
{
    const configtest::Folder folder;
    ConfigSources sources;
    sources.file = folder.write(QStringLiteral("fairlead.toml"),
                                "[host]\nreactors = 1\nlog_level = \"debug\"\n"
                                "[limits]\nsessions = 1\nlinks = 1\nqueue_messages = 1\n");
    folder.write(QStringLiteral("conf.d/a.toml"),
                 "[host]\nreactors = 2\n[limits]\nlinks = 2\nqueue_messages = 2\n");
    sources.environment
        = {{QStringLiteral("FAIRLEAD__HOST__REACTORS"), QStringLiteral("3")},
           {QStringLiteral("FAIRLEAD__LIMITS__QUEUE_MESSAGES"), QStringLiteral("3")},
           {QStringLiteral("FAIRLEAD_PLUGIN_PATH"), QStringLiteral("/elsewhere")}};
    sources.settings = QStringList{QStringLiteral("host.reactors=4")};
    const ConfigReader reader(sources);
    QCOMPARE(configtest::texts(reader.errors()), QStringList());
    QCOMPARE(reader.host().reactors, 4);
    QCOMPARE(reader.host().logLevel, LogLevel::Debug);
    QCOMPARE(reader.limits().sessions, 1);
    QCOMPARE(reader.limits().links, 2);
    QCOMPARE(reader.limits().queueMessages, 3);
}

void tst_ConfigLayers::endpointsMergeByNameAcrossFiles()
{
    const configtest::Folder folder;
    ConfigSources sources;
    sources.file = folder.write(QStringLiteral("fairlead.toml"),
                                "[[endpoint]]\nname = \"one\"\nurl = \"mqtt://127.0.0.1:1\"\n"
                                "max_links = 5\n"
                                "[[endpoint]]\nname = \"two\"\nurl = \"mqtt://127.0.0.1:2\"\n");
    folder.write(QStringLiteral("conf.d/10-more.toml"),
                 "[[endpoint]]\nname = \"one\"\nurl = \"mqtt://127.0.0.1:11\"\n"
                 "[[endpoint]]\nname = \"three\"\nurl = \"mqtt://127.0.0.1:3\"\n");
    ConfigReader reader(sources);
    const QList<EndpointSettings> endpoints = reader.endpoints(&configtest::lookUp);
    QCOMPARE(configtest::texts(reader.errors()), QStringList());
    QCOMPARE(endpoints.size(), 3);
    QCOMPARE(endpoints[0].name, QStringLiteral("one"));
    QCOMPARE(endpoints[0].port, quint16(11));
    QCOMPARE(endpoints[0].maxLinks, 5);
    QCOMPARE(endpoints[1].name, QStringLiteral("three"));
    QCOMPARE(endpoints[2].name, QStringLiteral("two"));
}

void tst_ConfigLayers::partFilesAreReadInTheOrderOfTheirNames()
{
    const configtest::Folder folder;
    ConfigSources sources;
    sources.file = folder.path(QStringLiteral("fairlead.toml"));
    folder.write(QStringLiteral("conf.d/20.toml"), "[host]\nreactors = 20\n");
    folder.write(QStringLiteral("conf.d/100.toml"), "[host]\nreactors = 100\n");
    folder.write(QStringLiteral("conf.d/99.toml.bak"), "not TOML at all");
    folder.write(QStringLiteral("conf.d/.hidden.toml"), "not TOML at all");
    const ConfigReader reader(sources);
    QCOMPARE(configtest::texts(reader.errors()), QStringList());
    QCOMPARE(reader.host().reactors, 20);
}

void tst_ConfigLayers::anEndpointInAFileReplacesTheDefaultOne()
{
    const configtest::Folder folder;
    ConfigSources sources;
    sources.file = folder.write(QStringLiteral("fairlead.toml"),
                                "[[endpoint]]\nname = \"lan\"\nurl = \"mqtt://127.0.0.1:1\"\n");
    ConfigReader reader(sources);
    const QList<EndpointSettings> endpoints = reader.endpoints(&configtest::lookUp);
    QCOMPARE(endpoints.size(), 1);
    QCOMPARE(endpoints[0].name, QStringLiteral("lan"));
}

void tst_ConfigLayers::theEnvironmentReachesEndpointsWithHyphens()
{
    const configtest::Folder folder;
    ConfigSources sources;
    sources.file = folder.write(QStringLiteral("fairlead.toml"),
                                "[[endpoint]]\nname = \"a-b\"\nurl = \"mqtt://127.0.0.1:1\"\n");
    sources.environment = {
        {QStringLiteral("FAIRLEAD__ENDPOINT__A_B__URL"), QStringLiteral("mqtt://127.0.0.1:7")},
        {QStringLiteral("FAIRLEAD__ENDPOINT__A_B__RECEIVE_MAXIMUM"), QStringLiteral("9")},
        {QStringLiteral("FAIRLEAD__ENDPOINT__OTHER__URL"), QStringLiteral("mqtt://127.0.0.1:8")}};
    sources.settings = QStringList{QStringLiteral("endpoint.other.max_links=3")};
    ConfigReader reader(sources);
    const QList<EndpointSettings> endpoints = reader.endpoints(&configtest::lookUp);
    QCOMPARE(configtest::texts(reader.errors()), QStringList());
    QCOMPARE(endpoints.size(), 2);
    QCOMPARE(endpoints[0].port, quint16(7));
    QCOMPARE(endpoints[0].options.value(QStringLiteral("receive_maximum")).toInteger(), 9);
    QCOMPARE(endpoints[1].name, QStringLiteral("other"));
    QCOMPARE(endpoints[1].maxLinks, 3);
}

void tst_ConfigLayers::textIsReadAsTheTypeThatTheKeyHas()
{
    ConfigSources sources;
    sources.settings = QStringList{QStringLiteral("host.plugin_path=/a, /b"),
                                   QStringLiteral("endpoint.mqtt.names=[\"x,y\", \"z\"]"),
                                   QStringLiteral("endpoint.mqtt.handshake_timeout=2"),
                                   QStringLiteral("endpoint.mqtt.allow_anonymous=false"),
                                   QStringLiteral("host.state_dir=/var/1=2")};
    ConfigReader reader(sources);
    const QList<EndpointSettings> endpoints = reader.endpoints(&configtest::lookUp);
    QCOMPARE(configtest::texts(reader.errors()), QStringList());
    QCOMPARE(reader.host().pluginPath, QStringList({QStringLiteral("/a"), QStringLiteral("/b")}));
    QCOMPARE(reader.host().stateDir, QStringLiteral("/var/1=2"));
    QCOMPARE(endpoints[0].options.value(QStringLiteral("names")).toVariant().toStringList(),
             QStringList({QStringLiteral("x,y"), QStringLiteral("z")}));
    QCOMPARE(endpoints[0].handshakeTimeout, qint64(2) * 1000 * 1000 * 1000);
    QVERIFY(!endpoints[0].allowAnonymous);

    sources.settings = QStringList{QStringLiteral("host.reactors=two")};
    const ConfigReader wrong(sources);
    QCOMPARE(wrong.errors().size(), 1);
    QCOMPARE(wrong.errors()[0].code(), ErrorCode::ConfigType);
    QVERIFY(wrong.errors()[0].text().contains(QStringLiteral("--set host.reactors")));
    QCOMPARE(detail(wrong.errors()[0], "expected"), QStringLiteral("an integer"));
}

void tst_ConfigLayers::everyErrorIsReportedWithItsPlace()
{
    const configtest::Folder folder;
    ConfigSources sources;
    sources.file = folder.write(QStringLiteral("fairlead.toml"),
                                "[host]\n"
                                "  reactors = 1000\n"
                                "log_level = 3\n"
                                "[limits]\n"
                                "sessions = 0\n"
                                "[[endpoint]]\n"
                                "name = \"x\"\n"
                                "url = \"mqtt://127.0.0.1\"\n"
                                "receive_maximum = \"many\"\n");
    ConfigReader reader(sources);
    reader.endpoints(&configtest::lookUp);
    const ConfigErrors errors = reader.errors();
    QCOMPARE(errors.size(), 4);
    const auto place = [](const Error &error) {
        return detail(error, "line") + QLatin1Char(':') + detail(error, "column");
    };
    // [host]: keys in the order of their names
    QCOMPARE(detail(errors[0], "key"), QStringLiteral("host.log_level"));
    QCOMPARE(place(errors[0]), QStringLiteral("3:1"));
    QCOMPARE(errors[0].code(), ErrorCode::ConfigType);
    QCOMPARE(detail(errors[1], "key"), QStringLiteral("host.reactors"));
    QCOMPARE(place(errors[1]), QStringLiteral("2:3"));
    QCOMPARE(errors[1].code(), ErrorCode::ConfigRange);
    QCOMPARE(detail(errors[1], "expected"), QStringLiteral("0 to 64"));
    QCOMPARE(detail(errors[1], "found"), QStringLiteral("1000"));
    QVERIFY(errors[1].text().startsWith(sources.file + QStringLiteral(":2:3: host.reactors: ")));
    QCOMPARE(place(errors[2]), QStringLiteral("5:1"));
    QCOMPARE(detail(errors[3], "key"), QStringLiteral("endpoint.x.receive_maximum"));
    QCOMPARE(place(errors[3]), QStringLiteral("9:1"));
}

void tst_ConfigLayers::aFileThatIsNotTomlNamesLineAndColumn()
{
    const configtest::Folder folder;
    ConfigSources sources;
    sources.file = folder.write(QStringLiteral("fairlead.toml"), "[host]\nreactors = = 1\n");
    folder.write(QStringLiteral("conf.d/bad.toml"), "\xff\xfe");
    const ConfigReader reader(sources);
    QCOMPARE(reader.errors().size(), 2);
    QCOMPARE(reader.errors()[0].code(), ErrorCode::ConfigSyntax);
    QCOMPARE(detail(reader.errors()[0], "line"), QStringLiteral("2"));
    QVERIFY(detail(reader.errors()[0], "column").toInt() > 1);
    QVERIFY(reader.errors()[1].text().contains(QStringLiteral("bad.toml")));
}

void tst_ConfigLayers::anUnknownKeyNamesTheNearestOne()
{
    const configtest::Folder folder;
    ConfigSources sources;
    sources.file = folder.write(QStringLiteral("fairlead.toml"),
                                "[host]\nreactor = 1\n[hosts]\n[[endpoint]]\nname = \"x\"\n"
                                "url = \"mqtt://127.0.0.1\"\nrecieve_maximum = 3\nzzzzzzzz = 1\n");
    sources.environment = {{QStringLiteral("FAIRLEAD__HOST__STATEDIR"), QStringLiteral("/x")}};
    ConfigReader reader(sources);
    reader.endpoints(&configtest::lookUp);
    const ConfigErrors errors = reader.errors();
    QCOMPARE(errors.size(), 5);
    for (const Error &error : errors)
        QCOMPARE(error.code(), ErrorCode::ConfigUnknownKey);
    QCOMPARE(detail(errors[0], "nearest"), QStringLiteral("reactors"));
    QCOMPARE(detail(errors[1], "nearest"), QStringLiteral("state_dir"));
    QVERIFY(errors[1].text().startsWith(
        QStringLiteral("environment variable FAIRLEAD__HOST__STATEDIR")));
    QCOMPARE(detail(errors[2], "nearest"), QStringLiteral("host"));
    QCOMPARE(detail(errors[3], "nearest"), QStringLiteral("receive_maximum"));
    QVERIFY(detail(errors[4], "nearest").isEmpty());
    QVERIFY2(errors[4].text().contains(QStringLiteral("known here: ")),
             qPrintable(errors[4].text()));
}

void tst_ConfigLayers::aNameUsedTwiceInOneFileIsRefused()
{
    const configtest::Folder folder;
    ConfigSources sources;
    sources.file = folder.write(QStringLiteral("fairlead.toml"),
                                "[[endpoint]]\nname = \"x\"\nurl = \"mqtt://127.0.0.1:1\"\n"
                                "[[endpoint]]\nname = \"x\"\nurl = \"mqtt://127.0.0.1:2\"\n");
    const ConfigReader reader(sources);
    QCOMPARE(reader.errors().size(), 1);
    QCOMPARE(detail(reader.errors()[0], "line"), QStringLiteral("5"));
    QVERIFY(reader.errors()[0].text().contains(QStringLiteral("fairlead.toml:1:")));
}

void tst_ConfigLayers::endpointTablesOfTheWrongShapeAreRefused_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<ErrorCode>("code");
    QTest::newRow("one table") << QByteArray("[endpoint]\nname = \"x\"\n") << ErrorCode::ConfigType;
    QTest::newRow("by name") << QByteArray("[endpoint.x]\nurl = \"y\"\n") << ErrorCode::ConfigType;
    QTest::newRow("array of text") << QByteArray("endpoint = [\"x\"]\n") << ErrorCode::ConfigType;
    QTest::newRow("text") << QByteArray("endpoint = \"x\"\n") << ErrorCode::ConfigType;
    QTest::newRow("no name") << QByteArray("[[endpoint]]\nurl = \"mqtt://127.0.0.1\"\n")
                             << ErrorCode::ConfigMissing;
    QTest::newRow("upper case") << QByteArray("[[endpoint]]\nname = \"X\"\n")
                                << ErrorCode::ConfigRange;
    QTest::newRow("line feed") << QByteArray("[[endpoint]]\nname = \"x\\n\"\n")
                               << ErrorCode::ConfigRange;
    QTest::newRow("empty name") << QByteArray("[[endpoint]]\nname = \"\"\n")
                                << ErrorCode::ConfigRange;
    QTest::newRow("name too long")
        << QByteArray("[[endpoint]]\nname = \"" + QByteArray(65, 'x') + "\"\n")
        << ErrorCode::ConfigRange;
    QTest::newRow("number as name")
        << QByteArray("[[endpoint]]\nname = 1\n") << ErrorCode::ConfigRange;
}

void tst_ConfigLayers::endpointTablesOfTheWrongShapeAreRefused()
{
    QFETCH(QByteArray, content);
    QFETCH(ErrorCode, code);
    const configtest::Folder folder;
    ConfigSources sources;
    sources.file = folder.write(QStringLiteral("fairlead.toml"), content);
    ConfigReader reader(sources);
    QVERIFY(reader.endpoints(&configtest::lookUp).isEmpty());
    QCOMPARE(reader.errors().size(), 1);
    QCOMPARE(reader.errors()[0].code(), code);
}

void tst_ConfigLayers::settingsThatNameNoKeyAreRefused_data()
{
    QTest::addColumn<QString>("setting");
    QTest::addColumn<ErrorCode>("code");
    QTest::newRow("no value") << QStringLiteral("host.reactors") << ErrorCode::ConfigSyntax;
    QTest::newRow("no key") << QStringLiteral("=1") << ErrorCode::ConfigSyntax;
    QTest::newRow("a gap") << QStringLiteral("host..reactors=1") << ErrorCode::ConfigSyntax;
    QTest::newRow("an endpoint alone")
        << QStringLiteral("endpoint.mqtt=1") << ErrorCode::ConfigUnknownKey;
    QTest::newRow("a name") << QStringLiteral("endpoint.mqtt.name=x")
                            << ErrorCode::ConfigUnknownKey;
    QTest::newRow("an impossible endpoint")
        << QStringLiteral("endpoint.M_Q.url=x") << ErrorCode::ConfigUnknownKey;
    QTest::newRow("a table") << QStringLiteral("host=1") << ErrorCode::ConfigType;
}

void tst_ConfigLayers::settingsThatNameNoKeyAreRefused()
{
    QFETCH(QString, setting);
    QFETCH(ErrorCode, code);
    ConfigSources sources;
    sources.settings = QStringList{setting};
    const ConfigReader reader(sources);
    QCOMPARE(reader.errors().size(), 1);
    QCOMPARE(reader.errors()[0].code(), code);
    QVERIFY(reader.errors()[0].text().contains(QStringLiteral("--set ")));
}

// DS-12
void tst_ConfigLayers::credentialsNeverAppearInErrors()
{
    for (const char *url : {"mqtt://me:canary@0.0.0.0:1",
                            "mqtt://me:canary@127.0.0.1:99999",
                            "nope://me:canary@127.0.0.1:1",
                            "tcp://me:canary@0.0.0.0"}) {
        ConfigSources sources;
        sources.settings = QStringList{QStringLiteral("endpoint.mqtt.url=") + QLatin1String(url)};
        ConfigReader reader(sources);
        reader.endpoints(&configtest::lookUp);
        QVERIFY(!reader.errors().isEmpty());
        for (const Error &error : reader.errors()) {
            QVERIFY2(!error.text().contains(QStringLiteral("canary")), qPrintable(error.text()));
            for (const QVariant &value : error.details())
                QVERIFY(!value.toString().contains(QStringLiteral("canary")));
        }
    }
}

QTEST_APPLESS_MAIN(tst_ConfigLayers)
#include "tst_configlayers.moc"
