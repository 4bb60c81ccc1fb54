// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "options.h"

#include "core/platform/paths.h"

#include <QCommandLineParser>
#include <QCoreApplication>

#include <cstdio>
#include <cstdlib>

DaemonOptions readOptions()
{
    QCommandLineParser parser;
    parser.setApplicationDescription(
        QStringLiteral("Broker host: many device protocols on one message bus."));
    const QCommandLineOption config({QStringLiteral("c"), QStringLiteral("config")},
                                    QStringLiteral("Read <file> instead of the default one."),
                                    QStringLiteral("file"));
    const QCommandLineOption check(
        {QStringLiteral("check"), QStringLiteral("check-config"), QStringLiteral("test-config")},
        QStringLiteral("Check the configuration, without loading plugins, and exit."));
    const QCommandLineOption set(QStringLiteral("set"),
                                 QStringLiteral("Set one key of the configuration; may repeat."),
                                 QStringLiteral("key.path=value"));
    const QCommandLineOption pluginPath(
        QStringLiteral("plugin-path"),
        QStringLiteral("Search <folder> for plugins first; may repeat."),
        QStringLiteral("folder"));
    const QCommandLineOption readyFile(
        QStringLiteral("ready-file"),
        QStringLiteral("Write the listeners with their real ports to <file> once ready."),
        QStringLiteral("file"));
    const QCommandLineOption control(QStringLiteral("control"),
                                     QStringLiteral("Make the control socket at <path>."),
                                     QStringLiteral("path"));
    const QCommandLineOption logFormat(QStringLiteral("log-format"),
                                       QStringLiteral("auto, text, journal or json."),
                                       QStringLiteral("format"));
    const QCommandLineOption strict(
        QStringLiteral("strict"), QStringLiteral("An endpoint that cannot start ends the start."));
    const QCommandLineOption verbose({QStringLiteral("v"), QStringLiteral("verbose")},
                                     QStringLiteral("Log debug messages."));
    const QCommandLineOption foreground(
        QStringLiteral("foreground"),
        QStringLiteral("Stay in the foreground; that is always so and accepted for habit's sake."));
    // Qt's own version option would take -v, which is verbose with daemons.
    const QCommandLineOption version(QStringLiteral("version"),
                                     QStringLiteral("Print the version and exit."));
    parser.addOptions({config,
                       check,
                       set,
                       pluginPath,
                       readyFile,
                       control,
                       logFormat,
                       strict,
                       verbose,
                       foreground,
                       version});
    parser.addHelpOption();
    parser.process(QCoreApplication::arguments());
    if (parser.isSet(version)) {
        (void)std::printf("fairleadd %s\n", qPrintable(QCoreApplication::applicationVersion()));
        std::exit(0); // NOLINT(concurrency-mt-unsafe): there is one thread yet
    }
    if (!parser.positionalArguments().isEmpty()) {
        (void)std::fprintf(stderr,
                           "fairleadd: unexpected argument \"%s\", see --help\n",
                           qPrintable(parser.positionalArguments().constFirst()));
        std::exit(2); // NOLINT(concurrency-mt-unsafe): there is one thread yet
    }

    DaemonOptions options;
    options.configIsNamed = parser.isSet(config);
    options.configFile = options.configIsNamed
        ? parser.value(config)
        : fairlead::core::defaultConfigFile(fairlead::core::executableFolder());
    options.settings = parser.values(set);
    options.pluginPath = parser.values(pluginPath);
    options.readyFile = parser.value(readyFile);
    options.control = parser.value(control);
    options.logFormat = parser.value(logFormat);
    options.check = parser.isSet(check);
    options.strict = parser.isSet(strict);
    options.verbose = parser.isSet(verbose);
    return options;
}
