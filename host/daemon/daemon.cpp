// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "daemon.h"

#include "core/config/configchange.h"
#include "core/control/controlplane.h"
#include "core/control/endpointviews.h"
#include "core/host.h"
#include "core/lifecycle/supervisor/supervisor.h"
#include "core/observe/endpointlogger.h"
#include "core/observe/systopics.h"
#include "core/platform/buildinfo.h"
#include "core/platform/descriptors.h"
#include "core/platform/files.h"
#include "core/watchdog.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QThread>

#include <algorithm>
#include <csignal>
#include <cstdio>

using namespace fairlead;
using namespace fairlead::core;

namespace {

constexpr int kExitFailed = 1;
constexpr int kExitConfig = 2;
/// What the host keeps for itself of the descriptors: listeners, wake-ups, store, control.
constexpr qint64 kOwnDescriptors = 256;
/// How long a held back repetition may wait to be told.
constexpr qint64 kLogTendNs = 5 * kNsPerSecond;

DistributorLimits distributorLimits(const Limits &limits)
{
    DistributorLimits out;
    out.session.queueMessages = quint32(limits.queueMessages);
    out.session.queueBytes = quint64(limits.queueBytes);
    out.session.subscriptions = quint32(limits.subscriptionsPerSession);
    out.retained.messages = quint64(limits.retainedMessages);
    out.retained.bytes = quint64(limits.retainedBytes);
    out.sessions = quint64(limits.sessions);
    out.maxSessionExpiry = quint32(limits.maxSessionExpiry);
    return out;
}

std::optional<HostStore::Settings> storeSettings(const StoreSettings &settings,
                                                 const QString &stateFolder)
{
    if (!settings.enabled)
        return std::nullopt;
    HostStore::Settings out;
    out.path = settings.path.isEmpty() ? stateFolder + QStringLiteral("/store.db") : settings.path;
    out.maxBytes = settings.maxBytes;
    out.options.minInterval = settings.commitInterval;
    out.options.maxWaitingBytes = quint64(settings.maxWaitingBytes);
    return out;
}

} // namespace

Daemon::Daemon(DaemonOptions options, MainLoop &loop)
    : m_options(std::move(options))
    , m_loop(loop)
    , m_logTimer([](void *self) noexcept { static_cast<Daemon *>(self)->tendLog(); }, this)
    , m_environment(processEnvironment())
    , m_notifier(m_environment)
{ }

Daemon::~Daemon()
{
    m_control.reset();
    m_host.reset();
    if (m_log)
        m_log->flushAll();
}

void Daemon::tendLog() noexcept
{
    m_log->flushRepeats();
    m_loop.timers().arm(m_logTimer, m_loop.clock().now() + kLogTendNs);
}

void Daemon::log(LogLevel level, const char *event, const QString &text)
{
    m_log->log(level, QStringLiteral("host"), event, text);
}

bool Daemon::readConfiguration()
{
    m_config = std::make_unique<ConfigReader>(configSources());
    const HostSettings &host = m_config->host();
    m_catalogue = std::make_unique<PluginCatalogue>(
        pluginFolders(m_options.pluginPath, host.pluginPath, m_environment, executableFolder()),
        host.disabledPlugins);
    m_endpoints = m_config->endpoints(
        [this](const QString &scheme) { return m_catalogue->describe(scheme); });
    for (const Error &error : m_config->errors())
        (void)std::fprintf(stderr, "fairleadd: %s\n", qPrintable(error.toString()));
    return m_config->errors().isEmpty();
}

std::optional<int> Daemon::start()
{
    if (!readConfiguration())
        return kExitConfig;
    if (m_options.check) {
        (void)std::printf("configuration ok: %d endpoint(s)\n", int(m_endpoints.size()));
        return 0;
    }
    const HostSettings &settings = m_config->host();
    m_log = std::make_unique<LogHub>(LogHub::stderrOptions(settings.logFormat, settings.logLevel));
    m_qtMessages = std::make_unique<QtMessages>(*m_log);
    tendLog();

    const Result<QString> stateFolder = resolveStateFolder(settings.stateDir, m_environment);
    if (!stateFolder) {
        log(LogLevel::Error, "state-dir", stateFolder.error().toString());
        return kExitFailed;
    }
    auto lock = RunLock::acquire(*stateFolder);
    if (!lock) {
        log(LogLevel::Error, "state-dir", lock.error().toString());
        return kExitFailed;
    }
    m_lock = std::move(*lock);

    SignalWatcher::ignoreFailedWrites();
    const qint64 descriptors = raiseDescriptorLimit();
    m_transports.load(*m_catalogue);
    for (const Error &error : m_catalogue->folderErrors())
        log(LogLevel::Warning, "plugin-folder", error.toString());
    for (const PluginRecord &record : m_catalogue->records()) {
        log(record.verdict == Verdict::Accepted ? LogLevel::Info : LogLevel::Warning,
            "plugin",
            record.logText());
    }

    HostSetup setup;
    setup.reactors
        = settings.reactors > 0 ? settings.reactors : std::max(1, QThread::idealThreadCount() / 2);
    setup.limits = distributorLimits(m_config->limits());
    setup.limits.streams = m_config->streams();
    setup.endpoints.maxLinks = m_config->limits().links > 0
        ? m_config->limits().links
        : std::max<qint64>(1, descriptors - kOwnDescriptors);
    setup.endpoints.admission.linkRate = quint32(m_config->limits().linkRate);
    setup.endpoints.admission.limitsLoopback = m_config->limits().linkRateLoopback;
    setup.next.epoch = quint32(m_loop.clock().utcMs() / 1000);
    setup.store = storeSettings(m_config->store(), *stateFolder);
    setup.endpoints.stateFolder = *stateFolder;
    setup.endpoints.version = QString::fromLatin1(kHostVersion);
    setup.endpoints.makeLogger = [this](const QString &transport, const QString &endpoint) {
        return std::make_shared<EndpointLogger>(*m_log, transport, endpoint);
    };
    setup.endpoints.factory = [this](const QString &scheme) -> TransportFactory * {
        const Result<core::Transport> found = m_transports.find(scheme);
        return found ? found->factory : nullptr;
    };
    setup.endpoints.plugin = [this](const QString &type) {
        const Result<core::Transport> found = m_transports.find(type);
        return found ? found->description.pluginId : type;
    };
    m_host = std::make_unique<Host>(m_loop, std::move(setup));
    connect(m_host.get(), &Host::stopped, this, &Daemon::handleStopped);
    followStore();
    connect(&m_signals, &SignalWatcher::received, this, &Daemon::handleSignal);
    const Result<> watched = m_signals.watch({SIGTERM, SIGINT, SIGHUP, SIGUSR1});
    if (!watched) {
        log(LogLevel::Error, "signals", watched.error().toString());
        return kExitFailed;
    }
    if (!startHost()) {
        m_host.reset();
        return kExitFailed;
    }
    tellReady();
    return std::nullopt;
}

void Daemon::followStore()
{
    HostStore *store = m_host->store();
    if (!store) {
        log(LogLevel::Info, "store", QStringLiteral("engine=none"));
        for (const StreamSpec &stream : m_config->streams()) {
            if (stream.durable) {
                log(LogLevel::Warning,
                    "stream",
                    QStringLiteral("stream.%1.durable: with store.engine = \"none\" it ends with "
                                   "the process")
                        .arg(QString::fromUtf8(stream.name)));
            }
        }
        return;
    }
    const StoreSummary &found = m_host->recovered();
    log(LogLevel::Info,
        "store",
        QStringLiteral("path=%1 sessions=%2 retained=%3 messages=%4 expired=%5")
            .arg(store->path())
            .arg(found.sessions)
            .arg(found.retained)
            .arg(found.messages)
            .arg(found.expired));
    if (!found.quarantined.isNull())
        log(LogLevel::Error, "store-quarantined", found.quarantined.toString());
    if (found.skipped > 0)
        log(LogLevel::Warning, "store-skipped", QStringLiteral("rows=%1").arg(found.skipped));
    if (!found.failure.isNull())
        log(LogLevel::Error, "store-degraded", found.failure.toString());
    connect(store, &HostStore::degraded, this, [this](const Error &reason) {
        log(LogLevel::Error, "store-degraded", reason.toString());
    });
    connect(store, &HostStore::recovered, this, [this] {
        log(LogLevel::Info, "store-recovered", QString());
    });
}

HostView::State Daemon::state() const
{
    if (m_stopping)
        return State::Stopping;
    if (!m_ready)
        return State::Starting;
    return isDegraded() ? State::Degraded : State::Running;
}

QList<EndpointView> Daemon::endpoints() const
{
    return viewEndpoints(*m_host, m_endpoints, m_failures);
}

bool Daemon::isDegraded() const
{
    const bool missing = std::any_of(
        m_endpoints.cbegin(), m_endpoints.cend(), [this](const auto &settings) {
            return m_failures.contains(settings.name) && !m_host->supervisor().find(settings.name);
        });
    const bool unkept = m_host->store() && m_host->store()->store().isDegraded();
    return missing || unkept || m_host->startSequence().isDegraded()
        || m_host->descriptors().isExhausted() || m_host->supervisor().counts().isDegraded();
}

QStringList Daemon::reasons() const
{
    QStringList list;
    const StartSequence &start = m_host->startSequence();
    if (const QString step = start.currentStep(); !step.isEmpty())
        list.append(QStringLiteral("the start is at \"%1\"").arg(step));
    for (const StartFailure &part : start.missing())
        list.append(QStringLiteral("%1: %2").arg(part.step, part.error.text()));
    if (m_host->descriptors().isExhausted()) {
        list.append(QStringLiteral("no descriptors are left: links are refused until there are"));
    }
    if (m_host->store() && m_host->store()->store().isDegraded()) {
        list.append(QStringLiteral("nothing can be stored: %1")
                        .arg(m_host->store()->store().lastError().text()));
    }
    return list;
}

QList<PluginRecord> Daemon::plugins() const
{
    return m_catalogue->records();
}

void Daemon::tellReady()
{
    QJsonArray listeners;
    for (const EndpointSet::Listening &listening : m_host->endpoints().listeners()) {
        log(LogLevel::Info,
            "listening",
            QStringLiteral("name=%1 url=%2").arg(listening.name, listening.url));
        listeners.append(QJsonObject{{QStringLiteral("name"), listening.name},
                                     {QStringLiteral("url"), listening.url}});
    }
    m_ready = true;
    const bool degraded = isDegraded();
    log(degraded ? LogLevel::Warning : LogLevel::Info,
        "ready",
        degraded ? QStringLiteral("state=degraded failed=%1").arg(m_failures.size())
                 : QStringLiteral("state=running"));
    if (!m_options.readyFile.isEmpty()) {
        const QJsonObject ready{{QStringLiteral("pid"), QCoreApplication::applicationPid()},
                                {QStringLiteral("state"),
                                 degraded ? QStringLiteral("degraded") : QStringLiteral("running")},
                                {QStringLiteral("listeners"), listeners},
                                {QStringLiteral("control"),
                                 QJsonObject{{QStringLiteral("socket"), m_control->socketPath()},
                                             {QStringLiteral("http"), m_control->httpUrl()}}}};
        const Result<> written
            = writeFileAtomically(m_options.readyFile, QJsonDocument(ready).toJson());
        if (!written)
            log(LogLevel::Error, "ready-file", written.error().toString());
    }
    m_notifier.ready(degraded ? QStringLiteral("degraded") : QStringLiteral("running"));
}

void Daemon::handleSignal(int number)
{
    switch (number) {
    case SIGTERM:
    case SIGINT:
        if (m_stopping) {
            log(LogLevel::Warning, "stop", QStringLiteral("second signal: at once"));
            std::_Exit(kExitFailed);
        }
        m_stopping = true;
        log(LogLevel::Info, "stop", QStringLiteral("signal=%1").arg(number));
        m_notifier.stopping(QStringLiteral("stopping"));
        m_sysTopics.reset();
        m_host->shutDown(QStringLiteral("signal %1").arg(number));
        break;
    case SIGHUP:
        static_cast<void>(reload());
        break;
    case SIGUSR1:
        log(LogLevel::Info,
            "state",
            QStringLiteral("links=%1 sessions=%2 subscriptions=%3 retained=%4")
                .arg(m_host->linkCount())
                .arg(m_host->distributor().directory.count())
                .arg(m_host->distributor().index.subscriptionCount())
                .arg(m_host->distributor().retained.count()));
        break;
    default:
        break;
    }
}

void Daemon::handleStopped(const ShutdownReport &report)
{
    qsizetype cutOff = 0;
    bool areThreadsLeft = false;
    for (const PhaseReport &phase : report.phases) {
        if (phase.phase == ShutdownPhase::DrainOutbound)
            cutOff = phase.stragglerCount;
        if (phase.phase == ShutdownPhase::UnloadPlugins)
            areThreadsLeft = phase.outcome != PhaseOutcome::Done;
    }
    log(report.isClean() ? LogLevel::Info : LogLevel::Warning,
        "shutdown",
        QStringLiteral("report=%1")
            .arg(QString::fromUtf8(QJsonDocument(report.toJson()).toJson(QJsonDocument::Compact))));
    log(LogLevel::Info, "stopped", QStringLiteral("cut-off=%1").arg(cutOff));
    if (areThreadsLeft) {
        // A thread that never comes back would be waited for at the end of the process.
        m_log->flushAll();
        std::_Exit(kExitFailed);
    }
    QCoreApplication::exit(0);
}
