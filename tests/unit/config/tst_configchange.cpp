// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "configtest.h"
#include "core/config/configchange.h"

using namespace fairlead::core;
using configtest::Folder;

namespace {

struct Read
{
    QList<EndpointSettings> endpoints;
    QJsonObject host;
};

Read read(const Folder &folder, const QByteArray &content)
{
    ConfigSources sources;
    sources.file = folder.write(QStringLiteral("fairlead.toml"), content);
    sources.fileIsNamed = true;
    ConfigReader reader(sources);
    Read result;
    result.endpoints = reader.endpoints(configtest::lookUp);
    result.host = reader.values();
    for (const fairlead::Error &error : reader.errors())
        qFatal("%s", qPrintable(error.toString()));
    return result;
}

ConfigChange change(const QByteArray &was, const QByteArray &is)
{
    const Folder folder;
    const Read running = read(folder, was);
    const Read wanted = read(folder, is);
    ConfigChange change;
    change.compareEndpoints(running.endpoints, wanted.endpoints);
    change.compareHost(running.host, wanted.host);
    return change;
}

QStringList names(const QList<EndpointSettings> &list)
{
    QStringList out;
    for (const EndpointSettings &one : list)
        out.append(one.name);
    return out;
}

constexpr char kTwo[] = "[[endpoint]]\n"
                        "name = \"a\"\n"
                        "url = \"mqtt://127.0.0.1:1883\"\n"
                        "[[endpoint]]\n"
                        "name = \"b\"\n"
                        "url = \"mqtt://127.0.0.1:1884\"\n";

} // namespace

class tst_ConfigChange : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void theSameSettingsWrittenElsewhereAreNoChange()
    {
        const ConfigChange result = change(kTwo, QByteArray("# moved down\n\n") + kTwo);
        QVERIFY(result.isEmpty());
        QCOMPARE(result.unchanged, (QStringList{QStringLiteral("a"), QStringLiteral("b")}));
    }

    void aWrittenDefaultIsNoChange()
    {
        const ConfigChange result
            = change(kTwo, QByteArray("[host]\nreactors = 0\nlog_level = \"info\"\n") + kTwo);
        QVERIFY(result.isEmpty());
    }

    void endpointsAreAddedRemovedAndReplacedByName()
    {
        const ConfigChange result = change(kTwo,
                                           "[[endpoint]]\n"
                                           "name = \"b\"\n"
                                           "url = \"mqtt://127.0.0.1:1884\"\n"
                                           "max_links = 7\n"
                                           "[[endpoint]]\n"
                                           "name = \"c\"\n"
                                           "url = \"mqtt://127.0.0.1:1885\"\n");
        QCOMPARE(result.removed, QStringList{QStringLiteral("a")});
        QCOMPARE(names(result.replaced), QStringList{QStringLiteral("b")});
        QCOMPARE(names(result.added), QStringList{QStringLiteral("c")});
        QVERIFY(result.unchanged.isEmpty());
    }

    void anOptionOfThePluginReplacesItsEndpoint()
    {
        QByteArray is = kTwo;
        is += "receive_maximum = 9\n";
        const ConfigChange result = change(kTwo, is);
        QCOMPARE(names(result.replaced), QStringList{QStringLiteral("b")});
        QCOMPARE(result.unchanged, QStringList{QStringLiteral("a")});
    }

    void keysThatNeedARestartAreNamed()
    {
        const ConfigChange result = change(
            kTwo,
            QByteArray("[host]\nreactors = 2\nlog_level = \"debug\"\n[limits]\nsessions = 5\n")
                + kTwo);
        QCOMPARE(result.applied, QStringList{QStringLiteral("host.log_level")});
        QCOMPARE(result.needRestart,
                 (QStringList{QStringLiteral("host.reactors"), QStringLiteral("limits.sessions")}));
    }
};

QTEST_APPLESS_MAIN(tst_ConfigChange)
#include "tst_configchange.moc"
