// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/registry/servicerecord.h"
#include "core/services/callrouter.h"
#include "core/services/seat.h"

#include <QObject>

#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <utility>

namespace fairlead {
class Executor;
} // namespace fairlead

namespace fairlead::core {

class Broadcaster;
class ServiceRegistry;
template <typename Owner>
class OwnerPost;

/// The peers that are services: listed in the registry, targets of broadcasts, called for what they
/// offer. One that is lost keeps its place as unavailable for as long as it asked to, and takes it
/// again when it returns (SV-15); one that returns on another link supersedes the former.
///
/// Thread: main, but for SeatDesk's calls. Ownership: the host's; registry and broadcaster outlive it.
class ServiceDesk final : public QObject, public SeatDesk
{
    Q_OBJECT

public:
    ServiceDesk(ServiceRegistry &registry,
                Broadcaster &broadcaster,
                const Clock &clock,
                Timers &timers,
                Executor &main);
    ~ServiceDesk() override;

    /// The host ends: nobody registers and nobody is called from here on.
    void beginShutdown();

    const CallStats &callStats() const noexcept { return m_calls.stats(); }

    /// How many are there, and how many are expected back.
    qsizetype presentCount() const noexcept { return qsizetype(m_byLink.size()); }

    qsizetype absentCount() const noexcept { return qsizetype(m_returns.size()); }

    // SeatDesk
    void enter(const SeatClaim &claim) override;
    void leave(quint64 link, const Error &reason) override;
    void heartbeat(quint64 link) override;
    void call(quint64 link, const SeatCall &call) override;
    void answer(quint64 link, quint64 call, const Result<QByteArray> &result) override;

private:
    struct Place
    {
        SeatClaim claim; ///< without a seat while absent
        quint64 generation = 0; ///< in the registry
        quint64 target = 0; ///< of the broadcaster's registration
        qint64 goneAt = -1; ///< when it is given up; -1: it is there
    };

    using Places = std::map<QString, Place>; ///< by the service's id

    Result<ServiceGrant> admit(const SeatClaim &claim);
    Result<quint64> list(const QString &id, const SeatClaim &claim, Place *former);
    void registerTarget(const QString &id, Place &place);
    void handleEnter(const SeatClaim &claim);
    void handleLeave(quint64 link, const Error &reason);
    void handleHeartbeat(quint64 link);
    void handleCall(quint64 link, const SeatCall &call);
    void handleQuiesce();
    void handleResumed(const QString &id, quint64 target);
    void handleUnregistered(const ServiceRecord &service);
    void vacate(Place &place, ServiceStatus status, const Error &reason);
    void handleReturnTimeout();
    void awaitReturn(const QString &id, Place &place);
    void forgetReturn(const QString &id, Place &place);
    void rearm();
    Place *placeOf(quint64 link);
    Result<CallRouter::Party> providerOf(const SeatCall &call) const;
    Result<CallRouter::Party> named(const SeatCall &call) const;
    Error reachable(const QString &id, const Place &place) const;
    bool isDraining(const QString &id) const;

    ServiceRegistry &m_registry;
    Broadcaster &m_broadcaster;
    const Clock &m_clock;
    Timers &m_timers;
    Timer m_timer;
    CallRouter m_calls;
    std::shared_ptr<OwnerPost<ServiceDesk>> m_post;
    Places m_places;
    std::unordered_map<quint64, QString> m_byLink; ///< those that are there
    std::set<std::pair<qint64, QString>>
        m_returns; ///< those that are not, by when they are given up
    bool m_closing = false;
};

} // namespace fairlead::core
