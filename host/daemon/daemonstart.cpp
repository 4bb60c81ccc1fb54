// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

// The steps in which the daemon starts its host; what fails takes back what was done.

#include "core/config/configchange.h"
#include "core/control/commandmethods.h"
#include "core/control/controlplane.h"
#include "core/host.h"
#include "core/observe/systopics.h"
#include "core/platform/buildinfo.h"
#include "core/watchdog.h"
#include "daemon.h"

#include <fairlead/hostservices.h>

using namespace fairlead;
using namespace fairlead::core;

bool Daemon::startHost()
{
    m_host->descriptors().setObserver([this](bool isExhausted) {
        log(isExhausted ? LogLevel::Error : LogLevel::Info,
            "descriptors",
            isExhausted ? QStringLiteral("state=exhausted new links are refused")
                        : QStringLiteral("state=recovered"));
    });
    const auto add
        = [this](const char *name, std::function<Result<>()> start, std::function<void()> undo) {
              // Each under a name of its own, and before the start.
              static_cast<void>(m_host->addStartStep(
                  {QString::fromLatin1(name), std::move(start), std::move(undo), false}));
          };
    addControlSteps();
    add(
        "endpoints", [this] { return openEndpoints(); }, [this] { closeEndpoints(); });
    add(
        "status",
        [this]() -> Result<> {
            m_sysTopics = std::make_unique<SysTopics>(
                *m_host, m_loop, [this](const auto &tell) { m_control->tellHealth(tell); });
            m_watchdog = std::make_unique<Watchdog>(m_notifier, *m_host, m_loop);
            return {};
        },
        [this] {
            m_watchdog.reset();
            m_sysTopics.reset();
        });
    const Result<> started = m_host->start();
    if (started)
        return true;
    log(LogLevel::Error,
        "start-failed",
        QStringLiteral("step=\"%1\" error=%2")
            .arg(started.error().details().value(QStringLiteral("step")).toString(),
                 started.error().toString()));
    for (const StartFailure &failure : m_host->startSequence().undoFailures()) {
        log(LogLevel::Error,
            "start-undo",
            QStringLiteral("step=\"%1\" error=%2").arg(failure.step, failure.error.toString()));
    }
    return false;
}

Result<> Daemon::openEndpoints()
{
    m_failures.clear();
    int opened = 0;
    Error first;
    for (const EndpointSettings &endpoint : listenersFirst(m_endpoints)) {
        const Result<> result = m_host->open(endpoint);
        if (result) {
            ++opened;
            continue;
        }
        if (first.isNull())
            first = result.error();
        noteFailure(endpoint, result.error());
    }
    if (m_failures.isEmpty() || (opened > 0 && !m_options.strict))
        return {};
    closeEndpoints();
    return Error(first.code(),
                 QStringLiteral("%1 of %2 endpoints could not start: %3")
                     .arg(m_failures.size())
                     .arg(m_endpoints.size())
                     .arg(first.text()));
}

void Daemon::closeEndpoints()
{
    for (const EndpointSettings &endpoint : std::as_const(m_endpoints)) {
        if (m_host->endpoints().find(endpoint.name))
            static_cast<void>(m_host->endpoints().remove(endpoint.name));
    }
}

Result<> Daemon::openDoor(const Result<> &opened, bool isNamed, const QString &what)
{
    if (opened)
        return {};
    log(isNamed ? LogLevel::Error : LogLevel::Warning,
        "control-failed",
        QStringLiteral("%1 error=%2").arg(what, opened.error().toString()));
    // What nobody asked for by name may be missing: another host of this user may have it.
    return isNamed ? opened : Result<>();
}

std::vector<CommandedPlugin> Daemon::commandedPlugins() const
{
    std::vector<CommandedPlugin> plugins;
    for (const TransportRegistry::Commanded &one : m_transports.commanded()) {
        CommandedPlugin plugin;
        plugin.id = one.metadata.id;
        plugin.name = one.metadata.name.value(QStringLiteral("en"));
        for (const TransportDescription &transport : one.metadata.transports)
            plugin.transports.append(transport.type);
        plugin.commands = one.metadata.commands;
        plugin.target = one.target;
        plugin.services
            = m_host->endpoints().services(one.metadata.transports.constFirst().schemes.value(0));
        plugins.push_back(std::move(plugin));
    }
    return plugins;
}

void Daemon::addControlSteps()
{
    const auto add = [this](const QString &name,
                            std::function<Result<>()> start,
                            std::function<void()> undo,
                            bool isOptional) {
        static_cast<void>(
            m_host->addStartStep({name, std::move(start), std::move(undo), isOptional}));
    };
    add(
        QStringLiteral("control"),
        [this]() -> Result<> {
            m_control = std::make_unique<ControlPlane>(
                m_loop, *m_host, *this, QString::fromLatin1(kHostVersion));
            m_control->addEvents(m_host->events(), m_config->control().eventBuffer);
            m_control->addOperator([this] { return reload(); });
            m_control->addCommands(commandedPlugins());
            return {};
        },
        [this] { m_control.reset(); },
        false);
    add(
        QStringLiteral("socket"),
        [this]() -> Result<> {
            const Result<ControlPath> path
                = resolveControlPath(m_options.control, m_config->control().socket, m_environment);
            Result<> opened = openDoor(path ? m_control->listen(*path) : path.error(),
                                       path && path->isNamed,
                                       QStringLiteral("socket"));
            if (!m_control->socketPath().isEmpty()) {
                log(LogLevel::Info,
                    "control",
                    QStringLiteral("socket=%1").arg(m_control->socketPath()));
            }
            return opened;
        },
        {},
        !m_options.strict);
    add(
        QStringLiteral("http"),
        [this]() -> Result<> {
            const ControlSettings &settings = m_config->control();
            if (!settings.httpEnabled)
                return {};
            Result<> opened = openDoor(m_control->listenHttp(settings.httpAddress,
                                                             settings.httpPort,
                                                             !settings.httpAddress.isLoopback()),
                                       settings.httpIsNamed,
                                       QStringLiteral("http"));
            if (!m_control->httpUrl().isEmpty())
                log(LogLevel::Info, "control", QStringLiteral("http=%1").arg(m_control->httpUrl()));
            return opened;
        },
        {},
        !m_options.strict);
}
