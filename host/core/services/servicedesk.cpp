// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/services/servicedesk.h"

#include "core/lifecycle/broadcast/broadcaster.h"
#include "core/lifecycle/ownerpost.h"
#include "core/registry/serviceregistry.h"

#include <QSet>

#include <algorithm>
#include <utility>

namespace fairlead::core {

namespace {

/// Of names that a caller is told of who asked for what there is not.
constexpr qsizetype kMostNames = 64;
constexpr qint64 kLongestKeepMs = qint64(366) * 24 * 3600 * 1000;
/// The link itself ends at the timeout; the registry's own watch is for when it does not, and knows of
/// what was heard with some delay.
constexpr qint64 kWatchMarginPercent = 25;

/// A service as the broadcaster reaches it.
class SeatTarget final : public OperationTarget
{
public:
    explicit SeatTarget(std::shared_ptr<SeatLink> seat) noexcept
        : m_seat(std::move(seat))
    { }

    void handleOperation(const Operation &operation, OperationReply reply) override
    {
        m_seat->operate(operation, std::move(reply));
    }

    void handleResume() override { m_seat->resume(); }

private:
    const std::shared_ptr<SeatLink> m_seat;
};

ServiceInfo infoOf(const QString &id, const SeatClaim &claim)
{
    ServiceInfo info;
    info.id = id;
    info.key = {claim.offer.name, claim.offer.version, claim.offer.build, claim.offer.instance};
    info.capabilities = claim.offer.capabilities;
    info.owned = claim.offer.owned;
    info.endpoint = claim.endpoint;
    info.heartbeatTimeoutNs
        = claim.offer.heartbeatTimeoutMs * kNsPerMs / 100 * (100 + kWatchMarginPercent);
    return info;
}

Error superseded()
{
    return {ErrorCode::Superseded, QStringLiteral("the service came back on another link")};
}

Error notFound(const QString &what, QStringList available)
{
    available.sort();
    Error error(ErrorCode::NotFound, what);
    error.setDetail(QStringLiteral("available"), QStringList(available.mid(0, kMostNames)));
    return error;
}

} // namespace

ServiceDesk::ServiceDesk(ServiceRegistry &registry,
                         Broadcaster &broadcaster,
                         const Clock &clock,
                         Timers &timers,
                         Executor &main)
    : m_registry(registry)
    , m_broadcaster(broadcaster)
    , m_clock(clock)
    , m_timers(timers)
    , m_timer([](void *self) noexcept { static_cast<ServiceDesk *>(self)->handleReturnTimeout(); },
              this)
    , m_calls(clock, timers)
    , m_post(std::make_shared<OwnerPost<ServiceDesk>>(*this, main))
{
    connect(&broadcaster, &Broadcaster::started, this, [this](quint64, OperationKind kind) {
        if (kind == OperationKind::Quiesce)
            handleQuiesce();
    });
    connect(&broadcaster, &Broadcaster::resumed, this, &ServiceDesk::handleResumed);
    connect(&registry, &ServiceRegistry::unregistered, this, &ServiceDesk::handleUnregistered);
}

ServiceDesk::~ServiceDesk()
{
    m_post->close();
}

void ServiceDesk::beginShutdown()
{
    m_closing = true;
}

// From the links.

void ServiceDesk::enter(const SeatClaim &claim)
{
    m_post->post([claim](ServiceDesk &self) { self.handleEnter(claim); });
}

void ServiceDesk::leave(quint64 link, const Error &reason)
{
    m_post->post([link, reason](ServiceDesk &self) { self.handleLeave(link, reason); });
}

void ServiceDesk::heartbeat(quint64 link)
{
    m_post->post([link](ServiceDesk &self) { self.handleHeartbeat(link); });
}

void ServiceDesk::call(quint64 link, const SeatCall &call)
{
    m_post->post([link, call](ServiceDesk &self) { self.handleCall(link, call); });
}

void ServiceDesk::answer(quint64 link, quint64 call, const Result<QByteArray> &result)
{
    m_post->post([=](ServiceDesk &self) { self.m_calls.answer(link, call, result); });
}

// Coming and going.

void ServiceDesk::handleEnter(const SeatClaim &claim)
{
    const Result<ServiceGrant> admitted = admit(claim);
    if (admitted) {
        claim.seat->registered(*admitted);
        return;
    }
    ServiceGrant refusal;
    refusal.error = admitted.error();
    claim.seat->registered(refusal);
}

Result<ServiceGrant> ServiceDesk::admit(const SeatClaim &claim)
{
    if (m_closing)
        return Error(ErrorCode::ShuttingDown, QStringLiteral("the host ends"));
    const QString peer = QString::fromUtf8(claim.peerKey);
    if (peer.toUtf8() != claim.peerKey) {
        return Error(ErrorCode::InvalidArgument,
                     QStringLiteral("the identity of a service is UTF-8"));
    }
    const QString id = QStringLiteral("service/") + peer;
    const auto held = m_places.find(id);
    if (held != m_places.end() && held->second.claim.principal != claim.principal) {
        Error error(ErrorCode::AlreadyExists,
                    QStringLiteral("\"%1\" belongs to somebody else").arg(id));
        error.setDetail(QStringLiteral("field"), QStringLiteral("id"));
        error.setDetail(QStringLiteral("value"), id);
        error.setDetail(QStringLiteral("holder"), id);
        return error;
    }
    Place *const former = held == m_places.end() ? nullptr : &held->second;
    const Result<quint64> listed = list(id, claim, former);
    if (!listed)
        return listed.error();
    Place &place = m_places[id];
    forgetReturn(id, place);
    place.claim = claim;
    place.generation = *listed;
    m_byLink[claim.link] = id;
    registerTarget(id, place);
    static_cast<void>(m_registry.setStatus(id, *listed, ServiceStatus::Running));
    ServiceGrant grant;
    grant.id = id;
    grant.generation = *listed;
    grant.returned = former != nullptr;
    return grant;
}

// Until it is known to succeed the former holder keeps what it has.
Result<quint64> ServiceDesk::list(const QString &id, const SeatClaim &claim, Place *former)
{
    const ServiceInfo info = infoOf(id, claim);
    if (!former)
        return m_registry.add(info);
    const Result<> changed = m_registry.setInfo(id, former->generation, info);
    if (!changed)
        return changed.error();
    if (former->claim.seat)
        vacate(*former, ServiceStatus::Unavailable, superseded());
    return m_registry.restart(id, former->generation);
}

void ServiceDesk::registerTarget(const QString &id, Place &place)
{
    BroadcastTarget target;
    target.id = id;
    target.target = std::make_shared<SeatTarget>(place.claim.seat);
    if (place.claim.offer.knowsPaths)
        target.paths = [paths = place.claim.offer.paths] { return paths; };
    // Refused only without an id.
    if (const auto registered = m_broadcaster.registerTarget(std::move(target)))
        place.target = registered->generation;
}

void ServiceDesk::handleLeave(quint64 link, const Error &reason)
{
    Place *const place = placeOf(link);
    if (!place)
        return;
    const QString id = m_byLink.at(link);
    if (reason.isNull()) {
        vacate(*place, ServiceStatus::Stopped, Error());
        const quint64 generation = place->generation;
        m_places.erase(id);
        m_broadcaster.unregisterTarget(id);
        static_cast<void>(m_registry.remove(id, generation));
        return;
    }
    vacate(*place, ServiceStatus::Unavailable, reason);
    awaitReturn(id, *place);
}

/// The service's link is void.
void ServiceDesk::vacate(Place &place, ServiceStatus status, const Error &reason)
{
    const quint64 link = place.claim.link;
    const QString id = m_byLink.at(link);
    m_byLink.erase(link);
    place.claim.seat.reset();
    m_broadcaster.setLive(id, place.target, false);
    static_cast<void>(m_registry.setStatus(id, place.generation, status, reason));
    Error broken(ErrorCode::ConnectionClosed, QStringLiteral("%1 left before it answered").arg(id));
    broken.setDetail(QStringLiteral("service"), id);
    m_calls.end(link, broken);
}

void ServiceDesk::awaitReturn(const QString &id, Place &place)
{
    const qint64 keep = std::clamp<qint64>(place.claim.offer.keepMs, 0, kLongestKeepMs);
    place.goneAt = m_clock.now() + keep * kNsPerMs;
    m_returns.emplace(place.goneAt, id);
    rearm();
}

void ServiceDesk::forgetReturn(const QString &id, Place &place)
{
    if (place.goneAt < 0)
        return;
    m_returns.erase({place.goneAt, id});
    place.goneAt = -1;
    rearm();
}

void ServiceDesk::handleReturnTimeout()
{
    const qint64 now = m_clock.now();
    while (!m_returns.empty() && m_returns.begin()->first <= now) {
        const QString id = m_returns.begin()->second;
        m_returns.erase(m_returns.begin());
        const quint64 generation = m_places.at(id).generation;
        m_places.erase(id);
        m_broadcaster.unregisterTarget(id);
        static_cast<void>(m_registry.remove(
            id,
            generation,
            Error(ErrorCode::Timeout, QStringLiteral("the service did not return in time"))));
    }
    rearm();
}

void ServiceDesk::rearm()
{
    if (m_returns.empty())
        m_timers.disarm(m_timer);
    else
        m_timers.arm(m_timer, m_returns.begin()->first);
}

// A registry that is full gives up who is not there.
void ServiceDesk::handleUnregistered(const ServiceRecord &service)
{
    const auto found = m_places.find(service.info.id);
    if (found == m_places.end() || found->second.generation != service.generation
        || found->second.claim.seat) {
        return;
    }
    forgetReturn(found->first, found->second);
    m_places.erase(found);
    m_broadcaster.unregisterTarget(service.info.id);
}

void ServiceDesk::handleHeartbeat(quint64 link)
{
    if (const Place *const place = placeOf(link))
        static_cast<void>(m_registry.heartbeat(m_byLink.at(link), place->generation));
}

// Quiet.

bool ServiceDesk::isDraining(const QString &id) const
{
    const std::shared_ptr<QuiesceState> state = m_broadcaster.quiesceState(id);
    return state && state->isDraining();
}

void ServiceDesk::handleQuiesce()
{
    for (const auto &[id, place] : m_places) {
        if (place.claim.seat && isDraining(id))
            static_cast<void>(m_registry.setStatus(id, place.generation, ServiceStatus::Draining));
    }
}

void ServiceDesk::handleResumed(const QString &id, quint64 target)
{
    const auto found = m_places.find(id);
    if (found != m_places.end() && found->second.target == target && found->second.claim.seat)
        static_cast<void>(
            m_registry.setStatus(id, found->second.generation, ServiceStatus::Running));
}

// Calls.

void ServiceDesk::handleCall(quint64 link, const SeatCall &call)
{
    const Place *const caller = placeOf(link);
    if (!caller)
        return;
    const CallRouter::Party asks = {link, caller->claim.seat};
    const QByteArray peerKey = caller->claim.peerKey;
    const Result<CallRouter::Party> provider = providerOf(call);
    if (!provider) {
        m_calls.refuse(asks, call, provider.error());
        return;
    }
    if (const Result<> begun = m_calls.begin(asks, peerKey, call, *provider); !begun)
        m_calls.refuse(asks, call, begun.error());
}

// Of those that can answer, the one with the fewest calls open, then the longest registered.
Result<CallRouter::Party> ServiceDesk::providerOf(const SeatCall &call) const
{
    if (m_closing)
        return Error(ErrorCode::ShuttingDown, QStringLiteral("the host ends"));
    if (!call.service.isEmpty())
        return named(call);
    const QString capability = QString::fromUtf8(call.capability);
    ServiceFilter filter;
    filter.capabilities = QStringList{capability};
    const Place *best = nullptr;
    Error why;
    for (const ServiceRecord &record : m_registry.query(filter)) {
        const auto found = m_places.find(record.info.id);
        if (found == m_places.end())
            continue;
        const Error error = reachable(found->first, found->second);
        if (!error.isNull()) {
            why = error;
            continue;
        }
        const Place &place = found->second;
        if (!best || m_calls.openAt(place.claim.link) < m_calls.openAt(best->claim.link))
            best = &place;
    }
    if (best)
        return CallRouter::Party{best->claim.link, best->claim.seat};
    if (!why.isNull())
        return why;
    QSet<QString> offered;
    for (const auto &[id, place] : m_places) {
        for (const QString &one : place.claim.offer.capabilities)
            offered.insert(one);
    }
    return notFound(QStringLiteral("no service offers \"%1\"").arg(capability), offered.values());
}

Result<CallRouter::Party> ServiceDesk::named(const SeatCall &call) const
{
    const QString id = QString::fromUtf8(call.service);
    const auto found = m_places.find(id);
    if (found == m_places.end()) {
        QStringList ids;
        for (const auto &[known, place] : m_places)
            ids << known;
        return notFound(QStringLiteral("there is no service \"%1\"").arg(id), std::move(ids));
    }
    const Place &place = found->second;
    const QString capability = QString::fromUtf8(call.capability);
    if (!place.claim.offer.capabilities.contains(capability)) {
        return notFound(QStringLiteral("%1 does not offer \"%2\"").arg(id, capability),
                        place.claim.offer.capabilities);
    }
    if (Error error = reachable(id, place); !error.isNull())
        return error;
    return CallRouter::Party{place.claim.link, place.claim.seat};
}

/// Null when it can be called.
Error ServiceDesk::reachable(const QString &id, const Place &place) const
{
    if (place.claim.seat && !isDraining(id))
        return {};
    const std::optional<ServiceRecord> record = m_registry.find(id);
    const QString status = serviceStatusName(record ? record->status : ServiceStatus::Unavailable);
    Error error(ErrorCode::NotRunning, QStringLiteral("%1 is %2").arg(id, status));
    error.setDetail(QStringLiteral("service"), id);
    error.setDetail(QStringLiteral("status"), status);
    return error;
}

ServiceDesk::Place *ServiceDesk::placeOf(quint64 link)
{
    const auto found = m_byLink.find(link);
    return found == m_byLink.end() ? nullptr : &m_places.at(found->second);
}

} // namespace fairlead::core
