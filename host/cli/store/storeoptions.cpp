// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "store/storeoptions.h"

#include "core/store/storereport.h"
#include "options/optionfailure.h"

#include <QDir>

namespace fairlead::cli {

namespace {

constexpr qsizetype kColumn = 28;

constexpr StoreActionSpec kActions[] = {
    {StoreAction::Check, "check", "look through the whole file; the exit status tells the verdict"},
    {StoreAction::Stats, "stats", "show sizes, numbers and how much of everything is stored"},
    {StoreAction::Export,
     "export",
     "print sessions, subscriptions, retained topics and messages as JSON lines"},
};

constexpr StoreOption kOptions[] = {
    {"--control", "path", true, "the control socket of the host to ask"},
    {"--state-dir", "folder", true, "the host's state folder"},
    {"--file", "path", true, "the store's file itself"},
    {"--json", nullptr, false, "print the answer as JSON"},
    {"--help", nullptr, true, "print this"},
};

[[nodiscard]] const StoreActionSpec *actionOf(const QByteArray &name)
{
    for (const StoreActionSpec &action : kActions) {
        if (name == action.name) {
            return &action;
        }
    }
    return nullptr;
}

[[nodiscard]] const StoreOption *optionOf(const QByteArray &name, const StoreWish &wish)
{
    for (const StoreOption &option : kOptions) {
        if (name == option.name && (option.isOfExport || wish.action != StoreAction::Export)) {
            return &option;
        }
    }
    return nullptr;
}

void take(const StoreOption &option, const QByteArray &value, StoreWish *wish)
{
    const QByteArray name = option.name;
    if (name == "--help") {
        wish->help = true;
    } else if (name == "--json") {
        wish->json = true;
    } else if (name == "--control") {
        wish->control = QString::fromLocal8Bit(value);
    } else {
        const QString path = QDir(QString::fromLocal8Bit(value)).absolutePath();
        wish->path = name == "--file" ? path : core::StoreReport::pathIn(path);
    }
}

} // namespace

std::span<const StoreActionSpec> storeActions() noexcept
{
    return kActions;
}

std::span<const StoreOption> storeOptions() noexcept
{
    return kOptions;
}

Failure parseStoreWish(const QList<QByteArray> &arguments, StoreWish *wish)
{
    const QByteArray verb = arguments.value(0);
    if (verb == "--help" || verb == "-h") {
        wish->help = true;
        return {};
    }
    const StoreActionSpec *const action = actionOf(verb);
    if (action == nullptr) {
        return usageFailure("unknown-command",
                            verb.isEmpty()
                                ? QStringLiteral("what with the store? check, stats or export")
                                : QStringLiteral("the store cannot '%1': check, stats or export")
                                      .arg(QString::fromUtf8(verb)));
    }
    wish->action = action->action;
    for (qsizetype at = 1; at < arguments.size(); ++at) {
        const QByteArray &argument = arguments.at(at);
        const qsizetype equals = argument.startsWith("--") ? argument.indexOf('=') : -1;
        QByteArray name = equals >= 0 ? argument.left(equals) : argument;
        if (name == "-h") {
            name = "--help";
        }
        const StoreOption *const option = optionOf(name, *wish);
        if (!name.startsWith('-')) {
            return usageFailure(
                "unexpected-argument",
                QStringLiteral("unexpected argument '%1'").arg(QString::fromUtf8(name)));
        }
        if (option == nullptr) {
            return usageFailure("unknown-option",
                                QStringLiteral("'fairlead store %1' does not take '%2'")
                                    .arg(QString::fromUtf8(verb), QString::fromUtf8(name)));
        }
        const bool wantsValue = option->argument != nullptr;
        if (!wantsValue && equals >= 0) {
            return usageFailure("unexpected-argument",
                                QStringLiteral("'%1' takes no value").arg(QString::fromUtf8(name)));
        }
        if (wantsValue && equals < 0 && ++at == arguments.size()) {
            return usageFailure("missing-argument",
                                QStringLiteral("'%1' needs a value").arg(QString::fromUtf8(name)));
        }
        const QByteArray value = equals >= 0 ? argument.mid(equals + 1) : arguments.at(at);
        if (wantsValue && value.isEmpty()) {
            return usageFailure("missing-argument",
                                QStringLiteral("'%1' needs a value").arg(QString::fromUtf8(name)));
        }
        take(*option, value, wish);
    }
    if (!wish->help && !wish->control.isEmpty() && !wish->path.isEmpty()) {
        return usageFailure(
            "invalid-argument",
            QStringLiteral("name either a host or a file: --control goes with neither "
                           "--state-dir nor --file"));
    }
    return {};
}

QByteArray storeHelp()
{
    QByteArray text
        = "Usage: fairlead store {check | stats | export} [options]\n\n"
          "Reads the store of a host, running or not, and changes nothing. A running host is\n"
          "asked where one answers and no file is named.\n\n";
    for (const StoreActionSpec &action : kActions) {
        text += "  " + QByteArray(action.name).leftJustified(kColumn - 2) + action.purpose + '\n';
    }
    text += '\n';
    for (const StoreOption &option : kOptions) {
        QByteArray line = "  " + QByteArray(option.name);
        if (option.argument != nullptr) {
            line += ' ' + QByteArray(option.argument);
        }
        text += line.leftJustified(kColumn) + option.help;
        text += option.isOfExport ? "\n" : " (not export, which prints nothing else)\n";
    }
    return text;
}

} // namespace fairlead::cli
