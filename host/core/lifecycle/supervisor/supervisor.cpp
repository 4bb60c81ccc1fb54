// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/supervisor/supervisor.h"

#include "core/lifecycle/supervisor/failureclass.h"

#include <QtCore/QPointer>

#include <algorithm>
#include <utility>

namespace fairlead::core {

using State = EndpointState;

namespace {

Error shuttingDown()
{
    return {ErrorCode::ShuttingDown, QStringLiteral("the host is shutting down")};
}

bool isDown(State state) noexcept
{
    return state == State::Idle || state == State::Stopped || state == State::Failed;
}

Result<> check(const EndpointPlan &plan, const EndpointConnector *connector)
{
    if (auto checked = plan.validate(); !checked)
        return checked;
    if (!connector) {
        return Error(ErrorCode::InvalidArgument,
                     QStringLiteral("endpoint \"%1\" has no connector").arg(plan.name));
    }
    return {};
}

} // namespace

Supervisor::Supervisor(const Clock &clock,
                       Timers &timers,
                       Random &random,
                       GenerationSource &generations,
                       const DialBudgetLimits &budget,
                       QObject *parent)
    : QObject(parent)
    , m_budget(budget)
    , m_services{clock, timers, random, generations, m_budget, false}
{ }

Supervisor::~Supervisor()
{
    // While the members they refer to are still there.
    m_entries.clear();
    qDeleteAll(findChildren<SupervisedEndpoint *>(Qt::FindDirectChildrenOnly));
}

Supervisor::Entry *Supervisor::entry(const QString &name)
{
    const auto found = std::find_if(m_entries.begin(), m_entries.end(), [&name](const Entry &e) {
        return e.endpoint->name() == name;
    });
    return found == m_entries.end() ? nullptr : &*found;
}

SupervisedEndpoint *Supervisor::adopt(std::unique_ptr<SupervisedEndpoint> endpoint)
{
    SupervisedEndpoint *raw = endpoint.release();
    raw->setParent(this);
    for (const auto signal : {&SupervisedEndpoint::stateChanged,
                              &SupervisedEndpoint::started,
                              &SupervisedEndpoint::stopped,
                              &SupervisedEndpoint::reconnected,
                              &SupervisedEndpoint::reconnectFailed,
                              &SupervisedEndpoint::reconnectScheduled,
                              &SupervisedEndpoint::dialStorm}) {
        connect(raw, signal, this, [this, raw](const EndpointEvent &event) { relay(raw, event); });
    }
    return raw;
}

Result<> Supervisor::add(EndpointPlan plan, std::unique_ptr<EndpointConnector> connector)
{
    if (m_services.closing)
        return shuttingDown();
    if (auto checked = check(plan, connector.get()); !checked)
        return checked;
    if (Entry *holder = entry(plan.name)) {
        if (!holder->isLeaving || holder->successor) {
            return Error(ErrorCode::AlreadyExists,
                         QStringLiteral("there is an endpoint \"%1\" already").arg(plan.name));
        }
        holder->successor = Successor{std::move(plan), std::move(connector), false};
        return {};
    }
    auto made = SupervisedEndpoint::create(std::move(plan), m_services, std::move(connector));
    if (!made)
        return made.error();
    m_entries.push_back({adopt(std::move(*made)), false, false, std::nullopt});
    return {};
}

Result<> Supervisor::remove(const QString &name)
{
    Entry *holder = entry(name);
    if (!holder || (holder->isLeaving && !holder->successor)) {
        return Error(ErrorCode::NotFound, QStringLiteral("there is no endpoint \"%1\"").arg(name));
    }
    holder->successor.reset();
    leave(*holder, Error(ErrorCode::Cancelled, QStringLiteral("the endpoint was removed")));
    return {};
}

Result<> Supervisor::replace(EndpointPlan plan, std::unique_ptr<EndpointConnector> connector)
{
    if (m_services.closing)
        return shuttingDown();
    if (auto checked = check(plan, connector.get()); !checked)
        return checked;
    Entry *holder = entry(plan.name);
    if (!holder || (holder->isLeaving && !holder->successor)) {
        return Error(ErrorCode::NotFound,
                     QStringLiteral("there is no endpoint \"%1\"").arg(plan.name));
    }
    const bool wasUp = holder->isLeaving
        ? holder->successor->start
        : holder->endpoint->state() != State::Idle && holder->endpoint->state() != State::Stopped;
    // A disabled plan that is enabled now is what an operator wants up.
    const bool isNewlyEnabled = plan.enabled && !holder->endpoint->status().enabled;
    holder->successor = Successor{std::move(plan), std::move(connector), wasUp || isNewlyEnabled};
    leave(*holder, Error(ErrorCode::Superseded, QStringLiteral("the configuration changed")));
    return {};
}

void Supervisor::leave(Entry &entry, const Error &reason)
{
    if (std::exchange(entry.isLeaving, true))
        return;
    SupervisedEndpoint *endpoint = entry.endpoint;
    const QString name = endpoint->name();
    if (endpoint->state() != State::Stopped)
        endpoint->stop(reason);
    else if (!entry.isTelling && !endpoint->owesStopped()) // else relay() does it, after the event
        finishLeaving(name);
}

void Supervisor::setTelling(const SupervisedEndpoint *source, const QString &name, bool telling)
{
    if (Entry *holder = entry(name); holder && holder->endpoint == source)
        holder->isTelling = telling;
}

void Supervisor::relay(const SupervisedEndpoint *source, const EndpointEvent &event)
{
    const QPointer<Supervisor> alive(this);
    setTelling(source, event.name, true);
    Q_EMIT endpointEvent(event);
    if (!alive)
        return;
    setTelling(source, event.name, false);
    if (event.kind != EndpointEvent::Kind::Stopped)
        return;
    const Entry *holder = entry(event.name);
    if (holder && holder->endpoint == source && holder->isLeaving
        && holder->endpoint->state() == State::Stopped && !holder->endpoint->owesStopped()) {
        finishLeaving(event.name);
    }
    if (alive)
        checkAllStopped();
}

void Supervisor::finishLeaving(const QString &name)
{
    Entry *holder = entry(name);
    if (!holder)
        return;
    SupervisedEndpoint *old = holder->endpoint;
    std::optional<Successor> successor = std::exchange(holder->successor, std::nullopt);
    // The signal that brings us here is the old one's: it goes once that has returned.
    old->disconnect(this);
    old->deleteLater();
    if (!successor || m_services.closing) {
        m_entries.erase(m_entries.begin() + (holder - m_entries.data()));
        Q_EMIT endpointRemoved(name);
        return;
    }
    auto made = SupervisedEndpoint::create(
        std::move(successor->plan), m_services, std::move(successor->connector));
    Q_ASSERT(made); // was checked when it was handed in
    SupervisedEndpoint *fresh = adopt(std::move(*made));
    *holder = {fresh, false, false, std::nullopt};
    const bool mustStart = successor->start && fresh->plan().enabled;
    const QPointer<SupervisedEndpoint> guard(fresh);
    Q_EMIT endpointRemoved(name);
    if (guard && mustStart) {
        // Refused only if a slot has started or closed it meanwhile: both settle the matter.
        static_cast<void>(fresh->start());
    }
}

SupervisedEndpoint *Supervisor::find(const QString &name) const
{
    const auto found = std::find_if(m_entries.cbegin(), m_entries.cend(), [&name](const Entry &e) {
        return !e.isLeaving && e.endpoint->name() == name;
    });
    return found == m_entries.cend() ? nullptr : found->endpoint;
}

template <typename F>
void Supervisor::forEachEndpoint(F &&call)
{
    // Slots may add, remove and delete while this runs.
    std::vector<QPointer<SupervisedEndpoint>> endpoints;
    endpoints.reserve(m_entries.size());
    for (const Entry &e : m_entries)
        endpoints.emplace_back(e.endpoint);
    for (const auto &guarded : endpoints) {
        if (SupervisedEndpoint *endpoint = guarded.data(); endpoint != nullptr)
            call(*endpoint);
    }
}

Result<> Supervisor::startAll()
{
    if (m_services.closing)
        return shuttingDown();
    forEachEndpoint([this](SupervisedEndpoint &endpoint) {
        const Entry *holder = entry(endpoint.name());
        if (isDown(endpoint.state()) && endpoint.plan().enabled && holder && !holder->isLeaving)
            static_cast<void>(endpoint.start());
    });
    return {};
}

void Supervisor::beginClosing()
{
    if (std::exchange(m_services.closing, true))
        return;
    forEachEndpoint([](SupervisedEndpoint &endpoint) {
        if (endpoint.state() == State::Starting || endpoint.state() == State::Reconnecting)
            endpoint.stop(shuttingDown());
    });
}

void Supervisor::stopListening()
{
    forEachEndpoint([](SupervisedEndpoint &endpoint) {
        if (endpoint.plan().role == SupervisedRole::Listen && !isDown(endpoint.state()))
            endpoint.stop(shuttingDown());
    });
}

void Supervisor::drainAll()
{
    forEachEndpoint([](SupervisedEndpoint &endpoint) {
        if (endpoint.state() == State::Running)
            endpoint.drain(shuttingDown());
    });
}

void Supervisor::stopAll()
{
    const QPointer<Supervisor> alive(this);
    const bool isFirst = !std::exchange(m_stopAsked, true);
    beginClosing();
    if (!alive || !isFirst)
        return;
    forEachEndpoint([](SupervisedEndpoint &endpoint) { endpoint.stop(shuttingDown()); });
    if (!alive)
        return;
    // Only now: endpoints that were down already count as quiet before they have told their end.
    m_mustTellStopped = true;
    checkAllStopped();
}

bool Supervisor::isQuiet() const noexcept
{
    return std::all_of(m_entries.cbegin(), m_entries.cend(), [](const Entry &e) {
        return isDown(e.endpoint->state());
    });
}

void Supervisor::checkAllStopped()
{
    if (m_mustTellStopped && isQuiet()) {
        m_mustTellStopped = false;
        Q_EMIT allStopped();
    }
}

std::vector<EndpointStatus> Supervisor::statuses() const
{
    std::vector<EndpointStatus> result;
    result.reserve(m_entries.size());
    for (const Entry &e : m_entries)
        result.push_back(e.endpoint->status());
    return result;
}

EndpointCounts Supervisor::counts() const
{
    EndpointCounts counts;
    for (const EndpointStatus &status : statuses()) {
        ++counts.byState[std::size_t(status.state)];
        ++counts.total;
        if (status.state == EndpointState::Reconnecting && isConnectedElsewhere(status.lastReason))
            ++counts.elsewhere;
        counts.links += status.links;
    }
    return counts;
}

} // namespace fairlead::core
