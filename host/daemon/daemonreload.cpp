// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

// The daemon's reload: on SIGHUP and when the control API asks.

#include "core/config/configchange.h"
#include "core/endpoint/endpointset.h"
#include "core/host.h"
#include "daemon.h"

using namespace fairlead;
using namespace fairlead::core;

namespace {

QString listOf(const QStringList &names)
{
    return names.isEmpty() ? QStringLiteral("-") : names.join(QLatin1Char(','));
}

QString listOf(const QList<EndpointSettings> &endpoints)
{
    QStringList names;
    for (const EndpointSettings &endpoint : endpoints)
        names.append(endpoint.name);
    return listOf(names);
}

/// All of what is wrong, under the code of the first.
Error joined(const ConfigErrors &errors)
{
    QStringList texts;
    for (const Error &error : errors)
        texts.append(error.text());
    return Error(errors.first().code(), texts.join(QStringLiteral("; ")));
}

} // namespace

ConfigSources Daemon::configSources() const
{
    ConfigSources sources;
    sources.file = m_options.configFile;
    sources.fileIsNamed = m_options.configIsNamed;
    sources.environment = m_environment;
    sources.settings = m_options.settings;
    if (!m_options.logFormat.isEmpty())
        sources.settings << QStringLiteral("host.log_format=") + m_options.logFormat;
    if (m_options.verbose)
        sources.settings << QStringLiteral("host.log_level=debug");
    return sources;
}

// A wrong file changes nothing: the host goes on as it was.
Result<ConfigChange> Daemon::reload()
{
    if (m_stopping)
        return Error(ErrorCode::ShuttingDown, QStringLiteral("the host is shutting down"));
    auto config = std::make_unique<ConfigReader>(configSources());
    const QList<EndpointSettings> wanted = config->endpoints(
        [this](const QString &scheme) { return m_catalogue->describe(scheme); });
    if (!config->errors().isEmpty()) {
        for (const Error &error : config->errors())
            log(LogLevel::Error, "reload-failed", error.toString());
        return joined(config->errors());
    }
    m_notifier.reloading();
    ConfigChange change;
    change.compareEndpoints(m_endpoints, wanted);
    change.compareHost(m_config->values(), config->values());
    m_config = std::move(config);
    m_endpoints = wanted;
    m_log->setLevel(m_config->host().logLevel);
    applyEndpoints(change);
    log(LogLevel::Info,
        "reloaded",
        QStringLiteral("added=%1 removed=%2 replaced=%3 unchanged=%4 applied=%5 need-restart=%6")
            .arg(listOf(change.added),
                 listOf(change.removed),
                 listOf(change.replaced),
                 listOf(change.unchanged),
                 listOf(change.applied),
                 listOf(change.needRestart)));
    m_notifier.ready(isDegraded() ? QStringLiteral("degraded") : QStringLiteral("running"));
    return change;
}

void Daemon::applyEndpoints(const ConfigChange &change)
{
    const auto note = [this](const EndpointSettings &endpoint, const Result<> &result) {
        m_failures.remove(endpoint.name);
        if (!result)
            noteFailure(endpoint, result.error());
    };
    // First what leaves, so that its address is free for what comes.
    for (const QString &name : change.removed) {
        m_failures.remove(name);
        static_cast<void>(m_host->endpoints().remove(name));
    }
    for (const EndpointSettings &endpoint : change.replaced) {
        // One that could not be made at the start is not there to be replaced.
        if (m_host->endpoints().find(endpoint.name))
            note(endpoint, m_host->endpoints().replace(endpoint));
        else
            note(endpoint, m_host->open(endpoint));
    }
    for (const EndpointSettings &endpoint : listenersFirst(change.added))
        note(endpoint, m_host->open(endpoint));
    renewCertificates(change);
}

// The files may have changed where the configuration did not.
void Daemon::renewCertificates(const ConfigChange &change)
{
    for (const auto &[name, error] : m_host->endpoints().renewCertificates()) {
        log(LogLevel::Error,
            "certificates-kept",
            QStringLiteral("name=%1 error=%2").arg(name, error.toString()));
    }
    // What could not be made without them may be now.
    for (const EndpointSettings &endpoint : listenersFirst(m_endpoints)) {
        if (!change.unchanged.contains(endpoint.name) || m_host->endpoints().find(endpoint.name))
            continue;
        m_failures.remove(endpoint.name);
        if (const Result<> opened = m_host->open(endpoint); !opened)
            noteFailure(endpoint, opened.error());
    }
}

void Daemon::noteFailure(const EndpointSettings &endpoint, const Error &error)
{
    m_failures.insert(endpoint.name, error);
    log(LogLevel::Error,
        "endpoint-failed",
        QStringLiteral("name=%1 url=%2 error=%3")
            .arg(endpoint.name, endpoint.url.toString(QUrl::RemoveUserInfo), error.toString()));
}
