// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "commands/help.h"
#include "control/controlcommands.h"
#include "store/storeoptions.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QRegularExpression>
#include <QSet>
#include <QtTest>

using namespace fairlead::cli;

Q_DECLARE_METATYPE(Tool)

/// Usage, manual page and shell completion say what the parser does.
class tst_CliDocuments : public QObject
{
    Q_OBJECT

    static void toolRows()
    {
        QTest::addColumn<Tool>("tool");
        for (const Tool tool : {Tool::Pub, Tool::Sub, Tool::Rr}) {
            QTest::newRow(toolName(tool).constData()) << tool;
        }
    }

    static QByteArray read(const char *name)
    {
        QFile file(QStringLiteral(FAIRLEAD_SOURCE_DIR "/packaging/") + QLatin1String(name));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }

private Q_SLOTS:

    void theCompletionOffersWhatTheParserTakes_data() { toolRows(); }

    void theCompletionOffersWhatTheParserTakes();
    void theCompletionOffersTheTools();
    void theHostCommandsAreDescribed();
    void theStoreCommandsAreDescribed();
    void theShipCommandsAreDescribed();

    void theManualNamesEveryOption_data() { toolRows(); }

    void theManualNamesEveryOption();

    void theUsageNamesEveryOption_data() { toolRows(); }

    void theUsageNamesEveryOption();

    void noNameIsGivenTwice_data() { toolRows(); }

    void noNameIsGivenTwice();

private:
    static QSet<QByteArray> optionNames(Tool tool)
    {
        QSet<QByteArray> names;
        for (const OptionSpec &spec : optionTable()) {
            if (!hasTool(spec, tool)) {
                continue;
            }
            for (const char *name : {spec.shortName, spec.longName}) {
                if (name != nullptr) {
                    names.insert(name);
                }
            }
        }
        return names;
    }

    /// What bash offers after "fairlead" and these words.
    static QSet<QByteArray> completions(const QByteArray &words, int position)
    {
        QProcess bash;
        bash.start(QStringLiteral("bash"),
                   {QStringLiteral("--norc"),
                    QStringLiteral("-c"),
                    QStringLiteral("source '%1/packaging/completions/fairlead'; COMP_WORDS=(%2); "
                                   "COMP_CWORD=%3; _fairlead; printf '%s\\n' \"${COMPREPLY[@]}\"")
                        .arg(QStringLiteral(FAIRLEAD_SOURCE_DIR), QLatin1String(words))
                        .arg(position)});
        if (!bash.waitForFinished() || bash.exitCode() != 0) {
            qWarning("%s", bash.readAllStandardError().constData());
            return {};
        }
        const QList<QByteArray> lines = bash.readAllStandardOutput().trimmed().split('\n');
        return {lines.begin(), lines.end()};
    }
};

void tst_CliDocuments::theCompletionOffersWhatTheParserTakes()
{
    QFETCH(Tool, tool);
    const QSet<QByteArray> offered = completions("fairlead " + toolName(tool) + " -", 2);
    const QSet<QByteArray> taken = optionNames(tool);
    const QSet<QByteArray> forgotten = taken - offered;
    const QSet<QByteArray> invented = offered - taken;
    QVERIFY2(forgotten.isEmpty(), forgotten.values().join(' ').constData());
    QVERIFY2(invented.isEmpty(), invented.values().join(' ').constData());
}

void tst_CliDocuments::theCompletionOffersTheTools()
{
    QSet<QByteArray> expected{"pub", "sub", "rr", "ship", "store", "help", "version"};
    for (const ControlCommandSpec &command : controlCommands()) {
        expected.insert(command.name);
    }
    QCOMPARE(completions("fairlead ''", 1), expected);
}

void tst_CliDocuments::theHostCommandsAreDescribed()
{
    const QByteArray page = read("man/fairlead.1").replace("\\-", "-");
    for (const ControlCommandSpec &command : controlCommands()) {
        const QByteArray name = command.name;
        const bool isNamed
            = page.contains("\n.B " + name + '\n') || page.contains("\n.BI " + name + " \"");
        QVERIFY2(isNamed, command.name);
        QSet<QByteArray> expected;
        for (const ControlOption &option : controlOptions()) {
            if (hasOption(command.id, option)) {
                expected.insert(option.name);
                QVERIFY2(page.contains("\\fB" + QByteArray(option.name) + "\\fR")
                             || option.name == QByteArray("--help"),
                         option.name);
                QVERIFY(controlHelp(command).contains("\n  " + QByteArray(option.name) + ' '));
            }
        }
        QCOMPARE(completions("fairlead " + name + " -", 2), expected);
    }
}

// They are the plugin's, which says what there is.
void tst_CliDocuments::theShipCommandsAreDescribed()
{
    QFile file(QStringLiteral(FAIRLEAD_SOURCE_DIR "/plugins/ship/plugin.json.in"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QJsonArray commands = QJsonDocument::fromJson(file.readAll())
                                    .object()
                                    .value(QStringLiteral("commands"))
                                    .toArray();
    const QByteArray page = read("man/fairlead.1").replace("\\-", "-");
    QSet<QByteArray> names{"--help"};
    for (const auto &one : commands) {
        const QJsonObject command = one.toObject();
        const QByteArray name = command.value(QStringLiteral("name")).toString().toUtf8();
        names.insert(name);
        QVERIFY2(page.contains("\n.B " + name + '\n') || page.contains("\n.BI " + name + " \""),
                 name.constData());
        QSet<QByteArray> options{"--control", "--help", "--json", "--timeout"};
        const QJsonArray arguments = command.value(QStringLiteral("arguments")).toArray();
        for (const auto &argument : arguments) {
            if (argument.toObject().value(QStringLiteral("option")).toBool()) {
                options.insert(
                    "--" + argument.toObject().value(QStringLiteral("name")).toString().toUtf8());
            }
        }
        QCOMPARE(completions("fairlead ship " + name + " -", 3), options);
    }
    QCOMPARE(completions("fairlead ship ''", 2), names);
}

void tst_CliDocuments::theStoreCommandsAreDescribed()
{
    const QByteArray page = read("man/fairlead.1").replace("\\-", "-");
    QSet<QByteArray> names{"--help"};
    for (const StoreActionSpec &action : storeActions()) {
        const QByteArray name = action.name;
        names.insert(name);
        QVERIFY2(page.contains("\n.B store " + name + '\n'), action.name);
        QVERIFY(storeHelp().contains("\n  " + name + ' '));
        QSet<QByteArray> expected;
        for (const StoreOption &option : storeOptions()) {
            StoreWish wish;
            QList<QByteArray> arguments{name, option.name};
            if (option.argument != nullptr) {
                arguments.append("x");
            }
            const bool isTaken = option.isOfExport || action.action != StoreAction::Export;
            QCOMPARE(bool(parseStoreWish(arguments, &wish)), !isTaken);
            if (isTaken) {
                expected.insert(option.name);
            }
            QVERIFY2(page.contains("\\fB" + QByteArray(option.name) + "\\fR"), option.name);
            QVERIFY(storeHelp().contains("\n  " + QByteArray(option.name) + ' '));
        }
        QCOMPARE(completions("fairlead store " + name + " -", 3), expected);
    }
    QCOMPARE(completions("fairlead store ''", 2), names);
}

void tst_CliDocuments::theManualNamesEveryOption()
{
    QFETCH(Tool, tool);
    const QString page = QString::fromUtf8(
        read("man/fairlead.1").replace("\\-", "-").replace("\\fB", " ").replace("\\fR", " "));
    QVERIFY(!page.isEmpty());
    for (const QByteArray &name : optionNames(tool)) {
        const QRegularExpression alone(QStringLiteral("(?<![\\w-])%1(?![\\w-])")
                                           .arg(QRegularExpression::escape(QLatin1String(name))));
        QVERIFY2(page.contains(alone), name.constData());
    }
}

void tst_CliDocuments::theUsageNamesEveryOption()
{
    QFETCH(Tool, tool);
    const QByteArray usage = toolHelp(tool).replace(',', ' ').replace('\n', ' ');
    for (const QByteArray &name : optionNames(tool)) {
        QVERIFY2(usage.contains(' ' + name + ' '), name.constData());
    }
}

void tst_CliDocuments::noNameIsGivenTwice()
{
    QFETCH(Tool, tool);
    QSet<QByteArray> seen;
    for (const OptionSpec &spec : optionTable()) {
        if (!hasTool(spec, tool)) {
            continue;
        }
        for (const char *name : {spec.shortName, spec.longName}) {
            QVERIFY2(name == nullptr || !seen.contains(name), name);
            seen.insert(name != nullptr ? name : "");
        }
        seen.remove("");
    }
}

QTEST_GUILESS_MAIN(tst_CliDocuments)
#include "tst_clidocuments.moc"
