// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "commands/help.h"
#include "commands/pub.h"
#include "commands/rr.h"
#include "commands/sub.h"
#include "control/controlcommand.h"
#include "control/plugincommand.h"
#include "options/optionparser.h"
#include "options/optionsfile.h"
#include "store/storecommand.h"

#include <QCoreApplication>

#include <clocale>
#include <csignal>
#include <cstdio>
#include <tuple>

namespace fairlead::cli {

namespace {

void quietQt(QtMsgType type, const QMessageLogContext &, const QString &text)
{
    // Qt's advice is for programmers; what users have to know, this program tells itself.
    if (type == QtFatalMsg) {
        std::ignore = std::fprintf(stderr, "fairlead: %s\n", text.toUtf8().constData());
    }
}

int show(const QByteArray &text)
{
    Console console;
    console.write(text);
    console.flush();
    return console.hasFailed() ? exitcode::kOutput : exitcode::kOk;
}

int complain(const Failure &failure, const QByteArray &helpCommand)
{
    Console().writeError(
        QStringLiteral("Error: %1 [%2]\n\nUse '%3' to see usage.")
            .arg(failure.text, QLatin1String(failure.name), QLatin1String(helpCommand)));
    return failure.exitCode;
}

template <typename Tool>
int run(const Options &options)
{
    Tool tool(options);
    QMetaObject::invokeMethod(
        &tool, [&tool] { tool.start(); }, Qt::QueuedConnection);
    return QCoreApplication::exec();
}

int runTool(Tool tool, const QList<QByteArray> &arguments)
{
    OptionParser parser(tool);
    if (const Failure failure = parser.parse(arguments, defaultOptionsFile(tool))) {
        return complain(failure, "fairlead " + toolName(tool) + " --help");
    }
    if (parser.action() != Action::Run) {
        return show(parser.action() == Action::ShowHelp ? toolHelp(tool) : versionText() + '\n');
    }
    switch (tool) {
    case Tool::Pub:
        return run<PubCommand>(parser.options());
    case Tool::Sub:
        return run<SubCommand>(parser.options());
    case Tool::Rr:
        break;
    }
    return run<RrCommand>(parser.options());
}

int runControl(const ControlCommandSpec &command, const QList<QByteArray> &arguments)
{
    ControlWish wish;
    if (const Failure failure = parseControlWish(command, arguments, &wish)) {
        return complain(failure, "fairlead " + QByteArray(command.name) + " --help");
    }
    return wish.help ? show(controlHelp(command)) : ControlCommand(command, wish).run();
}

int runStore(const QList<QByteArray> &arguments)
{
    StoreWish wish;
    if (const Failure failure = parseStoreWish(arguments, &wish)) {
        return complain(failure, QByteArrayLiteral("fairlead store --help"));
    }
    return wish.help ? show(storeHelp()) : StoreCommand(wish).run();
}

int runProgram(const QList<QByteArray> &arguments)
{
    const QByteArray name = arguments.value(0);
    if (const std::optional<Tool> tool = toolOf(name)) {
        return runTool(*tool, arguments.mid(1));
    }
    if (const ControlCommandSpec *command = controlCommandOf(name)) {
        return runControl(*command, arguments.mid(1));
    }
    if (name == "store") {
        return runStore(arguments.mid(1));
    }
    if (name == "version" || name == "--version") {
        return show(versionText() + '\n');
    }
    if (name == "help" || name == "--help" || name == "-h") {
        const std::optional<Tool> tool = toolOf(arguments.value(1));
        if (const ControlCommandSpec *command = controlCommandOf(arguments.value(1))) {
            return show(controlHelp(*command));
        }
        if (arguments.value(1) == "store") {
            return show(storeHelp());
        }
        if (tool || arguments.size() < 2) {
            return show(tool ? toolHelp(*tool) : generalHelp());
        }
    }
    if (!name.isEmpty() && name != "help" && !name.startsWith('-')) {
        return PluginCommand(name).run(arguments.mid(1));
    }
    const QByteArray &wrong = arguments.value(name == "help" ? 1 : 0);
    return complain({exitcode::kUsage,
                     QByteArrayLiteral("unknown-command"),
                     wrong.isEmpty()
                         ? QStringLiteral("which tool? pub, sub, rr, status ...")
                         : QStringLiteral("unknown tool '%1'").arg(QString::fromUtf8(wrong))},
                    QByteArrayLiteral("fairlead help"));
}

} // namespace

} // namespace fairlead::cli

int main(int argc, char *argv[])
{
    using namespace fairlead::cli;
    qInstallMessageHandler(quietQt);
    std::ignore = std::signal(SIGPIPE, SIG_IGN);
    // As given: QCoreApplication takes options of its own away, and decodes.
    const QList<QByteArray> arguments(argv + std::min(argc, 1), argv + argc);
    int noArguments = std::min(argc, 1);
    const QCoreApplication application(noArguments, argv);
    // Formats are for scripts: no decimal commas, no translated month names. There is one thread yet.
    std::ignore = std::setlocale(LC_NUMERIC, "C"); // NOLINT(concurrency-mt-unsafe)
    std::ignore = std::setlocale(LC_TIME, "C"); // NOLINT(concurrency-mt-unsafe)
    return runProgram(arguments);
}
