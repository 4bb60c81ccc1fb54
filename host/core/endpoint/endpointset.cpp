// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/endpoint/endpointset.h"

#include "core/endpoint/hostendpoint.h"
#include "core/endpoint/listenconnector.h"
#include "core/endpoint/memoryconnector.h"
#include "core/endpoint/tcpconnector.h"
#include "core/lifecycle/supervisor/supervisor.h"
#include "core/reactor/mainloop.h"

#include <fairlead/hostservices.h>
#include <fairlead/transport.h>
#include <unistd.h>

#include <algorithm>

namespace fairlead::core {

namespace {

class PluginServices final : public HostServices
{
public:
    PluginServices(std::shared_ptr<Logger> logger, const EndpointSet::Setup &setup)
        : m_logger(std::move(logger))
        , m_setup(setup)
    { }

    Logger &logger() noexcept override { return *m_logger; }

    QString hostVersion() const override { return m_setup.version; }

    void *service(const char *iid) noexcept override
    {
        return m_setup.service ? m_setup.service(iid) : nullptr;
    }

private:
    std::shared_ptr<Logger> m_logger;
    const EndpointSet::Setup &m_setup;
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
                         Setup setup)
    : m_loop(loop)
    , m_supervisor(supervisor)
    , m_setup(std::move(setup))
    , m_reports(loop, listeners)
    , m_placer(reactors)
{ }

EndpointSet::~EndpointSet() = default;

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
    parts.services = std::make_unique<PluginServices>(parts.logger, m_setup);
    parts.follower = &m_reports;
    auto made = HostEndpoint::create(settings, std::move(parts));
    if (!made)
        return made.error();
    return std::shared_ptr<HostEndpoint>(std::move(*made));
}

std::unique_ptr<EndpointConnector> EndpointSet::connectorFor(
    const std::shared_ptr<HostEndpoint> &endpoint)
{
    const bool inMemory = endpoint->settings().carrier == Carrier::Memory;
    if (endpoint->isListener()) {
        if (inMemory)
            return std::make_unique<MemoryListenConnector>(endpoint);
        return std::make_unique<ListenConnector>(
            m_loop, endpoint, [this, raw = endpoint.get()](int fd, const QByteArray &peerAddress) {
                accept(*raw, fd, peerAddress);
            });
    }
    const DialConnector::Host host = {m_placer, m_reports};
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
    if (auto known = m_supervisor.add(planFor(settings), connectorFor(*endpoint)); !known)
        return known;
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
    std::erase_if(m_leaving, [](const EndpointRuntimePtr &one) {
        return one->links.load(std::memory_order_relaxed) == 0;
    });
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
    m_endpoints.erase(present);
    noteLeaving(leaving);
    Q_EMIT removed(name);
    Result<> done = m_supervisor.remove(name);
    m_placer.endAll(*leaving, endpointEnds());
    return done;
}

std::shared_ptr<HostEndpoint> EndpointSet::find(const QString &name) const
{
    for (const auto &endpoint : m_endpoints) {
        if (endpoint->settings().name == name)
            return endpoint;
    }
    return nullptr;
}

QString EndpointSet::nameOf(int number) const
{
    for (const auto &endpoint : m_endpoints) {
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

QList<EndpointSettings> EndpointSet::settings() const
{
    QList<EndpointSettings> list;
    for (const auto &endpoint : m_endpoints)
        list.append(endpoint->settings());
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

std::vector<std::pair<QString, qint64>> EndpointSet::linkCounts() const
{
    std::vector<std::pair<QString, qint64>> counts;
    const auto note = [&](const EndpointRuntime &runtime) {
        const qint64 links = runtime.links.load(std::memory_order_relaxed);
        if (links > 0)
            counts.emplace_back(runtime.name, links);
    };
    for (const auto &endpoint : m_endpoints)
        note(*endpoint->runtime());
    for (const EndpointRuntimePtr &runtime : m_leaving)
        note(*runtime);
    return counts;
}

qint64 EndpointSet::linkCount() const noexcept
{
    qint64 count = 0;
    for (const auto &endpoint : m_endpoints)
        count += endpoint->links();
    for (const EndpointRuntimePtr &runtime : m_leaving)
        count += runtime->links.load(std::memory_order_relaxed);
    return count;
}

void EndpointSet::accept(HostEndpoint &endpoint, int fd, const QByteArray &peerAddress)
{
    const qint64 own = endpoint.links();
    const qint64 most = endpoint.settings().maxLinks;
    const bool isFull
        = (most > 0 && own >= most) || (m_setup.maxLinks > 0 && linkCount() >= m_setup.maxLinks);
    if (m_refusing || isFull) {
        ::close(fd);
        ++endpoint.refused;
        if (isFull) {
            endpoint.runtime()->logger->log(
                LogLevel::Warning,
                "link-refused",
                QStringLiteral("peer=%1 reason=limit-reached links=%2 refused=%3")
                    .arg(QString::fromLatin1(peerAddress))
                    .arg(own)
                    .arg(endpoint.refused));
        }
        return;
    }
    m_placer.adoptSocket(endpoint.runtime(), fd, peerAddress, Link::Direction::Accepted);
}

} // namespace fairlead::core
