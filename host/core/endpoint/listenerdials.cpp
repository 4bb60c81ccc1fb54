// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/endpoint/listenerdials.h"

#include "core/carrier/carrierstack.h"
#include "core/carrier/keyidentity.h"
#include "core/endpoint/linkplacer.h"
#include "core/endpoint/linkreports.h"
#include "core/lifecycle/supervisor/supervisor.h"
#include "core/reactor/mainloop.h"

#include <fairlead/hostservices.h>

#include <algorithm>
#include <utility>

namespace fairlead::core {

namespace {

/// The longest delay before a dial.
constexpr qint64 kLongestDelayNs = 20 * kNsPerSecond;
/// The delays before dials grow; between a failure and the next delay there is just a moment.
constexpr qint64 kTicketNs = 500 * kNsPerMs;

Error invalid(const QString &text)
{
    return Error(ErrorCode::InvalidArgument, text);
}

std::vector<HostDial::Place> placesOf(const PeerTarget &target)
{
    std::vector<HostDial::Place> places;
    for (const PeerPlace &place : target.places) {
        if (places.size() < std::size_t(PeerDials::kMaxPlaces))
            places.push_back({place.host, place.port});
    }
    return places;
}

Result<> check(const PeerTarget &target)
{
    if (target.key.isEmpty() || normalizedKeyId(target.key) != target.key)
        return invalid(QStringLiteral("a peer needs its key identifier: 40 lower-case hex digits"));
    const bool isComplete = !target.places.isEmpty()
        && std::all_of(target.places.cbegin(), target.places.cend(), [](const PeerPlace &place) {
               return !place.host.isEmpty() && place.port != 0;
           });
    if (!isComplete)
        return invalid(QStringLiteral("a peer needs a place with a host and a port"));
    const bool isPath = std::all_of(target.path.cbegin(), target.path.cend(), [](char byte) {
        return byte > ' ' && byte < '\x7f';
    });
    if (!target.path.isEmpty() && (!target.path.startsWith('/') || !isPath))
        return invalid(QStringLiteral("a path begins with a slash and is encoded"));
    return {};
}

} // namespace

ListenerDials::ListenerDials(const Host &host)
    : m_host(host)
    , m_delays(
          host.loop.clock(),
          host.loop.timers(),
          m_random,
          [this](const QString &key) { dialNow(key); },
          kMaxPeers)
{
    connect(m_host.supervisor, &Supervisor::endpointEvent, this, &ListenerDials::handleEvent);
    connect(m_host.supervisor, &Supervisor::endpointRemoved, this, &ListenerDials::handleRemoved);
}

ListenerDials::~ListenerDials()
{
    end();
}

void ListenerDials::setListener(const std::shared_ptr<HostEndpoint> &listener)
{
    m_listener = listener;
}

void ListenerDials::end()
{
    if (std::exchange(m_hasEnded, true))
        return;
    while (!m_entries.empty())
        remove(m_entries.begin()->first);
    if (m_host.supervisor)
        m_host.supervisor->disconnect(this);
}

void ListenerDials::dialNow(const QString &delayKey)
{
    for (const auto &[key, entry] : m_entries) {
        if (delayKey == QString::number(entry.endpoint->runtime()->number)) {
            entry.connector->dialNow();
            return;
        }
    }
}

std::vector<std::shared_ptr<HostEndpoint>> ListenerDials::endpoints() const
{
    std::vector<std::shared_ptr<HostEndpoint>> list;
    for (const auto &[key, entry] : m_entries)
        list.push_back(entry.endpoint);
    return list;
}

qint64 ListenerDials::links() const noexcept
{
    qint64 count = 0;
    for (const auto &[key, entry] : m_entries)
        count += entry.endpoint->links();
    return count;
}

QString ListenerDials::nameOf(const QByteArray &key) const
{
    const auto listener = m_listener.lock();
    return (listener ? listener->settings().name : QString()) + u'/' + QString::fromLatin1(key);
}

SupervisedEndpoint *ListenerDials::supervised(const QByteArray &key) const
{
    return m_host.supervisor ? m_host.supervisor->find(nameOf(key)) : nullptr;
}

EndpointSettings ListenerDials::settingsFor(const PeerTarget &target) const
{
    const std::shared_ptr<HostEndpoint> listener = m_listener.lock();
    const PeerPlace &first = target.places.first();
    EndpointSettings settings = listener->settings();
    settings.name = nameOf(target.key);
    settings.role = EndpointRole::Dial;
    settings.address = QHostAddress();
    settings.port = first.port;
    settings.maxLinks = 0;
    // A zone is for sockets; a URL has no place for one without quoting it.
    settings.url.setHost(first.host.section(u'%', 0, 0));
    settings.url.setPort(first.port);
    settings.policy.reconnect = true;
    settings.policy.maxAttempts = 0;
    settings.policy.dialDeadlineNs += kLongestDelayNs;
    settings.policy.backOff = {kTicketNs, 1.0, kTicketNs, 0.5};
    settings.layers.tls->peerKeyId = target.key;
    if (settings.layers.webSocket) {
        WebSocketSettings &webSocket = *settings.layers.webSocket;
        if (!target.path.isEmpty())
            webSocket.path = target.path;
        settings.url.setPath(QString::fromLatin1(webSocket.path), QUrl::TolerantMode);
        webSocket.host = settings.url.authority(QUrl::FullyEncoded | QUrl::RemoveUserInfo).toUtf8();
        webSocket.origins.clear();
    }
    return settings;
}

Result<ListenerDials::Made> ListenerDials::make(const PeerTarget &target)
{
    const std::shared_ptr<HostEndpoint> listener = m_listener.lock();
    const EndpointSettings settings = settingsFor(target);
    auto made = HostEndpoint::createFound(settings, m_host.parts(settings), *listener);
    if (!made)
        return made.error();
    PeerConnector::Peer peer;
    peer.places = placesOf(target);
    peer.dialDeadlineNs = listener->settings().policy.dialDeadlineNs;
    peer.attempts = [this, key = target.key] {
        const SupervisedEndpoint *endpoint = supervised(key);
        return endpoint ? endpoint->status().attempts : 0;
    };
    Made result;
    result.endpoint = std::move(*made);
    result.connector = std::make_unique<PeerConnector>(
        m_host.loop,
        result.endpoint,
        DialConnector::Host{m_host.placer, m_host.reports, m_host.doubleLinks},
        m_delays,
        std::move(peer));
    return result;
}

Result<> ListenerDials::want(const PeerTarget &target)
{
    if (Result<> fine = check(target); !fine)
        return fine;
    const std::shared_ptr<HostEndpoint> listener = m_listener.lock();
    if (m_hasEnded || !listener || !m_host.supervisor || m_host.supervisor->isClosing())
        return Error(ErrorCode::ShuttingDown, QStringLiteral("the listener takes no wishes"));
    if (const auto known = m_entries.find(target.key); known != m_entries.end()) {
        change(known->second, target);
        return {};
    }
    if (m_entries.size() >= std::size_t(kMaxPeers)) {
        return Error(ErrorCode::LimitReached,
                     QStringLiteral("a listener keeps links to %1 found peers").arg(kMaxPeers));
    }
    return add(target);
}

EndpointPlan ListenerDials::planFor(const PeerTarget &target, const HostEndpoint &endpoint)
{
    const EndpointSettings &settings = endpoint.settings();
    EndpointPlan plan;
    plan.name = settings.name;
    plan.url = settings.url.toString(QUrl::RemoveUserInfo);
    plan.role = SupervisedRole::Dial;
    plan.budgetKey = QString::fromLatin1(target.key);
    plan.policy = settings.policy;
    return plan;
}

Result<> ListenerDials::add(const PeerTarget &target)
{
    Result<Made> made = make(target);
    if (!made)
        return made.error();
    EndpointPlan plan = planFor(target, *made->endpoint);
    m_entries[target.key] = {target, made->endpoint, made->connector.get(), target.path};
    if (Result<> known = m_host.supervisor->add(std::move(plan), std::move(made->connector));
        !known) {
        m_entries.erase(target.key);
        return known;
    }
    // Else one of that name still ends, and handleRemoved() goes on.
    if (SupervisedEndpoint *endpoint = supervised(target.key))
        (void)endpoint->start();
    return {};
}

void ListenerDials::change(Entry &entry, const PeerTarget &target)
{
    if (entry.target == target)
        return;
    entry.target = target;
    entry.connector->setPlaces(placesOf(target));
    SupervisedEndpoint *endpoint = supervised(target.key);
    if (!endpoint)
        return;
    if (entry.path != target.path && endpoint->state() != EndpointState::Running) {
        renewPath(entry);
        return;
    }
    // What made it hopeless may be another now.
    if (endpoint->state() == EndpointState::Failed || endpoint->state() == EndpointState::Stopped)
        (void)endpoint->start();
}

void ListenerDials::renewPath(Entry &entry)
{
    if (!m_listener.lock())
        return;
    Result<Made> made = make(entry.target);
    if (!made)
        return;
    Q_EMIT left(entry.endpoint->runtime());
    entry.endpoint = made->endpoint;
    entry.connector = made->connector.get();
    entry.path = entry.target.path;
    // Refused only while the host closes, when nothing is dialled.
    (void)m_host.supervisor->replace(planFor(entry.target, *made->endpoint),
                                     std::move(made->connector));
}

void ListenerDials::unwant(const QByteArray &key)
{
    // A host that closes lets links deliver first what they accepted.
    const bool isClosing = m_host.supervisor && m_host.supervisor->isClosing();
    if (m_entries.contains(key) && !isClosing)
        remove(key);
}

void ListenerDials::remove(const QByteArray &key)
{
    const auto found = m_entries.find(key);
    const QString name = found->second.endpoint->settings().name;
    const EndpointRuntimePtr runtime = found->second.endpoint->runtime();
    m_entries.erase(found);
    Q_EMIT left(runtime);
    if (m_host.supervisor)
        (void)m_host.supervisor->remove(name);
}

std::map<QByteArray, ListenerDials::Entry>::iterator ListenerDials::findByName(const QString &name)
{
    return std::find_if(m_entries.begin(), m_entries.end(), [&name](const auto &one) {
        return one.second.endpoint->settings().name == name;
    });
}

void ListenerDials::handleRemoved(const QString &name)
{
    const auto found = findByName(name);
    if (found == m_entries.end())
        return;
    SupervisedEndpoint *endpoint = supervised(found->first);
    if (endpoint && endpoint->state() == EndpointState::Idle)
        (void)endpoint->start();
}

void ListenerDials::handleEvent(const EndpointEvent &event)
{
    const auto found = m_hasEnded ? m_entries.end() : findByName(event.name);
    if (found == m_entries.end() || found->second.path == found->second.target.path)
        return;
    // Not from inside the supervisor's own telling.
    m_host.loop.post([self = weak_from_this(), key = found->first] {
        const auto dials = self.lock();
        if (!dials || dials->m_hasEnded)
            return;
        const auto entry = dials->m_entries.find(key);
        if (entry == dials->m_entries.end() || entry->second.path == entry->second.target.path)
            return;
        const SupervisedEndpoint *endpoint = dials->supervised(key);
        if (endpoint && endpoint->state() != EndpointState::Running)
            dials->renewPath(entry->second);
    });
}

} // namespace fairlead::core
