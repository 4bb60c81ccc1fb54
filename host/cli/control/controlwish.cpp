// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "control/controlcommand.h"
#include "options/optionfailure.h"

#include <QDir>
#include <QJsonArray>

#include <limits>

namespace fairlead::cli {

namespace {

constexpr double kMaxSeconds = 86'400;

[[nodiscard]] const ControlOption *findControlOption(const ControlCommandSpec &command,
                                                     const QByteArray &name)
{
    for (const ControlOption &option : controlOptions()) {
        if (name == option.name && hasOption(command.id, option)) {
            return &option;
        }
    }
    return nullptr;
}

/// Collects one command line.
[[nodiscard]] bool steersEndpoint(ControlCommandId command)
{
    return command == ControlCommandId::Start || command == ControlCommandId::Stop
        || command == ControlCommandId::Restart;
}

/// The parameter that a bare word is; null when the command takes none.
[[nodiscard]] const char *wordOf(ControlCommandId command)
{
    if (steersEndpoint(command)) {
        return "name";
    }
    if (command == ControlCommandId::Disconnect) {
        return "peerKey";
    }
    return command == ControlCommandId::ReleaseHandles ? "prefix" : nullptr;
}

class Reader
{
public:
    Reader(const ControlCommandSpec &command, ControlWish *wish)
        : m_command(command)
        , m_wish(*wish)
    { }

    [[nodiscard]] Failure take(const QByteArray &name, const QByteArray &value)
    {
        const QString text = QString::fromUtf8(value);
        if (name == "--json") {
            m_wish.json = true;
        } else if (name == "--help") {
            m_wish.help = true;
        } else if (name == "--history") {
            m_wish.params.insert(QStringLiteral("history"), true);
        } else if (name == "--control") {
            m_wish.path = QString::fromLocal8Bit(value);
        } else if (name == "--reason" || name == "--key") {
            m_wish.params.insert(QLatin1String(name.mid(2)), text);
        } else if (name == "--kind") {
            QJsonArray kinds = m_wish.params.value(QStringLiteral("kinds")).toArray();
            kinds.append(text);
            m_wish.params.insert(QStringLiteral("kinds"), kinds);
        } else if (name == "--timeout") {
            return takeTimeout(name, value);
        } else if (name == "--limit") {
            return takeNumber(name, value, &m_wish.limit);
        } else if (name == "--count") {
            return takeNumber(name, value, &m_wish.count);
        } else {
            qint64 generation = 0;
            if (Failure failure = takeNumber(name, value, &generation)) {
                return failure;
            }
            m_wish.params.insert(QStringLiteral("generation"), generation);
        }
        return {};
    }

    [[nodiscard]] Failure takeWord(const QByteArray &word)
    {
        const char *key = wordOf(m_command.id);
        if (key == nullptr || m_wish.params.contains(QLatin1String(key))) {
            return usageFailure(
                "unexpected-argument",
                QStringLiteral("unexpected argument '%1'").arg(QString::fromUtf8(word)));
        }
        m_wish.params.insert(QLatin1String(key), QString::fromUtf8(word));
        return {};
    }

    [[nodiscard]] Failure check() const
    {
        const bool hasPeer = m_wish.params.contains(QStringLiteral("peerKey"));
        if (m_command.id == ControlCommandId::Disconnect
            && hasPeer == m_wish.params.contains(QStringLiteral("generation"))) {
            return usageFailure("missing-argument",
                                QStringLiteral("name either a peer or a --generation"));
        }
        if (m_command.id == ControlCommandId::ReleaseHandles
            && !m_wish.params.contains(QStringLiteral("prefix"))) {
            return usageFailure("missing-argument", QStringLiteral("name a path"));
        }
        if (steersEndpoint(m_command.id) && !m_wish.params.contains(QStringLiteral("name"))) {
            return usageFailure("missing-argument", QStringLiteral("name an endpoint"));
        }
        return {};
    }

private:
    [[nodiscard]] Failure takeTimeout(const QByteArray &name, const QByteArray &value)
    {
        bool isNumber = false;
        const double seconds = value.toDouble(&isNumber);
        if (!isNumber || !(seconds > 0 && seconds <= kMaxSeconds)) {
            return outOfRange(name, value, "a number of seconds up to 86400");
        }
        m_wish.timeout = std::chrono::milliseconds(std::max(1, int(seconds * 1000)));
        return {};
    }

    [[nodiscard]] static Failure takeNumber(const QByteArray &name,
                                            const QByteArray &value,
                                            qint64 *number)
    {
        bool isNumber = false;
        *number = value.toLongLong(&isNumber);
        if (!isNumber || *number < 1) {
            return outOfRange(name, value, "a number from 1 on");
        }
        return {};
    }

    const ControlCommandSpec &m_command;
    ControlWish &m_wish;
};

} // namespace

Failure parseControlWish(const ControlCommandSpec &command,
                         const QList<QByteArray> &arguments,
                         ControlWish *wish)
{
    Reader reader(command, wish);
    bool onlyWords = false;
    for (qsizetype i = 0; i < arguments.size(); ++i) {
        QByteArray name = arguments.at(i);
        if (onlyWords || !name.startsWith('-') || name == "-") {
            if (Failure failure = reader.takeWord(name)) {
                return failure;
            }
            continue;
        }
        if (name == "--") {
            onlyWords = true;
            continue;
        }
        if (name == "-h") {
            name = "--help";
        }
        const qsizetype equals = name.startsWith("--") ? name.indexOf('=') : -1;
        const QByteArray given = equals < 0 ? QByteArray() : name.mid(equals + 1);
        name = equals < 0 ? name : name.left(equals);
        const ControlOption *option = findControlOption(command, name);
        if (option == nullptr) {
            return usageFailure("unknown-option",
                                QStringLiteral("unknown option '%1'").arg(QString::fromUtf8(name)));
        }
        if (option->argument == nullptr && equals >= 0) {
            return usageFailure("unexpected-argument",
                                QStringLiteral("%1 takes no value").arg(QString::fromUtf8(name)));
        }
        if (option->argument != nullptr && equals < 0 && i + 1 == arguments.size()) {
            return usageFailure("missing-argument",
                                QStringLiteral("%1 needs a %2")
                                    .arg(QString::fromUtf8(name), QLatin1String(option->argument)));
        }
        const bool takesNext = option->argument != nullptr && equals < 0;
        if (Failure failure = reader.take(name, takesNext ? arguments.at(++i) : given)) {
            return failure;
        }
    }
    return wish->help ? Failure() : reader.check();
}

} // namespace fairlead::cli
