// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "configtest.h"

#include <fairlead/clock.h>

using namespace fairlead;
using namespace fairlead::core;

namespace {

struct Outcome
{
    QList<EndpointSettings> endpoints;
    ConfigErrors errors;
};

Outcome read(const QStringList &keys)
{
    ConfigSources sources;
    for (const QString &key : keys)
        sources.settings.append(QStringLiteral("endpoint.mqtt.") + key);
    ConfigReader reader(sources);
    Outcome outcome;
    outcome.endpoints = reader.endpoints(&configtest::lookUp);
    outcome.errors = reader.errors();
    return outcome;
}

} // namespace

class tst_ConfigEndpoints : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void urlsBecomeAddresses_data();
    void urlsBecomeAddresses();
    void badUrlsAreRefused_data();
    void badUrlsAreRefused();
    void aListenerThatOthersReachNeedsAnExplicitPermission_data();
    void aListenerThatOthersReachNeedsAnExplicitPermission();
    void onlyLoopbackAllowsAnonymousByDefault_data();
    void onlyLoopbackAllowsAnonymousByDefault();
    void theRefusalSaysWhatToWrite();
    void anUnknownSchemeIsTheLookupsError();
    void aTransportThatOnlyListensCannotDial();
    void aDialledEndpointKeepsItsHostName();
    void aMemoryTransportNeedsNeitherHostNorPort();
    void pluginKeysGetTheirDefaults();
    void aListenerKnowsFromWherePeersMayCome();
    void whatIsNoNetworkIsNamed();
    void onlyAListenerHasPeersToJudge();
    void nothingIsLostToOthersByDefault();
    void theOperatorChoosesWhatMayBeLost();
    void unknownOverflowPoliciesAreRefused();
    void versionsOfServicesAreSemantic();
    void twoListenersOnOneAddressAreRefused();
    void aReloadSeesWhatChanged();
};

void tst_ConfigEndpoints::urlsBecomeAddresses_data()
{
    QTest::addColumn<QString>("url");
    QTest::addColumn<QString>("address");
    QTest::addColumn<int>("port");
    QTest::newRow("IPv4") << QStringLiteral("mqtt://127.0.0.1:5") << QStringLiteral("127.0.0.1")
                          << 5;
    QTest::newRow("usual port") << QStringLiteral("mqtt://127.0.0.1") << QStringLiteral("127.0.0.1")
                                << 1883;
    QTest::newRow("port 0") << QStringLiteral("mqtt://127.0.0.1:0") << QStringLiteral("127.0.0.1")
                            << 0;
    QTest::newRow("IPv6") << QStringLiteral("mqtt://[::1]:5") << QStringLiteral("::1") << 5;
    QTest::newRow("localhost") << QStringLiteral("mqtt://localhost:5")
                               << QStringLiteral("127.0.0.1") << 5;
    QTest::newRow("scheme in upper case")
        << QStringLiteral("MQTT://127.0.0.1:5") << QStringLiteral("127.0.0.1") << 5;
}

void tst_ConfigEndpoints::urlsBecomeAddresses()
{
    QFETCH(QString, url);
    QFETCH(QString, address);
    QFETCH(int, port);
    const Outcome outcome = read({QStringLiteral("url=") + url});
    QCOMPARE(configtest::texts(outcome.errors), QStringList());
    QCOMPARE(outcome.endpoints[0].address, QHostAddress(address));
    QCOMPARE(int(outcome.endpoints[0].port), port);
    QCOMPARE(outcome.endpoints[0].url.port(), port);
    QCOMPARE(outcome.endpoints[0].transport, QStringLiteral("mqtt"));
}

void tst_ConfigEndpoints::badUrlsAreRefused_data()
{
    QTest::addColumn<QString>("url");
    QTest::addColumn<ErrorCode>("code");
    QTest::newRow("empty") << QString() << ErrorCode::ConfigRange;
    QTest::newRow("no scheme") << QStringLiteral("127.0.0.1:5") << ErrorCode::ConfigRange;
    QTest::newRow("a path") << QStringLiteral("/run/x") << ErrorCode::ConfigRange;
    QTest::newRow("no host") << QStringLiteral("mqtt://:5") << ErrorCode::ConfigRange;
    QTest::newRow("no authority") << QStringLiteral("mqtt:5") << ErrorCode::ConfigRange;
    QTest::newRow("port too large")
        << QStringLiteral("mqtt://127.0.0.1:65536") << ErrorCode::ConfigRange;
    QTest::newRow("port not a number")
        << QStringLiteral("mqtt://127.0.0.1:x") << ErrorCode::ConfigRange;
    QTest::newRow("no usual port") << QStringLiteral("tcp://127.0.0.1") << ErrorCode::ConfigRange;
    QTest::newRow("a name") << QStringLiteral("mqtt://broker.example:5") << ErrorCode::ConfigRange;
    QTest::newRow("user") << QStringLiteral("mqtt://u:p@127.0.0.1:5") << ErrorCode::ConfigRange;
    QTest::newRow("fragment") << QStringLiteral("mqtt://127.0.0.1:5#x") << ErrorCode::ConfigRange;
    QTest::newRow("unknown scheme")
        << QStringLiteral("nope://127.0.0.1:5") << ErrorCode::UnknownScheme;
}

void tst_ConfigEndpoints::badUrlsAreRefused()
{
    QFETCH(QString, url);
    QFETCH(ErrorCode, code);
    const Outcome outcome = read({QStringLiteral("url=") + url});
    QCOMPARE(outcome.endpoints.size(), 0);
    QVERIFY2(outcome.errors.size() == 1,
             qPrintable(configtest::texts(outcome.errors).join(QLatin1Char('\n'))));
    QCOMPARE(outcome.errors[0].code(), code);
    QVERIFY2(outcome.errors[0].text().contains(QStringLiteral("endpoint.mqtt.url")),
             qPrintable(outcome.errors[0].text()));
}

void tst_ConfigEndpoints::aListenerThatOthersReachNeedsAnExplicitPermission_data()
{
    QTest::addColumn<QString>("url");
    for (const char *url : {"mqtt://0.0.0.0:1883",
                            "mqtt://[::]:1883",
                            "mqtt://192.0.2.7:1883",
                            "mqtt://[::ffff:192.0.2.7]:1883",
                            "mqtt://[fe80::1]:1883",
                            "mqtt://128.0.0.1:1883",
                            "mqtt://0:1883"}) {
        QTest::newRow(url) << QString::fromLatin1(url);
    }
}

void tst_ConfigEndpoints::aListenerThatOthersReachNeedsAnExplicitPermission()
{
    QFETCH(QString, url);
    for (const QString &key : {QString(), QStringLiteral("allow_anonymous=false")}) {
        QStringList keys{QStringLiteral("url=") + url};
        if (!key.isEmpty())
            keys.append(key);
        const Outcome refused = read(keys);
        QCOMPARE(refused.endpoints.size(), 0);
        QCOMPARE(refused.errors.size(), 1);
        QCOMPARE(refused.errors[0].code(), ErrorCode::ConfigInsecure);
    }
    const Outcome allowed
        = read({QStringLiteral("url=") + url, QStringLiteral("allow_anonymous=true")});
    QCOMPARE(configtest::texts(allowed.errors), QStringList());
    QVERIFY(allowed.endpoints[0].allowAnonymous);
}

void tst_ConfigEndpoints::onlyLoopbackAllowsAnonymousByDefault_data()
{
    QTest::addColumn<QString>("url");
    for (const char *url : {"mqtt://127.0.0.1:1883",
                            "mqtt://127.255.0.9:1883",
                            "mqtt://[::1]:1883",
                            "mqtt://localhost:1883"}) {
        QTest::newRow(url) << QString::fromLatin1(url);
    }
}

void tst_ConfigEndpoints::onlyLoopbackAllowsAnonymousByDefault()
{
    QFETCH(QString, url);
    const Outcome open = read({QStringLiteral("url=") + url});
    QCOMPARE(configtest::texts(open.errors), QStringList());
    QVERIFY(open.endpoints[0].allowAnonymous);
    const Outcome closed
        = read({QStringLiteral("url=") + url, QStringLiteral("allow_anonymous=false")});
    QCOMPARE(configtest::texts(closed.errors), QStringList());
    QVERIFY(!closed.endpoints[0].allowAnonymous);
}

void tst_ConfigEndpoints::theRefusalSaysWhatToWrite()
{
    const Outcome outcome = read({QStringLiteral("url=mqtt://0.0.0.0:1883")});
    const QString text = outcome.errors[0].text();
    QVERIFY2(text.contains(QStringLiteral("allow_anonymous = true")), qPrintable(text));
    QVERIFY2(text.contains(QStringLiteral("mqtt://0.0.0.0:1883")), qPrintable(text));
    QVERIFY2(text.startsWith(QStringLiteral("option --set endpoint.mqtt.url: ")), qPrintable(text));
}

// AD-01
void tst_ConfigEndpoints::aListenerKnowsFromWherePeersMayCome()
{
    const Outcome outcome = read({QStringLiteral("allow_from=10.0.0.0/8, fd00::/8"),
                                  QStringLiteral("deny_from=10.1.0.0/16"),
                                  QStringLiteral("idle_timeout=1.5")});
    QCOMPARE(configtest::texts(outcome.errors), QStringList());
    const EndpointSettings &settings = outcome.endpoints[0];
    QVERIFY(settings.addressRules.admits(QHostAddress(QStringLiteral("10.2.0.1"))));
    QVERIFY(!settings.addressRules.admits(QHostAddress(QStringLiteral("10.1.0.1"))));
    QVERIFY(!settings.addressRules.admits(QHostAddress(QStringLiteral("192.0.2.1"))));
    QCOMPARE(settings.idleTimeout, 1500 * kNsPerMs);
    QVERIFY(!settings.isSameAs(read({}).endpoints[0]));
    QVERIFY(read({}).endpoints[0].addressRules.isEmpty());
    QCOMPARE(read({}).endpoints[0].idleTimeout, 0);
}

void tst_ConfigEndpoints::whatIsNoNetworkIsNamed()
{
    const Outcome outcome = read({QStringLiteral("deny_from=10.0.0.0/8,everybody")});
    QCOMPARE(outcome.errors.size(), 1);
    QCOMPARE(outcome.errors[0].code(), ErrorCode::ConfigRange);
    const QString text = outcome.errors[0].text();
    QVERIFY2(text.contains(QStringLiteral("endpoint.mqtt.deny_from")), qPrintable(text));
    QVERIFY2(text.contains(QStringLiteral("everybody")), qPrintable(text));
}

void tst_ConfigEndpoints::onlyAListenerHasPeersToJudge()
{
    const Outcome outcome = read({QStringLiteral("role=dial"),
                                  QStringLiteral("url=tcp://device.example:77"),
                                  QStringLiteral("allow_from=10.0.0.0/8")});
    QCOMPARE(outcome.errors.size(), 1);
    QCOMPARE(outcome.errors[0].code(), ErrorCode::ConfigRange);
    QVERIFY(outcome.errors[0].text().contains(QStringLiteral("allow_from")));
}

// DS-04
void tst_ConfigEndpoints::nothingIsLostToOthersByDefault()
{
    const Outcome outcome = read({});
    QCOMPARE(configtest::texts(outcome.errors), QStringList());
    QCOMPARE(outcome.endpoints[0].overflow, OverflowSettings());
    QVERIFY(outcome.endpoints[0].notices);
}

// DS-04, DS-05
void tst_ConfigEndpoints::theOperatorChoosesWhatMayBeLost()
{
    const configtest::Folder folder;
    ConfigSources sources;
    sources.file = folder.write(QStringLiteral("fairlead.toml"),
                                "[[endpoint]]\nname = \"mqtt\"\nurl = \"mqtt://127.0.0.1\"\n"
                                "overflow = \"fault-source\"\npatience = 2.5\nnotices = false\n"
                                "overflow_allowed = [\"reject\", \"drop-newest\"]\n"
                                "observer = true\n");
    ConfigReader reader(sources);
    const QList<EndpointSettings> endpoints = reader.endpoints(&configtest::lookUp);
    QCOMPARE(configtest::texts(reader.errors()), QStringList());
    const OverflowSettings &overflow = endpoints[0].overflow;
    QCOMPARE(overflow.policy, OverflowPolicy::FaultSource);
    QCOMPARE(overflow.patienceNs, 2500 * kNsPerSecond / 1000);
    QVERIFY(overflow.allows(OverflowPolicy::Reject));
    QVERIFY(overflow.allows(OverflowPolicy::DropNewest));
    QVERIFY(!overflow.allows(OverflowPolicy::Disconnect));
    QVERIFY(!endpoints[0].notices);
    QCOMPARE(endpoints[0].peerKind, PeerKind::Observer);
    EndpointSettings other = endpoints[0];
    QVERIFY(other.isSameAs(endpoints[0]));
    other.notices = true;
    QVERIFY(!other.isSameAs(endpoints[0]));
    other = endpoints[0];
    other.peerKind = PeerKind::External;
    QVERIFY(!other.isSameAs(endpoints[0]));
    other = endpoints[0];
    other.overflow.patienceNs = 0;
    QVERIFY(!other.isSameAs(endpoints[0]));
}

void tst_ConfigEndpoints::unknownOverflowPoliciesAreRefused()
{
    const Outcome outcome = read({QStringLiteral("overflow=drop"), QStringLiteral("patience=-1")});
    QCOMPARE(outcome.errors.size(), 2);
    const configtest::Folder folder;
    ConfigSources sources;
    sources.file = folder.write(QStringLiteral("fairlead.toml"),
                                "[[endpoint]]\nname = \"mqtt\"\nurl = \"mqtt://127.0.0.1\"\n"
                                "overflow_allowed = [\"fault-source\"]\n");
    ConfigReader reader(sources);
    QVERIFY(reader.endpoints(&configtest::lookUp).isEmpty());
    QCOMPARE(reader.errors().size(), 1);
    QCOMPARE(reader.errors()[0].code(), ErrorCode::ConfigRange);
}

// AD-03
void tst_ConfigEndpoints::versionsOfServicesAreSemantic()
{
    const Outcome good = read({QStringLiteral("service_min_version=1.0.0-rc.1"),
                               QStringLiteral("service_versions=1.0.0,2.0.0+build")});
    QCOMPARE(configtest::texts(good.errors), QStringList());
    QCOMPARE(good.endpoints[0].serviceFloor, QStringLiteral("1.0.0-rc.1"));
    QCOMPARE(good.endpoints[0].serviceVersions.size(), 2);
    const Outcome bad = read(
        {QStringLiteral("service_min_version=1"), QStringLiteral("service_versions=1.0.0,latest")});
    QCOMPARE(bad.errors.size(), 2);
    for (const Error &error : bad.errors)
        QCOMPARE(error.code(), ErrorCode::ConfigRange);
}

// PL-01
void tst_ConfigEndpoints::anUnknownSchemeIsTheLookupsError()
{
    const Outcome outcome = read({QStringLiteral("url=nope://127.0.0.1:5"),
                                  QStringLiteral("whatever=1"),
                                  QStringLiteral("max_links=-1")});
    // the unknown plugin's keys are not called wrong, the host's own are still checked
    QCOMPARE(outcome.errors.size(), 2);
    QCOMPARE(outcome.errors[0].code(), ErrorCode::UnknownScheme);
    QVERIFY(outcome.errors[0].text().contains(QStringLiteral("no transport for nope")));
    QCOMPARE(outcome.errors[1].code(), ErrorCode::ConfigRange);
}

void tst_ConfigEndpoints::aTransportThatOnlyListensCannotDial()
{
    const Outcome outcome = read({QStringLiteral("role=dial")});
    QCOMPARE(outcome.errors.size(), 1);
    QCOMPARE(outcome.errors[0].code(), ErrorCode::NotSupported);
    QVERIFY(outcome.errors[0].text().contains(QStringLiteral("it can listen")));
}

void tst_ConfigEndpoints::aDialledEndpointKeepsItsHostName()
{
    const Outcome outcome
        = read({QStringLiteral("role=dial"), QStringLiteral("url=tcp://u:p@device.example:77")});
    QCOMPARE(configtest::texts(outcome.errors), QStringList());
    QCOMPARE(outcome.endpoints[0].role, EndpointRole::Dial);
    QVERIFY(outcome.endpoints[0].address.isNull());
    QCOMPARE(outcome.endpoints[0].url.host(), QStringLiteral("device.example"));
    QCOMPARE(outcome.endpoints[0].port, quint16(77));

    const Outcome zero = read({QStringLiteral("role=dial"), QStringLiteral("url=tcp://a:0")});
    QCOMPARE(zero.errors.size(), 1);
    QCOMPARE(zero.errors[0].code(), ErrorCode::ConfigRange);
}

void tst_ConfigEndpoints::aMemoryTransportNeedsNeitherHostNorPort()
{
    const Outcome outcome = read({QStringLiteral("url=loopback:here")});
    QCOMPARE(configtest::texts(outcome.errors), QStringList());
    QCOMPARE(outcome.endpoints[0].carrier, Carrier::Memory);
    QVERIFY(outcome.endpoints[0].allowAnonymous);
}

void tst_ConfigEndpoints::pluginKeysGetTheirDefaults()
{
    const Outcome outcome = read({QStringLiteral("enforcement=warn")});
    QCOMPARE(configtest::texts(outcome.errors), QStringList());
    QCOMPARE(outcome.endpoints[0].options,
             configtest::json(R"({ "receive_maximum": 1024, "enforcement": "warn" })"));
}

void tst_ConfigEndpoints::twoListenersOnOneAddressAreRefused()
{
    ConfigSources sources;
    sources.settings = QStringList{QStringLiteral("endpoint.other.url=mqtt://localhost")};
    ConfigReader reader(sources);
    reader.endpoints(&configtest::lookUp);
    QCOMPARE(reader.errors().size(), 1);
    QVERIFY(reader.errors()[0].text().contains(QStringLiteral("\"mqtt\"")));

    sources.settings = QStringList{QStringLiteral("endpoint.other.url=mqtt://127.0.0.1:0"),
                                   QStringLiteral("endpoint.mqtt.url=mqtt://127.0.0.1:0")};
    ConfigReader chosen(sources);
    QCOMPARE(chosen.endpoints(&configtest::lookUp).size(), 2);
    QCOMPARE(configtest::texts(chosen.errors()), QStringList());
}

void tst_ConfigEndpoints::aReloadSeesWhatChanged()
{
    const EndpointSettings before = read({}).endpoints[0];
    EndpointSettings moved = before;
    moved.origin.line = 17;
    QVERIFY(before.isSameAs(moved));
    QVERIFY(!before.isSameAs(read({QStringLiteral("receive_maximum=3")}).endpoints[0]));
    QVERIFY(!before.isSameAs(read({QStringLiteral("url=mqtt://127.0.0.1:9")}).endpoints[0]));
    QVERIFY(!before.isSameAs(read({QStringLiteral("service_min_version=1.0.0")}).endpoints[0]));
    QVERIFY(!before.isSameAs(read({QStringLiteral("service_versions=1.0.0")}).endpoints[0]));
}

QTEST_APPLESS_MAIN(tst_ConfigEndpoints)
#include "tst_configendpoints.moc"
