// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/lifecycle/supervisor/supervisedendpoint.h"

#include <QtCore/QObject>

#include <array>
#include <memory>
#include <optional>
#include <vector>

namespace fairlead::core {

/// How many endpoints are in which state, and their links. Counted from the endpoints when asked.
struct EndpointCounts
{
    std::array<int, kEndpointStates.size()> byState = {};
    int total = 0;
    int elsewhere = 0; ///< of those reconnecting: their peers are connected by other links
    qint64 links = 0;

    int count(EndpointState state) const noexcept { return byState[std::size_t(state)]; }

    /// Something that is configured is not up: given up, or being brought up again.
    bool isDegraded() const noexcept
    {
        return count(EndpointState::Failed) + count(EndpointState::Reconnecting) > elsewhere;
    }
};

/// Keeps the configured endpoints up. Thread: main.
class Supervisor final : public QObject
{
    Q_OBJECT

public:
    /// The references outlive it.
    Supervisor(const Clock &clock,
               Timers &timers,
               Random &random,
               GenerationSource &generations,
               const DialBudgetLimits &budget = DialBudgetLimits(),
               QObject *parent = nullptr);
    ~Supervisor() override;

    /// The endpoint is there, not started. A name whose endpoint is being removed is taken over
    /// when that one is gone. Errors: as EndpointPlan::validate(), AlreadyExists, ShuttingDown.
    Result<> add(EndpointPlan plan, std::unique_ptr<EndpointConnector> connector);
    /// Stops it; it is gone after its `stopped`. Errors: NotFound.
    Result<> remove(const QString &name);
    /// Stops it, then takes the new plan in its place, and starts that if the old one was up.
    /// Errors: as add(), NotFound.
    Result<> replace(EndpointPlan plan, std::unique_ptr<EndpointConnector> connector);
    /// Null when there is none, or only one that is being removed.
    SupervisedEndpoint *find(const QString &name) const;

    /// Starts what is enabled and down. Errors: ShuttingDown.
    Result<> startAll();

    /// From here on nothing is opened; tickets and dials are cancelled before it returns. Links
    /// and listening sockets stay (SH-01, SH-03, SH-04).
    void beginClosing();
    void stopListening();
    void drainAll();
    /// beginClosing(), then closes everything; allStopped() follows once all have ended, which
    /// their close deadlines bound.
    void stopAll();

    bool isClosing() const noexcept { return m_services.closing; }

    /// Whether no endpoint has an attempt, a link or a listening socket.
    bool isQuiet() const noexcept;

    /// In the order of configuration.
    std::vector<EndpointStatus> statuses() const;
    EndpointCounts counts() const;

    /// For dials outside of endpoints, so that they count with the others.
    DialBudget &budget() noexcept { return m_budget; }

Q_SIGNALS:
    /// All of every endpoint, in order per endpoint.
    void endpointEvent(const fairlead::core::EndpointEvent &event);
    void endpointRemoved(const QString &name);
    /// Once, after stopAll().
    void allStopped();

private:
    struct Successor
    {
        EndpointPlan plan;
        std::unique_ptr<EndpointConnector> connector;
        bool start = false;
    };

    struct Entry
    {
        SupervisedEndpoint *endpoint = nullptr; ///< a child
        bool isLeaving = false;
        bool isTelling = false; ///< observers are being told an event of it
        std::optional<Successor> successor;
    };

    Entry *entry(const QString &name);
    SupervisedEndpoint *adopt(std::unique_ptr<SupervisedEndpoint> endpoint);
    void leave(Entry &entry, const Error &reason);
    void setTelling(const SupervisedEndpoint *source, const QString &name, bool telling);
    void relay(const SupervisedEndpoint *source, const EndpointEvent &event);
    void finishLeaving(const QString &name);
    void checkAllStopped();
    template <typename F>
    void forEachEndpoint(F &&call);

    DialBudget m_budget;
    EndpointServices m_services;
    std::vector<Entry> m_entries;
    bool m_stopAsked = false;
    bool m_mustTellStopped = false;
};

} // namespace fairlead::core
