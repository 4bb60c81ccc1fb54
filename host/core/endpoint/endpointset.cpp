// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/endpoint/endpointset.h"

#include "core/endpoint/hostendpoint.h"
#include "core/endpoint/launcheddial.h"
#include "core/endpoint/listenconnector.h"
#include "core/endpoint/listenerdials.h"
#include "core/endpoint/listenerservices.h"
#include "core/endpoint/memoryconnector.h"
#include "core/endpoint/processconnector.h"
#include "core/endpoint/tcpconnector.h"
#include "core/lifecycle/shutdown/shutdowncoordinator.h"
#include "core/lifecycle/supervisor/supervisor.h"
#include "core/reactor/mainloop.h"

#include <fairlead/hostservices.h>
#include <fairlead/transport.h>
#include <unistd.h>

#include <algorithm>

namespace fairlead::core {

/// What every plugin may ask for; empty once the host ended, which plugin objects may outlive.
struct OfferedServices
{
    QString version;
    std::function<std::shared_ptr<void>(const char *iid, const ServiceAsker &asker)> service;
};

namespace {

/// When to come again, to who finds no descriptor left.
constexpr qint64 kRetryAfterMs = 1000;

class PluginServices final : public HostServices
{
public:
    PluginServices(std::shared_ptr<Logger> logger,
                   ServiceAsker asker,
                   std::shared_ptr<const OfferedServices> offered)
        : m_logger(std::move(logger))
        , m_asker(std::move(asker))
        , m_offered(std::move(offered))
    { }

    Logger &logger() noexcept override { return *m_logger; }

    QString hostVersion() const override { return m_offered->version; }

    void *service(const char *iid) noexcept override
    {
        if (!m_offered->service)
            return nullptr;
        std::shared_ptr<void> found = m_offered->service(iid, m_asker);
        void *const raw = found.get();
        // A plugin may use it for as long as it has this.
        if (found.use_count() > 0
            && std::find(m_given.begin(), m_given.end(), found) == m_given.end())
            m_given.push_back(std::move(found));
        return raw;
    }

private:
    const std::shared_ptr<Logger> m_logger;
    const ServiceAsker m_asker;
    std::vector<std::shared_ptr<void>> m_given;
    std::shared_ptr<const OfferedServices> m_offered;
};

EndpointPlan planFor(const EndpointSettings &settings)
{
    EndpointPlan plan;
    plan.name = settings.name;
    plan.url = settings.url.toString(QUrl::RemoveUserInfo);
    plan.role
        = settings.role == EndpointRole::Listen ? SupervisedRole::Listen : SupervisedRole::Dial;
    plan.enabled = settings.enabled;
    plan.policy = settings.policy;
    return plan;
}

Error endpointEnds()
{
    return Error(ErrorCode::ShuttingDown, QStringLiteral("the endpoint is being closed"));
}

} // namespace

QList<EndpointSettings> listenersFirst(QList<EndpointSettings> endpoints)
{
    std::stable_partition(endpoints.begin(), endpoints.end(), [](const EndpointSettings &one) {
        return one.role == EndpointRole::Listen;
    });
    return endpoints;
}

EndpointSet::EndpointSet(MainLoop &loop,
                         Supervisor &supervisor,
                         const LinkPlacer::Reactors &reactors,
                         const EventFeed &listeners,
                         DescriptorReserve &reserve,
                         Setup setup)
    : m_loop(loop)
    , m_supervisor(supervisor)
    , m_setup(std::move(setup))
    , m_offered(
          std::make_shared<OfferedServices>(OfferedServices{m_setup.version, m_setup.service}))
    , m_reserve(reserve)
    , m_admission(loop, loop.clock(), loop.timers(), m_setup.admission)
    , m_reports(loop, listeners)
    , m_placer(reactors)
{ }

EndpointSet::~EndpointSet()
{
    for (const auto &[listener, dials] : m_dials)
        dials->end();
    m_offered->service = nullptr;
}

ServiceAsker EndpointSet::askerOf(const QString &transport) const
{
    return {m_setup.plugin ? m_setup.plugin(transport) : transport,
            m_setup.makeLogger(transport, QString())};
}

std::unique_ptr<HostServices> EndpointSet::services(const QString &transport) const
{
    ServiceAsker asker = askerOf(transport);
    std::shared_ptr<Logger> logger = asker.logger;
    return std::make_unique<PluginServices>(std::move(logger), std::move(asker), m_offered);
}

Result<std::shared_ptr<HostEndpoint>> EndpointSet::make(const EndpointSettings &settings)
{
    TransportFactory *factory = m_setup.factory(settings.transport);
    if (!factory) {
        return Error(
            ErrorCode::UnknownScheme,
            QStringLiteral("no loaded transport serves \"%1\"").arg(settings.url.scheme()));
    }
    HostEndpoint::Parts parts;
    parts.number = m_nextNumber++;
    parts.factory = factory;
    parts.logger = m_setup.makeLogger(settings.transport, settings.name);
    parts.services
        = std::make_unique<PluginServices>(parts.logger, askerOf(settings.transport), m_offered);
    parts.follower = &m_reports;
    const std::shared_ptr<ListenerDials> dials = dialsFor(settings);
    if (dials) {
        parts.services = std::make_unique<ListenerServices>(std::move(parts.services), dials);
    }
    parts.home = &m_loop;
    parts.prepared = [this, name = settings.name] {
        if (const auto endpoint = find(name))
            Q_EMIT added(name, endpoint->operations());
    };
    parts.gate = &m_admission;
    parts.seats = m_setup.seats;
    parts.stateFolder = m_setup.stateFolder;
    auto made = HostEndpoint::create(settings, std::move(parts));
    if (!made)
        return made.error();
    std::shared_ptr<HostEndpoint> endpoint = std::move(*made);
    if (dials) {
        dials->setListener(endpoint);
        m_dials.emplace(endpoint.get(), dials);
    }
    return endpoint;
}

std::shared_ptr<ListenerDials> EndpointSet::dialsFor(const EndpointSettings &settings)
{
    if (settings.role != EndpointRole::Listen || !settings.layers.tls
        || !settings.layers.tls->selfSigned) {
        return nullptr;
    }
    const auto parts = [this](const EndpointSettings &found) {
        HostEndpoint::Parts its;
        its.number = m_nextNumber++;
        its.logger = m_setup.makeLogger(found.transport, found.name);
        its.follower = &m_reports;
        its.home = &m_loop;
        its.gate = &m_admission;
        its.seats = m_setup.seats;
        its.stateFolder = m_setup.stateFolder;
        return its;
    };
    auto dials = std::make_shared<ListenerDials>(ListenerDials::Host{
        m_loop, &m_supervisor, m_placer, m_reports, m_setup.doubleLinks, parts});
    connect(dials.get(), &ListenerDials::left, this, &EndpointSet::noteLeaving);
    return dials;
}

void EndpointSet::endDials(const HostEndpoint *listener)
{
    const auto found = m_dials.find(listener);
    if (found == m_dials.end())
        return;
    const std::shared_ptr<ListenerDials> dials = found->second;
    m_dials.erase(found);
    dials->end();
}

std::vector<std::shared_ptr<HostEndpoint>> EndpointSet::all() const
{
    std::vector<std::shared_ptr<HostEndpoint>> list = m_endpoints;
    for (const auto &[listener, dials] : m_dials) {
        const auto found = dials->endpoints();
        list.insert(list.end(), found.begin(), found.end());
    }
    return list;
}

std::unique_ptr<EndpointConnector> EndpointSet::connectorFor(
    const std::shared_ptr<HostEndpoint> &endpoint)
{
    const bool inMemory = endpoint->settings().carrier == Carrier::Memory;
    if (endpoint->isListener()) {
        if (inMemory)
            return std::make_unique<MemoryListenConnector>(endpoint);
        return std::make_unique<ListenConnector>(
            m_loop,
            m_reserve,
            endpoint,
            [this, raw = endpoint.get()](const AcceptedSocket &socket) { accept(*raw, socket); });
    }
    const DialConnector::Host host = {m_placer, m_reports, m_setup.doubleLinks};
    if (endpoint->settings().carrier == Carrier::Process)
        return std::make_unique<ProcessConnector>(m_loop, endpoint, host);
    if (!endpoint->settings().command.isEmpty())
        return std::make_unique<LaunchedDial>(m_loop, endpoint, host);
    if (!inMemory)
        return std::make_unique<TcpConnector>(m_loop, endpoint, host);
    return std::make_unique<MemoryConnector>(
        endpoint, host, [this](const QString &name) { return findMemoryListener(name); });
}

Result<> EndpointSet::add(const EndpointSettings &settings)
{
    if (find(settings.name)) {
        return Error(ErrorCode::AlreadyExists,
                     QStringLiteral("there is an endpoint \"%1\"").arg(settings.name));
    }
    auto endpoint = make(settings);
    if (!endpoint)
        return endpoint.error();
    if (auto known = m_supervisor.add(planFor(settings), connectorFor(*endpoint)); !known) {
        endDials(endpoint->get());
        return known;
    }
    m_endpoints.push_back(*endpoint);
    Q_EMIT added(settings.name, (*endpoint)->operations());
    if (!settings.enabled)
        return {};
    return m_supervisor.find(settings.name)->start();
}

Result<> EndpointSet::replace(const EndpointSettings &settings)
{
    const auto present
        = std::find_if(m_endpoints.begin(), m_endpoints.end(), [&](const auto &endpoint) {
              return endpoint->settings().name == settings.name;
          });
    if (present == m_endpoints.end()) {
        return Error(ErrorCode::NotFound,
                     QStringLiteral("there is no endpoint \"%1\"").arg(settings.name));
    }
    auto endpoint = make(settings);
    if (!endpoint)
        return endpoint.error();
    const EndpointRuntimePtr leaving = (*present)->runtime();
    endDials(present->get());
    // The supervisor may open it before it returns.
    *present = *endpoint;
    noteLeaving(leaving);
    Q_EMIT added(settings.name, (*endpoint)->operations());
    if (auto known = m_supervisor.replace(planFor(settings), connectorFor(*endpoint)); !known)
        return known;
    m_placer.endAll(*leaving, endpointEnds());
    return {};
}

void EndpointSet::noteLeaving(const EndpointRuntimePtr &runtime)
{
    // Any number of reloads: only those whose links still end are kept.
    std::erase_if(m_leaving, [](const auto &one) { return one.expired(); });
    m_leaving.push_back(runtime);
}

Result<> EndpointSet::remove(const QString &name)
{
    const auto present
        = std::find_if(m_endpoints.begin(), m_endpoints.end(), [&](const auto &endpoint) {
              return endpoint->settings().name == name;
          });
    if (present == m_endpoints.end())
        return Error(ErrorCode::NotFound, QStringLiteral("there is no endpoint \"%1\"").arg(name));
    const EndpointRuntimePtr leaving = (*present)->runtime();
    endDials(present->get());
    m_endpoints.erase(present);
    noteLeaving(leaving);
    Q_EMIT removed(name);
    Result<> done = m_supervisor.remove(name);
    m_placer.endAll(*leaving, endpointEnds());
    return done;
}

std::shared_ptr<HostEndpoint> EndpointSet::find(const QString &name) const
{
    for (const auto &endpoint : all()) {
        if (endpoint->settings().name == name)
            return endpoint;
    }
    return nullptr;
}

QString EndpointSet::nameOf(int number) const
{
    for (const auto &endpoint : all()) {
        if (endpoint->runtime()->number == number)
            return endpoint->settings().name;
    }
    return {};
}

const HostEndpoint *EndpointSet::findMemoryListener(const QString &name) const
{
    for (const auto &endpoint : m_endpoints) {
        const EndpointSettings &settings = endpoint->settings();
        if (settings.carrier == Carrier::Memory && endpoint->isListener() && endpoint->isOpen()
            && settings.url.host() == name) {
            return endpoint.get();
        }
    }
    return nullptr;
}

std::vector<std::pair<QString, Error>> EndpointSet::renewCertificates()
{
    std::vector<std::pair<QString, Error>> failed;
    for (const auto &endpoint : all()) {
        if (const Result<> renewed = endpoint->renewCertificates(); !renewed)
            failed.emplace_back(endpoint->settings().name, renewed.error());
    }
    return failed;
}

QList<EndpointSettings> EndpointSet::settings() const
{
    QList<EndpointSettings> list;
    for (const auto &endpoint : m_endpoints)
        list.append(endpoint->settings());
    return list;
}

QList<EndpointSettings> EndpointSet::foundSettings() const
{
    QList<EndpointSettings> list;
    for (const auto &[listener, dials] : m_dials) {
        for (const auto &endpoint : dials->endpoints())
            list.append(endpoint->settings());
    }
    return list;
}

std::vector<EndpointSet::Listening> EndpointSet::listeners() const
{
    std::vector<Listening> list;
    for (const auto &endpoint : m_endpoints) {
        if (endpoint->isListener() && endpoint->isOpen())
            list.push_back({endpoint->settings().name, endpoint->shownUrl()});
    }
    return list;
}

QStringList EndpointSet::openPeers() const
{
    QStringList list;
    const auto note = [&list](const EndpointRuntime &runtime) {
        const std::vector<OpenPeers::Peer> peers = runtime.peers.list();
        for (const OpenPeers::Peer &peer : peers) {
            const QString address = QString::fromUtf8(peer.address);
            list.append(peer.key.isEmpty()
                            ? QStringLiteral("%1: %2").arg(runtime.name, address)
                            : QStringLiteral("%1: %2 at %3")
                                  .arg(runtime.name, QString::fromUtf8(peer.key), address));
        }
    };
    for (const auto &endpoint : all())
        note(*endpoint->runtime());
    for (const auto &leaving : m_leaving) {
        if (const EndpointRuntimePtr runtime = leaving.lock())
            note(*runtime);
    }
    return list;
}

qint64 EndpointSet::linkCount() const noexcept
{
    qint64 count = 0;
    for (const auto &endpoint : m_endpoints)
        count += endpoint->links();
    for (const auto &[listener, dials] : m_dials)
        count += dials->links();
    for (const auto &leaving : m_leaving) {
        if (const EndpointRuntimePtr runtime = leaving.lock())
            count += runtime->links.load(std::memory_order_relaxed);
    }
    return count;
}

std::optional<RefusalReason> EndpointSet::judge(const HostEndpoint &endpoint,
                                                const QHostAddress &peer)
{
    if (auto why = m_admission.judge(peer, endpoint.settings().addressRules))
        return why;
    const qint64 most = endpoint.settings().maxLinks;
    const bool isFull = (most > 0 && endpoint.links() >= most + kRoomToAsk)
        || (m_setup.maxLinks > 0 && linkCount() >= m_setup.maxLinks + kRoomToAsk);
    if (!isFull)
        return std::nullopt;
    m_admission.countRefused(RefusalReason::Capacity);
    return RefusalReason::Capacity;
}

void EndpointSet::accept(HostEndpoint &endpoint, const AcceptedSocket &socket)
{
    if (const auto why = judge(endpoint, socket.address)) {
        ::close(socket.fd);
        noteRefused(endpoint, *why, socket.peer);
        return;
    }
    Error refusal;
    if (socket.isSpare) {
        refusal = Error(ErrorCode::DescriptorsExhausted,
                        QStringLiteral("the host has no descriptor left for another link"));
        refusal.setDetail(QStringLiteral("retryAfterMs"), kRetryAfterMs);
        m_admission.countRefused(RefusalReason::Descriptors);
        noteRefused(endpoint, RefusalReason::Descriptors, socket.peer);
    } else if (m_refusing) {
        refusal = ShutdownCoordinator::closingError();
        m_admission.countRefused(RefusalReason::ShuttingDown);
    }
    m_placer.adoptSocket(
        endpoint.runtime(), socket.fd, socket.peer, Link::Direction::Accepted, 0, refusal);
}

void EndpointSet::noteRefused(HostEndpoint &endpoint, RefusalReason reason, const QByteArray &peer)
{
    ++endpoint.refused;
    endpoint.runtime()->logger->log(
        LogLevel::Warning,
        "link-refused",
        QStringLiteral("peer=%1 reason=%2 links=%3 refused=%4")
            .arg(QString::fromLatin1(peer), QLatin1String(refusalName(reason)))
            .arg(endpoint.links())
            .arg(endpoint.refused));
}

} // namespace fairlead::core
