// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/controlplane.h"

#include "core/control/commandmethods.h"
#include "core/control/controlserver.h"
#include "core/control/eventmethods.h"
#include "core/control/httpserver.h"
#include "core/control/metrics.h"
#include "core/control/operatormethods.h"
#include "core/host.h"
#include "core/platform/files.h"
#include "core/reactor/acceptor.h"
#include "core/reactor/mainloop.h"

#include <QtCore/QDir>
#include <QtCore/QJsonDocument>

namespace fairlead::core {

Result<ControlPath> resolveControlPath(const QString &option,
                                       const QString &configured,
                                       const Environment &environment)
{
    if (!option.isEmpty())
        return ControlPath{QDir::cleanPath(QDir::current().absoluteFilePath(option)), true, {}};
    if (!configured.isEmpty())
        return ControlPath{QDir::cleanPath(configured), true, {}};
    // The service manager may list several folders; the first is the service's own.
    const QString runtime
        = environment.value(QStringLiteral("RUNTIME_DIRECTORY")).section(QLatin1Char(':'), 0, 0);
    if (QDir::isAbsolutePath(runtime))
        return ControlPath{QDir::cleanPath(runtime + QStringLiteral("/control.sock")), false, {}};
    const QString xdg = environment.value(QStringLiteral("XDG_RUNTIME_DIR"));
    if (QDir::isAbsolutePath(xdg)) {
        const QString folder = QDir::cleanPath(xdg + QStringLiteral("/fairlead"));
        return ControlPath{folder + QStringLiteral("/control.sock"), false, folder};
    }
    return Error(ErrorCode::ConfigMissing,
                 QStringLiteral("there is no $RUNTIME_DIRECTORY and no $XDG_RUNTIME_DIR for the "
                                "control socket; write socket in [control] or give --control"));
}

ControlPlane::ControlPlane(MainLoop &loop, Host &host, const HostView &view, const QString &version)
    : m_loop(loop)
    , m_host(host)
    , m_view(view)
    , m_version(version)
    , m_methods(loop, host, view, version)
    , m_linkMethods(loop, host, view)
    , m_storeMethods(loop, host)
{
    m_methods.addTo(m_api);
    m_linkMethods.addTo(m_api);
    m_storeMethods.addTo(m_api);
}

ControlPlane::~ControlPlane() = default;

void ControlPlane::addOperator(std::function<Result<ConfigChange>()> reload)
{
    m_operatorMethods = std::make_unique<OperatorMethods>(m_host, std::move(reload));
    m_operatorMethods->addTo(m_api);
}

void ControlPlane::addCommands(std::vector<CommandedPlugin> plugins)
{
    m_commandMethods
        = std::make_unique<CommandMethods>(std::move(plugins), m_loop.clock(), m_loop.timers());
    m_commandMethods->addTo(m_api);
}

void ControlPlane::addEvents(EventBus &bus, int buffer)
{
    bus.setHistory(EventBus::kDefaultHistory);
    m_eventMethods = std::make_unique<EventMethods>(bus, buffer);
    m_eventMethods->addTo(m_api);
}

Result<> ControlPlane::listen(const ControlPath &path)
{
    if (!path.folder.isEmpty()) {
        if (const Result<> made = makeFolder(path.folder); !made)
            return made.error();
    }
    auto server = ControlServer::listen({m_loop.dispatcher(), m_loop.timers(), m_loop.clock()},
                                        m_api,
                                        path.path,
                                        &m_host.descriptors());
    if (!server)
        return server.error();
    m_server = std::move(*server);
    return {};
}

Result<> ControlPlane::listenHttp(const QHostAddress &address, quint16 port, bool anywhere)
{
    if (!address.isLoopback() && !anywhere) {
        return Error(
            ErrorCode::ConfigInsecure,
            QStringLiteral("%1 is not an address of this machine alone").arg(address.toString()));
    }
    m_http = std::make_unique<HttpServer>(
        ControlLoop{m_loop.dispatcher(), m_loop.timers(), m_loop.clock()}, !anywhere);
    addPages();
    auto acceptor
        = Acceptor::listen(m_loop,
                           m_host.descriptors(),
                           Acceptor::Use::Operators,
                           address,
                           port,
                           [this](const AcceptedSocket &socket) { m_http->admit(socket.fd); });
    if (!acceptor) {
        m_http.reset();
        return acceptor.error();
    }
    m_acceptor = std::move(*acceptor);
    return {};
}

void ControlPlane::addPages()
{
    const auto health = [this](bool (*isGood)(const Health &)) {
        return [this, isGood](const HttpRequest &request, const HttpServer::Respond &respond) {
            const bool verbose = request.query.startsWith("verbose");
            m_methods.readiness().check([isGood, verbose, respond](const Health &found) {
                HttpResponse response;
                response.status = isGood(found) ? 200 : 503;
                response.body
                    = QJsonDocument(found.toJson(verbose))
                          .toJson(verbose ? QJsonDocument::Indented : QJsonDocument::Compact);
                if (!verbose)
                    response.body += '\n';
                respond(response);
            });
        };
    };
    const auto ready = health([](const Health &found) { return found.ready; });
    m_http->addPage("/livez", health([](const Health &found) { return found.alive; }));
    m_http->addPage("/readyz", ready);
    m_http->addPage("/healthz", ready);
    m_http->addPage("/metrics", [this](const HttpRequest &, const HttpServer::Respond &respond) {
        respond({200, MetricsWriter::kType, metrics()});
    });
}

QByteArray ControlPlane::metrics() const
{
    ControlMetrics control;
    control.version = m_version;
    const qint64 uptimeMs = (m_loop.clock().now() - m_methods.startedAt()) / kNsPerMs;
    control.uptimeSeconds = double(uptimeMs) / 1000;
    control.controlConnections = m_server ? quint64(m_server->connectionCount()) : 0;
    control.controlCalls = m_api.counters().calls;
    control.controlErrors = m_api.counters().errors;
    control.httpRequests = m_http->requests();
    return metricsText(m_host, m_view, control);
}

void ControlPlane::tellHealth(const std::function<void(const QByteArray &)> &tell) const
{
    m_methods.readiness().check([tell](const Health &found) {
        tell(QJsonDocument(found.toJson(false)).toJson(QJsonDocument::Compact));
    });
}

QString ControlPlane::httpUrl() const
{
    if (!m_acceptor)
        return {};
    const QHostAddress address = m_acceptor->address();
    return (address.protocol() == QAbstractSocket::IPv6Protocol ? QStringLiteral("http://[%1]:%2")
                                                                : QStringLiteral("http://%1:%2"))
        .arg(address.toString())
        .arg(m_acceptor->port());
}

QString ControlPlane::socketPath() const
{
    return m_server ? m_server->path() : QString();
}

} // namespace fairlead::core
