// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "control/pluginwish.h"
#include "control/textable.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QTest>

using namespace fairlead::cli;

namespace {

using Arguments = QList<QByteArray>;

QJsonObject plugin()
{
    const QByteArray text
        = "{\"plugin\":\"org.example.one\",\"transports\":[\"one\"],\"commands\":["
          "{\"name\":\"list\",\"summary\":\"lists\",\"arguments\":[],\"columns\":[\"b\",\"a\"]},"
          "{\"name\":\"greet\",\"summary\":\"greets\",\"columns\":[],\"arguments\":["
          "{\"name\":\"who\",\"type\":\"string\",\"required\":true,\"summary\":\"whom\"},"
          "{\"name\":\"word\",\"type\":\"string\",\"secret\":true,\"summary\":\"with\"},"
          "{\"name\":\"seconds\",\"type\":\"integer\",\"option\":true,\"summary\":\"for\"},"
          "{\"name\":\"loud\",\"type\":\"boolean\",\"option\":true,\"summary\":\"aloud\"}]}]}";
    return QJsonDocument::fromJson(text).object();
}

QByteArray compact(const QJsonObject &object)
{
    return QJsonDocument(object).toJson(QJsonDocument::Compact);
}

} // namespace

/// fairlead <plugin> <command> [arguments]
class tst_CliPluginWish : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theDoorIsFound();
    void argumentsAreRead_data();
    void argumentsAreRead();
    void mistakesAreNamed_data();
    void mistakesAreNamed();
    void secretsMayComeFromInput();
    void helpListsWhatThereIs();
    void columnsKeepTheirOrder();
};

void tst_CliPluginWish::theDoorIsFound()
{
    PluginWish wish;
    QVERIFY(!parsePluginDoor({"list", "--control", "/a b", "--timeout=2.5"}, &wish));
    QCOMPARE(wish.path, QStringLiteral("/a b"));
    QCOMPARE(wish.timeout.count(), 2500);
    QCOMPARE(parsePluginDoor({"--control"}, &wish).name, QByteArray("missing-argument"));
    QCOMPARE(parsePluginDoor({"--timeout", "0"}, &wish).name, QByteArray("value-out-of-range"));
    PluginWish none;
    QVERIFY(!parsePluginDoor({"--", "--control", "/x"}, &none));
    QVERIFY(none.path.isEmpty());
}

void tst_CliPluginWish::argumentsAreRead_data()
{
    QTest::addColumn<Arguments>("arguments");
    QTest::addColumn<QByteArray>("wanted");
    QTest::newRow("word") << Arguments{"greet", "you"} << QByteArray("{\"who\":\"you\"}");
    QTest::newRow("both") << Arguments{"greet", "you", "ok"}
                          << QByteArray("{\"who\":\"you\",\"word\":\"ok\"}");
    QTest::newRow("options") << Arguments{"greet", "--seconds", "5", "you", "--loud", "--json"}
                             << QByteArray("{\"loud\":true,\"seconds\":5,\"who\":\"you\"}");
    QTest::newRow("equals") << Arguments{"greet", "--seconds=-5", "a=b"}
                            << QByteArray("{\"seconds\":-5,\"who\":\"a=b\"}");
    QTest::newRow("words only") << Arguments{"greet", "--", "--loud"}
                                << QByteArray("{\"who\":\"--loud\"}");
    QTest::newRow("the door is passed over")
        << Arguments{"greet", "--control", "/x", "you", "--timeout=1"}
        << QByteArray("{\"who\":\"you\"}");
}

void tst_CliPluginWish::argumentsAreRead()
{
    QFETCH(Arguments, arguments);
    QFETCH(QByteArray, wanted);
    PluginWish wish;
    const Failure failure = parsePluginWish("one", plugin(), arguments, &wish);
    QVERIFY2(!failure, qPrintable(failure.text));
    QCOMPARE(wish.command, QStringLiteral("greet"));
    QCOMPARE(compact(wish.arguments), wanted);
    QCOMPARE(wish.json, arguments.contains("--json"));
}

void tst_CliPluginWish::mistakesAreNamed_data()
{
    QTest::addColumn<Arguments>("arguments");
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QString>("text");
    const auto row
        = [](const char *tag, const Arguments &arguments, const char *name, const char *text) {
              QTest::newRow(tag) << arguments << QByteArray(name) << QString::fromLatin1(text);
          };
    row("nothing", {}, "missing-argument", "list, greet");
    row("command", {"hug"}, "unknown-command", "one has no command 'hug'; there are: list, greet");
    row("missing", {"greet"}, "missing-argument", "who");
    row("too many", {"greet", "a", "b", "c"}, "unexpected-argument", "'c'");
    row("option", {"greet", "--slowly"}, "unknown-option", "'--slowly'");
    row("an argument with a place", {"greet", "--who", "you"}, "unknown-option", "'--who'");
    row("an option before its command", {"--loud", "greet"}, "unknown-option", "'--loud'");
    row("no number", {"greet", "--seconds", "x"}, "value-out-of-range", "'x'");
    row("no value", {"greet", "you", "--seconds"}, "missing-argument", "--seconds");
    row("a value too many", {"greet", "you", "--loud=1"}, "unexpected-argument", "--loud");
}

void tst_CliPluginWish::mistakesAreNamed()
{
    QFETCH(Arguments, arguments);
    QFETCH(QByteArray, name);
    QFETCH(QString, text);
    PluginWish wish;
    const Failure failure = parsePluginWish("one", plugin(), arguments, &wish);
    QCOMPARE(failure.exitCode, exitcode::kUsage);
    QCOMPARE(failure.name, name);
    QVERIFY2(failure.text.contains(text), qPrintable(failure.text));
}

// Others see the arguments of a process.
void tst_CliPluginWish::secretsMayComeFromInput()
{
    PluginWish wish;
    QVERIFY(!parsePluginWish("one", plugin(), {"greet", "-", "-"}, &wish));
    QCOMPARE(wish.fromInput, QStringLiteral("word"));
    QCOMPARE(compact(wish.arguments), QByteArray("{\"who\":\"-\"}"));
}

void tst_CliPluginWish::helpListsWhatThereIs()
{
    PluginWish wish;
    QVERIFY(!parsePluginWish("one", plugin(), {"--help"}, &wish));
    QVERIFY(wish.help);
    const QByteArray all = pluginHelp("one", plugin(), wish.command);
    for (const char *text : {"org.example.one", "list", "greets", "--control path"})
        QVERIFY2(all.contains(text), text);
    QVERIFY(!parsePluginWish("one", plugin(), {"greet", "-h"}, &wish));
    const QByteArray one = pluginHelp("one", plugin(), wish.command);
    for (const char *text : {"fairlead one greet [options] who [word]",
                             "--seconds value",
                             "--loud  ",
                             "standard input"})
        QVERIFY2(one.contains(text), one.constData());
}

void tst_CliPluginWish::columnsKeepTheirOrder()
{
    PluginWish wish;
    QVERIFY(!parsePluginWish("one", plugin(), {"list"}, &wish));
    const QStringList wanted{QStringLiteral("b"), QStringLiteral("a")};
    QCOMPARE(wish.columns, wanted);
    const QJsonArray rows{QJsonObject{{QStringLiteral("a"), 1},
                                      {QStringLiteral("b"), QStringLiteral("x")},
                                      {QStringLiteral("c"), 3}}};
    QCOMPARE(tableText(rows, wish.columns), QByteArray("B  A\nx  1\n"));
    QCOMPARE(tableText(rows, {QStringLiteral("none"), QStringLiteral("c")}), QByteArray("C\n3\n"));
    QCOMPARE(objectText(rows[0].toObject(), wish.columns), QByteArray("b: x\na: 1\n"));
}

QTEST_APPLESS_MAIN(tst_CliPluginWish)

#include "tst_clipluginwish.moc"
