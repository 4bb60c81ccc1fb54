// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/plugins/commanddescription.h"

#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtTest/QtTest>

using namespace fairlead;
using namespace fairlead::core;

namespace {

QJsonObject json(const QByteArray &text)
{
    const QJsonDocument document = QJsonDocument::fromJson(text);
    if (!document.isObject())
        qFatal("the fixture is not JSON: %s", text.constData());
    return document.object();
}

const QByteArray kArguments
    = "{\"name\":\"who\",\"required\":true,\"summary\":{\"en\":\"whom\"}},"
      "{\"name\":\"how\",\"choices\":[\"soft\",\"hard\"],\"summary\":{\"en\":\"how\"}},"
      "{\"name\":\"seconds\",\"option\":true,\"type\":\"integer\",\"minimum\":1,\"maximum\":9,"
      "\"summary\":{\"en\":\"for how long\"}},"
      "{\"name\":\"loud\",\"option\":true,\"type\":\"boolean\",\"summary\":{\"en\":\"aloud\"}}";

QJsonObject metadataWith(const QByteArray &arguments)
{
    return json("{\"commands\":[{\"name\":\"greet\",\"summary\":{\"en\":\"greets\"},\"columns\":"
                "[\"b\",\"a\"],\"arguments\":["
                + arguments + "]}]}");
}

} // namespace

/// What plugins declare that operators can do.
class tst_CommandDescription : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void commandsAreRead();
    void wrongOnesAreFound_data();
    void wrongOnesAreFound();
    void argumentsAreChecked_data();
    void argumentsAreChecked();
};

void tst_CommandDescription::commandsAreRead()
{
    QStringList problems;
    QStringList warnings;
    const QList<CommandDescription> commands
        = readCommands(metadataWith(kArguments), &problems, &warnings);
    QCOMPARE(problems, QStringList());
    QCOMPARE(warnings, QStringList());
    QCOMPARE(commands.size(), 1);
    const QJsonObject told = toJson(commands[0]);
    QCOMPARE(told.value(QStringLiteral("name")), QJsonValue(QStringLiteral("greet")));
    QCOMPARE(told.value(QStringLiteral("summary")), QJsonValue(QStringLiteral("greets")));
    const QJsonArray columns{QStringLiteral("b"), QStringLiteral("a")};
    QCOMPARE(told.value(QStringLiteral("columns")).toArray(), columns);
    const QJsonArray arguments = told.value(QStringLiteral("arguments")).toArray();
    QCOMPARE(arguments.size(), 4);
    QCOMPARE(arguments[0].toObject(),
             json("{\"name\":\"who\",\"type\":\"string\",\"required\":true,\"option\":false,"
                  "\"secret\":false,\"summary\":\"whom\"}"));
    QCOMPARE(arguments[2].toObject(),
             json("{\"name\":\"seconds\",\"type\":\"integer\",\"required\":false,\"option\":true,"
                  "\"secret\":false,\"minimum\":1,\"maximum\":9,\"summary\":\"for how long\"}"));
    QVERIFY(readCommands({}, &problems, &warnings).isEmpty());
    QCOMPARE(problems, QStringList());
}

void tst_CommandDescription::wrongOnesAreFound_data()
{
    QTest::addColumn<QByteArray>("metadata");
    QTest::addColumn<QString>("place");
    const auto row = [](const char *name, const QByteArray &arguments, const char *place) {
        QTest::newRow(name) << "{\"commands\":[{\"name\":\"a\",\"summary\":{\"en\":\"a\"},"
                               "\"arguments\":["
                + arguments
                + "]}]}" << QStringLiteral("/commands/0/arguments/") + QLatin1String(place);
    };
    const QByteArray summary = "\"summary\":{\"en\":\"s\"}";
    QTest::newRow("no list") << QByteArray("{\"commands\":{}}") << QStringLiteral("/commands:");
    QTest::newRow("no name") << QByteArray("{\"commands\":[{\"summary\":{\"en\":\"a\"}}]}")
                             << QStringLiteral("/commands/0/name:");
    QTest::newRow("help") << QByteArray(
        "{\"commands\":[{\"name\":\"help\",\"summary\":{\"en\":\"a\"}}]}")
                          << QStringLiteral("/commands/0/name:");
    QTest::newRow("no summary") << QByteArray("{\"commands\":[{\"name\":\"a\"}]}")
                                << QStringLiteral("/commands/0/summary/en:");
    QTest::newRow("twice") << QByteArray(
        "{\"commands\":[{\"name\":\"a\",\"summary\":{\"en\":\"a\"}},"
        "{\"name\":\"a\",\"summary\":{\"en\":\"a\"}}]}")
                           << QStringLiteral("/commands/1/name:");
    row("capital", "{\"name\":\"A\"," + summary + "}", "0/name:");
    row("the tool's own", "{\"name\":\"json\"," + summary + "}", "0/name:");
    row("unknown type", "{\"name\":\"b\",\"type\":\"date\"," + summary + "}", "0/type:");
    row("boolean with a place", "{\"name\":\"b\",\"type\":\"boolean\"," + summary + "}", "0/type:");
    row("bound of a text", "{\"name\":\"b\",\"minimum\":1," + summary + "}", "0/minimum:");
    row("choices of a number",
        "{\"name\":\"b\",\"type\":\"integer\",\"choices\":[\"1\"]," + summary + "}",
        "0/choices:");
    row("same name",
        "{\"name\":\"b\"," + summary + "},{\"name\":\"b\"," + summary + "}",
        "1/name:");
    row("required after one that is not",
        "{\"name\":\"b\"," + summary + "},{\"name\":\"c\",\"required\":true," + summary + "}",
        "1/required:");
}

void tst_CommandDescription::wrongOnesAreFound()
{
    QFETCH(QByteArray, metadata);
    QFETCH(QString, place);
    QStringList problems;
    QStringList warnings;
    static_cast<void>(readCommands(json(metadata), &problems, &warnings));
    QCOMPARE(problems.size(), 1);
    QVERIFY2(problems.first().startsWith(place), qPrintable(problems.first()));
}

void tst_CommandDescription::argumentsAreChecked_data()
{
    QTest::addColumn<QByteArray>("arguments");
    QTest::addColumn<QString>("problem");
    const auto row = [](const char *name, const char *arguments, const char *problem) {
        QTest::newRow(name) << QByteArray(arguments) << QString::fromLatin1(problem);
    };
    row("all", "{\"who\":\"x\",\"how\":\"soft\",\"seconds\":9,\"loud\":true}", "");
    row("the required", "{\"who\":\"\"}", "");
    row("none", "{}", "\"who\" is missing");
    row("a number as text", "{\"who\":1}", "\"who\" must be a text");
    row("no choice", "{\"who\":\"x\",\"how\":\"a\"}", "\"how\" must be one of soft, hard");
    row("too few",
        "{\"who\":\"x\",\"seconds\":0}",
        "\"seconds\" must be a whole number from 1 to 9");
    row("too many",
        "{\"who\":\"x\",\"seconds\":10}",
        "\"seconds\" must be a whole number from 1 to 9");
    row("a part",
        "{\"who\":\"x\",\"seconds\":1.5}",
        "\"seconds\" must be a whole number from 1 to 9");
    row("text as number",
        "{\"who\":\"x\",\"seconds\":\"1\"}",
        "\"seconds\" must be a whole number from 1 to 9");
    row("yes", "{\"who\":\"x\",\"loud\":\"yes\"}", "\"loud\" must be true or false");
    row("unknown",
        "{\"who\":\"x\",\"why\":1}",
        "\"greet\" takes no \"why\"; there are: who, how, seconds, loud");
}

void tst_CommandDescription::argumentsAreChecked()
{
    QFETCH(QByteArray, arguments);
    QFETCH(QString, problem);
    QStringList problems;
    QStringList warnings;
    const QList<CommandDescription> commands
        = readCommands(metadataWith(kArguments), &problems, &warnings);
    const Result<> checked = checkArguments(commands[0], json(arguments));
    QCOMPARE(checked.error().text(), problem);
    QCOMPARE(checked.error().code(),
             problem.isEmpty() ? ErrorCode::None : ErrorCode::InvalidArgument);
}

QTEST_APPLESS_MAIN(tst_CommandDescription)

#include "tst_commanddescription.moc"
