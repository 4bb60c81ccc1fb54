// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/config/configreader.h"
#include "core/control/hostview.h"
#include "core/observe/loghub.h"
#include "core/observe/qtmessages.h"
#include "core/platform/runlock.h"
#include "core/platform/servicenotifier.h"
#include "core/platform/signalwatcher.h"
#include "core/plugins/transportregistry.h"
#include "core/reactor/mainloop.h"
#include "options.h"

#include <QHash>
#include <QObject>

#include <memory>
#include <optional>
#include <vector>

namespace fairlead::core {
class ControlPlane;
struct CommandedPlugin;
class Host;
struct ShutdownReport;
class SysTopics;
class Watchdog;
struct ConfigChange;
} // namespace fairlead::core

/// One run of fairleadd: configuration, plugins, host, service manager, signals. Thread: main.
class Daemon final : public QObject, public fairlead::core::HostView
{
    Q_OBJECT

public:
    Daemon(DaemonOptions options, fairlead::core::MainLoop &loop);
    ~Daemon() override;

    /// Exit code when the process is to end at once; nothing when the host runs.
    std::optional<int> start();

private:
    void log(fairlead::LogLevel level, const char *event, const QString &text);
    bool readConfiguration();
    fairlead::core::ConfigSources configSources() const;
    void followStore();
    bool startHost();
    fairlead::Result<> openEndpoints();
    void closeEndpoints();
    void noteFailure(const fairlead::core::EndpointSettings &endpoint,
                     const fairlead::Error &error);
    /// Applies the configuration as it is now; unchanged endpoints keep their links.
    fairlead::Result<fairlead::core::ConfigChange> reload();
    void applyEndpoints(const fairlead::core::ConfigChange &change);
    void renewCertificates(const fairlead::core::ConfigChange &change);
    void addControlSteps();
    std::vector<fairlead::core::CommandedPlugin> commandedPlugins() const;
    /// A door that cannot be opened is missed if the operator named it, else only told.
    fairlead::Result<> openDoor(const fairlead::Result<> &opened,
                                bool isNamed,
                                const QString &what);
    void tellReady();
    void handleSignal(int number);
    void handleStopped(const fairlead::core::ShutdownReport &report);

    // HostView
    State state() const override;
    QList<fairlead::core::EndpointView> endpoints() const override;
    QList<fairlead::core::PluginRecord> plugins() const override;

    QStringList reasons() const override;

    bool isDegraded() const;

    void tendLog() noexcept;

    const DaemonOptions m_options;
    fairlead::core::MainLoop &m_loop;
    std::unique_ptr<fairlead::core::LogHub> m_log;
    std::unique_ptr<fairlead::core::QtMessages> m_qtMessages;
    fairlead::Timer m_logTimer;
    fairlead::core::Environment m_environment;
    std::unique_ptr<fairlead::core::ConfigReader> m_config;
    std::unique_ptr<fairlead::core::PluginCatalogue> m_catalogue;
    fairlead::core::TransportRegistry m_transports;
    QList<fairlead::core::EndpointSettings> m_endpoints;
    std::unique_ptr<fairlead::core::RunLock> m_lock;
    fairlead::core::ServiceNotifier m_notifier;
    fairlead::core::SignalWatcher m_signals;
    std::unique_ptr<fairlead::core::Host> m_host;
    std::unique_ptr<fairlead::core::SysTopics> m_sysTopics;
    std::unique_ptr<fairlead::core::Watchdog> m_watchdog;
    std::unique_ptr<fairlead::core::ControlPlane> m_control;
    QHash<QString, fairlead::Error> m_failures; ///< of endpoints, by name
    bool m_ready = false;
    bool m_stopping = false;
};
