// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/control/controlapi.h"
#include "core/control/hostmethods.h"
#include "core/control/linkmethods.h"
#include "core/control/storemethods.h"
#include "core/platform/paths.h"

#include <QtCore/QString>
#include <QtNetwork/QHostAddress>

#include <functional>
#include <memory>
#include <vector>

namespace fairlead::core {

class Acceptor;
class CommandMethods;
class ControlServer;
class EventBus;
class EventMethods;
class HttpServer;
class OperatorMethods;
struct CommandedPlugin;
struct ConfigChange;
struct HttpRequest;

/// Where the control socket is.
struct ControlPath
{
    QString path;
    bool isNamed = false; ///< by the operator: that it cannot be used is an error of the start
    QString folder; ///< to be made first; empty when it must be there
};

/// @p option, else @p configured, else $RUNTIME_DIRECTORY/control.sock, else
/// $XDG_RUNTIME_DIR/fairlead/control.sock. Errors: ConfigMissing when there is none of them.
Result<ControlPath> resolveControlPath(const QString &option,
                                       const QString &configured,
                                       const Environment &environment);

/// The control plane of a host: its methods and the doors to them. Thread: main.
class ControlPlane
{
public:
    ControlPlane(MainLoop &loop, Host &host, const HostView &view, const QString &version);
    ~ControlPlane();

    /// Further methods are added here.
    ControlApi &api() noexcept { return m_api; }

    /// Adds the methods about events. The bus remembers some for those that come later; @p buffer
    /// events wait for a subscriber that does not ask for another number.
    void addEvents(EventBus &bus, int buffer);

    /// Adds what steers the host. @p reload: see OperatorMethods.
    void addOperator(std::function<Result<ConfigChange>()> reload);

    /// Adds what plugins offer operators.
    void addCommands(std::vector<CommandedPlugin> plugins);

    /// Errors: LocalSocket::listen()'s.
    Result<> listen(const ControlPath &path);

    /// Health and metrics. Errors: Acceptor::listen()'s, ConfigInsecure for an address that other
    /// machines reach unless @p anywhere says they may.
    Result<> listenHttp(const QHostAddress &address, quint16 port, bool anywhere);

    /// What `fairlead health` says, once every reactor was asked; on the thread of this.
    void tellHealth(const std::function<void(const QByteArray &)> &tell) const;

    /// Empty while there is no socket.
    QString socketPath() const;
    /// With the real port; empty while HTTP is off.
    QString httpUrl() const;

private:
    void addPages();
    QByteArray metrics() const;

    MainLoop &m_loop;
    Host &m_host;
    const HostView &m_view;
    const QString m_version;
    ControlApi m_api;
    HostMethods m_methods;
    LinkMethods m_linkMethods;
    StoreMethods m_storeMethods;
    std::unique_ptr<EventMethods> m_eventMethods;
    std::unique_ptr<OperatorMethods> m_operatorMethods;
    std::unique_ptr<CommandMethods> m_commandMethods;
    std::unique_ptr<ControlServer> m_server;
    std::unique_ptr<HttpServer> m_http;
    std::unique_ptr<Acceptor> m_acceptor;
};

} // namespace fairlead::core
