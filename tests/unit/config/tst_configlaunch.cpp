// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "configtest.h"

using namespace fairlead;
using namespace fairlead::core;

namespace {

Result<TransportDescription> lookUp(const QString &scheme)
{
    TransportDescription transport;
    transport.type = QStringLiteral("tool");
    transport.roles = QStringList{QStringLiteral("listen"), QStringLiteral("dial")};
    transport.schemes = QStringList{scheme};
    transport.carriers.insert(scheme,
                              scheme == QLatin1String("stdio") ? Carrier::Process : Carrier::Tcp);
    return transport;
}

struct Outcome
{
    QList<EndpointSettings> endpoints;
    ConfigErrors errors;
};

Outcome read(const QStringList &keys)
{
    ConfigSources sources;
    for (const QString &key : keys)
        sources.settings.append(QStringLiteral("endpoint.one.") + key);
    ConfigReader reader(sources);
    Outcome outcome;
    outcome.endpoints = reader.endpoints(&lookUp);
    outcome.endpoints.removeIf(
        [](const EndpointSettings &endpoint) { return endpoint.name != QLatin1String("one"); });
    outcome.errors = reader.errors();
    return outcome;
}

QStringList keys(const char *text)
{
    return QString::fromLatin1(text).split(QLatin1Char(' '), Qt::SkipEmptyParts);
}

} // namespace

class tst_ConfigLaunch : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void aLaunchedPeerHasACommandAndNoAddress()
    {
        const Outcome outcome
            = read(keys("url=stdio: role=dial command=/bin/cat,-u working_directory=/tmp"));
        QCOMPARE(configtest::texts(outcome.errors), QStringList());
        const EndpointSettings &one = outcome.endpoints.front();
        QCOMPARE(one.carrier, Carrier::Process);
        QCOMPARE(one.command, (QStringList{QStringLiteral("/bin/cat"), QStringLiteral("-u")}));
        QCOMPARE(one.workingDirectory, QStringLiteral("/tmp"));
        QVERIFY(one.allowAnonymous);
        QVERIFY(one.options.isEmpty());
    }

    void whoIsDialledMayBeLaunchedToo()
    {
        const Outcome outcome = read(keys("url=tcp://127.0.0.1:7 role=dial command=/bin/cat"));
        QCOMPARE(configtest::texts(outcome.errors), QStringList());
        QCOMPARE(outcome.endpoints.front().carrier, Carrier::Tcp);
        QCOMPARE(outcome.endpoints.front().command, QStringList{QStringLiteral("/bin/cat")});
    }

    // A reload launches anew what is launched otherwise.
    void anotherCommandIsAnotherEndpoint()
    {
        const char *const plain = "url=stdio: role=dial command=/bin/cat";
        const auto one = read(keys(plain)).endpoints;
        QVERIFY(one.front().isSameAs(read(keys(plain)).endpoints.front()));
        for (const char *other : {"url=stdio: role=dial command=/bin/cat,-u",
                                  "url=stdio: role=dial command=/bin/cat working_directory=/"}) {
            QVERIFY(!one.front().isSameAs(read(keys(other)).endpoints.front()));
        }
    }

    void wrongKeysAreNamed_data()
    {
        QTest::addColumn<QString>("settings");
        QTest::addColumn<int>("code");
        QTest::addColumn<QString>("key");
        const auto row
            = [](const char *name, const char *settings, ErrorCode code, const char *key) {
                  QTest::newRow(name)
                      << QString::fromLatin1(settings) << int(code) << QString::fromLatin1(key);
              };
        row("no command", "url=stdio: role=dial", ErrorCode::ConfigMissing, "command");
        row("listens", "url=stdio: command=/bin/cat", ErrorCode::ConfigRange, "role");
        row("a host",
            "url=stdio://there role=dial command=/bin/cat",
            ErrorCode::ConfigRange,
            "url");
        row("who listens launches nothing",
            "url=tcp://127.0.0.1:7 command=/bin/cat",
            ErrorCode::ConfigRange,
            "command");
        row("a folder of no command",
            "url=tcp://127.0.0.1:7 role=dial working_directory=/tmp",
            ErrorCode::ConfigRange,
            "working_directory");
        row("no absolute folder",
            "url=stdio: role=dial command=/bin/cat working_directory=tmp",
            ErrorCode::ConfigRange,
            "working_directory");
    }

    void wrongKeysAreNamed()
    {
        QFETCH(QString, settings);
        QFETCH(int, code);
        QFETCH(QString, key);
        const Outcome outcome = read(settings.split(QLatin1Char(' ')));
        QCOMPARE(outcome.errors.size(), 1);
        QCOMPARE(int(outcome.errors[0].code()), code);
        QVERIFY2(outcome.errors[0].toString().contains(key),
                 outcome.errors[0].toString().toUtf8().constData());
        QVERIFY(outcome.endpoints.isEmpty());
    }
};

QTEST_APPLESS_MAIN(tst_ConfigLaunch)

#include "tst_configlaunch.moc"
