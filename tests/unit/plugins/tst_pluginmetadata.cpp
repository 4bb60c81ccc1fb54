// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/plugins/pluginmetadata.h"

#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtTest/QtTest>

using namespace fairlead::core;

namespace {

QJsonObject json(const QByteArray &text)
{
    const QJsonDocument document = QJsonDocument::fromJson(text);
    if (!document.isObject())
        qFatal("the fixture is not JSON: %s", text.constData());
    return document.object();
}

QJsonObject goodMetadata()
{
    return json(R"({
        "schemaVersion": 1, "id": "org.example.x", "name": { "en": "X" }, "license": "MIT",
        "version": "1.0.0", "sdk": { "abi": 1, "minVersion": "0.1.0" },
        "build": { "qt": "6.4.2" },
        "transports": [{ "type": "x", "roles": ["listen"], "schemes": ["x"],
                         "carriers": { "x": "tcp" }, "defaultPorts": { "x": 1 },
                         "config": { "type": "object", "properties": {
                             "a": { "type": "string" } } } }] })");
}

} // namespace

class tst_PluginMetadata : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void goodMetadataHasNoProblems();
    void wrongMembersAreFound_data();
    void wrongMembersAreFound();
    void wrongTransportsAreFound_data();
    void wrongTransportsAreFound();
    void rangesAreCompared_data();
    void rangesAreCompared();
    void wrongRangesAreRefused_data();
    void wrongRangesAreRefused();
};

void tst_PluginMetadata::goodMetadataHasNoProblems()
{
    QStringList problems;
    QStringList warnings;
    const PluginMetadata metadata = readPluginMetadata(goodMetadata(), &problems, &warnings);
    QCOMPARE(problems, QStringList());
    QCOMPARE(warnings, QStringList());
    QCOMPARE(metadata.transports.size(), 1);
    QCOMPARE(metadata.abi, 1);
}

void tst_PluginMetadata::wrongMembersAreFound_data()
{
    QTest::addColumn<QString>("key");
    QTest::addColumn<QByteArray>("value");
    const auto row = [](const char *key, const char *value) {
        QTest::addRow("%s %s", key, value) << QString::fromLatin1(key) << QByteArray(value);
    };
    row("schemaVersion", "2");
    row("id", R"("X")");
    row("id", R"("org.example.x\n")");
    row("id", "3");
    row("name", R"({ "de": "X" })");
    row("license", R"("")");
    row("version", R"("1.x")");
    row("version", "1");
    row("sdk", "{}");
    row("sdk", R"({ "abi": "1", "minVersion": "0.1.0" })");
    row("build", "{}");
    row("platforms", R"("linux")");
    row("platforms", "[1]");
    row("dependencies", R"([{ "version": ">=1" }])");
    row("dependencies", R"([{ "id": "a.b", "version": "1" }])");
    row("dependencies", R"([{ "id": "a.b", "kind": "maybe" }])");
    row("transports", "[]");
    row("transports", "{}");
    row("transports", "[3]");
}

void tst_PluginMetadata::wrongMembersAreFound()
{
    QFETCH(QString, key);
    QFETCH(QByteArray, value);
    QJsonObject metadata = goodMetadata();
    metadata.insert(key, json("{\"v\":" + value + "}").value(QLatin1String("v")));
    QStringList problems;
    QStringList warnings;
    readPluginMetadata(metadata, &problems, &warnings);
    QVERIFY(!problems.isEmpty());
    for (const QString &problem : std::as_const(problems))
        QVERIFY2(problem.startsWith(QLatin1Char('/') + key), qPrintable(problem));
}

void tst_PluginMetadata::wrongTransportsAreFound_data()
{
    QTest::addColumn<QString>("key");
    QTest::addColumn<QByteArray>("value");
    const auto row = [](const char *key, const char *value) {
        QTest::addRow("%s %s", key, value) << QString::fromLatin1(key) << QByteArray(value);
    };
    row("type", R"("X")");
    row("roles", "[]");
    row("roles", R"(["serve"])");
    row("schemes", R"(["X"])");
    row("schemes", "[]");
    row("carriers", "{}");
    row("carriers", R"({ "x": "pigeon" })");
    row("tls", R"({ "identity": "self-signed" })"); // its scheme is not encrypted
    row("webSocket", R"({ "path": "/x" })");
    row("defaultPorts", R"({ "x": 0 })");
    row("defaultPorts", R"({ "x": 65536 })");
    row("defaultPorts", R"({ "y": 1 })");
    row("config", R"({ "type": "string" })");
    row("config", R"({ "type": "object", "properties": { "a": { "type": "text" } } })");
    row("config", R"({ "type": "object", "properties": { "url": { "type": "string" } } })");
}

void tst_PluginMetadata::wrongTransportsAreFound()
{
    QFETCH(QString, key);
    QFETCH(QByteArray, value);
    QJsonObject metadata = goodMetadata();
    QJsonObject transport = metadata.value(QLatin1String("transports")).toArray().at(0).toObject();
    transport.insert(key, json("{\"v\":" + value + "}").value(QLatin1String("v")));
    metadata.insert(QLatin1String("transports"), QJsonArray{transport});
    QStringList problems;
    QStringList warnings;
    readPluginMetadata(metadata, &problems, &warnings);
    QVERIFY(!problems.isEmpty());
    QVERIFY2(problems.constFirst().startsWith(QStringLiteral("/transports/0/")),
             qPrintable(problems.constFirst()));
}

void tst_PluginMetadata::rangesAreCompared_data()
{
    QTest::addColumn<QString>("range");
    QTest::addColumn<QString>("version");
    QTest::addColumn<bool>("inside");
    const auto row = [](const char *range, const char *version, bool inside) {
        QTest::addRow("%s in %s", version, range)
            << QString::fromLatin1(range) << QString::fromLatin1(version) << inside;
    };
    row("", "0.0.1", true);
    row(">=1.0 <2.0", "1.0.0", true);
    row(">=1.0 <2.0", "1.99", true);
    row(">=1.0 <2.0", "2.0.0", false);
    row(">=1.0.0", "1.0", true);
    row("=1.2", "1.2.0", true);
    row("==1.2", "1.2.1", false);
    row(">1.2", "1.2.0", false);
    row("<=1.2", "1.2.0", true);
    row("<1.10", "1.9", true);
}

void tst_PluginMetadata::rangesAreCompared()
{
    QFETCH(QString, range);
    QFETCH(QString, version);
    QFETCH(bool, inside);
    const std::optional<VersionRange> parsed = VersionRange::fromText(range);
    QVERIFY(parsed.has_value());
    QCOMPARE(parsed->contains(*versionFromText(version)), inside);
}

void tst_PluginMetadata::wrongRangesAreRefused_data()
{
    QTest::addColumn<QString>("range");
    for (const char *range : {"1.0", ">=", ">=a", "~1.0", ">=1.0,<2", ">=1..2", "=>1"})
        QTest::newRow(range) << QString::fromLatin1(range);
}

void tst_PluginMetadata::wrongRangesAreRefused()
{
    QFETCH(QString, range);
    QVERIFY(!VersionRange::fromText(range).has_value());
}

QTEST_APPLESS_MAIN(tst_PluginMetadata)
#include "tst_pluginmetadata.moc"
