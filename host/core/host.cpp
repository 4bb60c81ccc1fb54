// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/host.h"

#include "core/reactor/acceptor.h"
#include "core/reactor/memorystream.h"
#include "core/reactor/reactorthread.h"
#include "core/reactor/socketstream.h"
#include "core/security/anonymousaccess.h"

#include <fairlead/clock.h>
#include <fairlead/hostservices.h>
#include <fairlead/transport.h>
#include <unistd.h>

#include <algorithm>

namespace fairlead::core {

namespace {

constexpr qint64 kLinksNs = 3 * kNsPerSecond; ///< SH-02: for all links
constexpr qint64 kLookNs = 10 * kNsPerMs;

class EndpointServices final : public HostServices
{
public:
    EndpointServices(std::shared_ptr<Logger> logger, QString version)
        : m_logger(std::move(logger))
        , m_version(std::move(version))
    { }

    Logger &logger() noexcept override { return *m_logger; }

    QString hostVersion() const override { return m_version; }

    void *service(const char *) noexcept override { return nullptr; }

private:
    std::shared_ptr<Logger> m_logger;
    QString m_version;
};

Error shuttingDown()
{
    return Error(ErrorCode::ShuttingDown, QStringLiteral("the host is shutting down"));
}

} // namespace

struct Host::Endpoint
{
    EndpointSettings settings;
    EndpointRuntimePtr runtime;
    std::unique_ptr<EndpointServices> services;
    std::shared_ptr<Listener> listener;
    std::shared_ptr<Dialler> dialler;
    std::unique_ptr<Acceptor> acceptor;
    quint64 refused = 0;
};

Host::Host(MainLoop &loop, HostSetup setup)
    : m_loop(loop)
    , m_setup(std::move(setup))
    , m_distributor(std::make_unique<Distributor>(m_setup.epoch, m_setup.limits, m_store))
    , m_stopTimer([](void *self) noexcept { static_cast<Host *>(self)->checkStopped(); }, this)
{
    const int count = std::clamp(m_setup.reactors, 1, 64);
    for (int i = 0; i < count; ++i)
        m_reactors.push_back(std::make_unique<ReactorThread>(i, *m_distributor));
}

Host::~Host()
{
    for (const auto &endpoint : m_endpoints)
        endpoint->acceptor.reset();
    for (const auto &reactor : m_reactors)
        reactor->stop();
}

Result<> Host::start()
{
    if (m_phase != Phase::Idle) {
        return Error(ErrorCode::AlreadyStarted,
                     m_phase == Phase::Running
                         ? QStringLiteral("the host runs already")
                         : QStringLiteral("a host that was shut down does not start again"));
    }
    m_phase = Phase::Running;
    for (const auto &reactor : m_reactors)
        reactor->start();
    return {};
}

Result<> Host::open(const EndpointSettings &settings)
{
    TransportFactory *factory = m_setup.factory(settings.transport);
    if (!factory) {
        return Error(
            ErrorCode::UnknownScheme,
            QStringLiteral("no loaded transport serves \"%1\"").arg(settings.url.scheme()));
    }
    auto endpoint = std::make_unique<Endpoint>();
    endpoint->settings = settings;
    endpoint->runtime = std::make_shared<EndpointRuntime>();
    EndpointRuntime &runtime = *endpoint->runtime;
    runtime.name = settings.name;
    runtime.number = int(m_endpoints.size());
    runtime.logger = m_setup.makeLogger(settings.transport, settings.name);
    runtime.authenticator = std::make_shared<AnonymousAuthenticator>(settings.allowAnonymous);
    runtime.accessControl = std::make_shared<UnrestrictedAccess>();
    runtime.handshakeTimeoutNs = settings.handshakeTimeout;
    endpoint->services = std::make_unique<EndpointServices>(runtime.logger, m_setup.version);

    const EndpointConfig config = {settings.name, settings.url, settings.options};
    if (settings.role == EndpointRole::Listen) {
        auto made = factory->createListener(config, *endpoint->services);
        if (!made)
            return made.error();
        endpoint->listener = std::move(*made);
        runtime.createDriver = [listener = endpoint->listener](const LinkContext &context) {
            return listener->createDriver(context);
        };
    } else {
        auto made = factory->createDialler(config, *endpoint->services);
        if (!made)
            return made.error();
        endpoint->dialler = std::move(*made);
        runtime.createDriver = [dialler = endpoint->dialler](const LinkContext &context) {
            return dialler->createDriver(context);
        };
    }
    Result<> opened;
    if (settings.carrier == Carrier::Memory) {
        opened = connectMemory(*endpoint);
    } else if (settings.role == EndpointRole::Listen) {
        opened = listenTcp(*endpoint);
    } else {
        opened = Error(ErrorCode::NotSupported,
                       QStringLiteral("endpoint \"%1\": this transport only listens over TCP")
                           .arg(settings.name));
    }
    if (!opened)
        return opened;
    m_endpoints.push_back(std::move(endpoint));
    return {};
}

Result<> Host::listenTcp(Endpoint &endpoint)
{
    Endpoint *raw = &endpoint;
    auto acceptor = Acceptor::listen(
        m_loop,
        endpoint.settings.address,
        endpoint.settings.port,
        [this, raw](int fd, const QByteArray &peerAddress) { accept(*raw, fd, peerAddress); });
    if (!acceptor)
        return acceptor.error();
    endpoint.acceptor = std::move(*acceptor);
    return {};
}

Result<> Host::connectMemory(Endpoint &endpoint)
{
    if (endpoint.settings.role == EndpointRole::Listen)
        return {};
    const QString name = endpoint.settings.url.host();
    for (const auto &other : m_endpoints) {
        if (other->settings.carrier != Carrier::Memory || !other->listener
            || other->settings.url.host() != name) {
            continue;
        }
        Reactor &dialling = leastLoaded();
        Reactor &listening = leastLoaded();
        auto pair = MemoryStream::makePair(dialling, listening, name.toUtf8());
        const auto adopt = [](Reactor &reactor,
                              const EndpointRuntimePtr &runtime,
                              std::unique_ptr<MemoryStream> stream,
                              Link::Direction direction) {
            auto shared = std::make_shared<std::unique_ptr<MemoryStream>>(std::move(stream));
            reactor.post([&reactor, runtime, shared, direction] {
                reactor.adopt(runtime, std::move(*shared), direction);
            });
        };
        adopt(listening, other->runtime, std::move(pair.second), Link::Direction::Accepted);
        adopt(dialling, endpoint.runtime, std::move(pair.first), Link::Direction::Dialled);
        return {};
    }
    return Error(ErrorCode::ConnectionRefused,
                 QStringLiteral("endpoint \"%1\": nobody listens on loopback://%2")
                     .arg(endpoint.settings.name, name))
        .setRetryable(true);
}

Reactor &Host::leastLoaded() noexcept
{
    // New links weigh the same, so turns are as fair as counts and need no look at other threads.
    return m_reactors[m_turn++ % m_reactors.size()]->reactor();
}

qint64 Host::linkCount() const noexcept
{
    qint64 count = 0;
    for (const auto &endpoint : m_endpoints)
        count += endpoint->runtime->links.load(std::memory_order_relaxed);
    return count;
}

void Host::accept(Endpoint &endpoint, int fd, const QByteArray &peerAddress)
{
    const qint64 own = endpoint.runtime->links.load(std::memory_order_relaxed);
    const bool full = (endpoint.settings.maxLinks > 0 && own >= endpoint.settings.maxLinks)
        || (m_setup.maxLinks > 0 && linkCount() >= m_setup.maxLinks);
    if (m_phase != Phase::Running || full) {
        ::close(fd);
        ++endpoint.refused;
        if (full) {
            endpoint.runtime->logger->log(
                LogLevel::Warning,
                "link-refused",
                QStringLiteral("peer=%1 reason=limit-reached links=%2 refused=%3")
                    .arg(QString::fromLatin1(peerAddress))
                    .arg(own)
                    .arg(endpoint.refused));
        }
        return;
    }
    ReactorThread &thread = *m_reactors[m_turn++ % m_reactors.size()];
    const EndpointRuntimePtr runtime = endpoint.runtime;
    thread.reactor().post([&thread, runtime, fd, peerAddress] {
        Reactor &reactor = thread.reactor();
        reactor.adopt(
            runtime,
            std::make_unique<SocketStream>(reactor.chunks(), thread.dispatcher(), fd, peerAddress),
            Link::Direction::Accepted);
    });
}

std::vector<Host::Listening> Host::listeners() const
{
    std::vector<Listening> list;
    for (const auto &endpoint : m_endpoints) {
        if (!endpoint->listener)
            continue;
        QUrl url = endpoint->settings.url;
        if (endpoint->acceptor)
            url.setPort(endpoint->acceptor->port());
        list.push_back({endpoint->settings.name, url.toString()});
    }
    return list;
}

void Host::shutDown()
{
    if (m_phase == Phase::Stopping || m_phase == Phase::Stopped)
        return;
    const bool ran = m_phase == Phase::Running;
    m_phase = Phase::Stopping;
    for (const auto &endpoint : m_endpoints)
        endpoint->acceptor.reset();
    if (!ran) {
        finishStop(0);
        return;
    }
    for (const auto &thread : m_reactors) {
        Reactor &reactor = thread->reactor();
        reactor.post([&reactor] { reactor.shutDownLinks(shuttingDown()); });
    }
    m_stopDeadline = m_loop.clock().now() + kLinksNs;
    checkStopped();
}

void Host::checkStopped()
{
    const qint64 left = linkCount();
    if (left > 0 && EpollDispatcher::nowNs() < m_stopDeadline) {
        m_loop.timers().arm(m_stopTimer, EpollDispatcher::nowNs() + kLookNs);
        return;
    }
    finishStop(int(left));
}

void Host::finishStop(int cutOff)
{
    for (const auto &reactor : m_reactors)
        reactor->stop();
    m_phase = Phase::Stopped;
    Q_EMIT stopped(cutOff);
}

} // namespace fairlead::core
