// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "controlpart.h"
#include "core/lifecycle/supervisor/supervisor.h"

#include <array>
#include <memory>
#include <vector>

namespace fairlead::sim {

/// A supervisor with endpoints of each kind, over connectors that the history answers for, and a
/// configuration that adds, removes and replaces them whatever they are doing.
class SupervisorPart final : public ControlPart
{
public:
    explicit SupervisorPart(ControlBase &base);
    ~SupervisorPart() override;

    int actions() const override;
    void act(int action, quint32 whom, quint32 how) override;
    void check() override;

    core::Supervisor &supervisor() noexcept { return *m_supervisor; }

private:
    /// What one connector has open; it outlives the connector.
    struct Line
    {
        core::ConnectorReceiver *receiver = nullptr; ///< null once the connector is gone
        Error refusal; ///< of the next attempts
        quint64 attempt = 0;
        quint64 link = 0;
        quint64 earlier = 0; ///< an attempt or link that is over
        quint32 maxAttempts = 0; ///< of its plan
        bool slowToClose = false;
        bool mustEnd = false; ///< it was asked to, and owes the answer
    };

    using LinePtr = std::shared_ptr<Line>;

    /// One name of the configuration.
    struct Place
    {
        LinePtr line; ///< of the endpoint that has the name, also while it leaves; null: none has
        LinePtr next; ///< of the one that takes its place
        core::EndpointState told = core::EndpointState::Idle;
        bool toldStarting = false; ///< by the event before
        bool toldStopped = false;
        bool isLeaving = false;
        bool nextStarts = false;
        bool mustBeUp = false;
    };

    class Connector;

    core::EndpointPlan makePlan(int number, Line *line);
    void add(int number);
    void remove(int number);
    void replace(int number, quint32 how);
    void watch(const core::EndpointEvent &event);
    void watchOrder(const core::EndpointEvent &event, Place *place);
    void watchRemoved(const QString &name);
    void stepInside(int number);
    void adopt(core::SupervisedEndpoint &endpoint);
    void answer(Line &line, quint32 how);
    void endLink(Line &line, quint32 how);
    void sayLate(int number, quint32 how);
    void sayTooLate(quint32 how);
    void trigger(core::SupervisedEndpoint &endpoint, quint32 how);
    void reconfigure(int number, quint32 how);
    void expect(const Result<> &done, ErrorCode expected, const QString &what);
    void checkEndpoint(const core::EndpointStatus &status, const Place &place);
    core::EndpointStatus statusOf(int number) const;
    static QString nameOf(int number);
    static int numberOf(const QString &name);

    std::array<Place, 5> m_places;
    std::vector<LinePtr> m_retired; ///< of endpoints that were removed
    SimRandom m_random{7};
    core::GenerationSource m_generations;
    quint64 m_adopted = quint64(1) << 40;
    quint32 m_plans = 0;
    int m_retiredFor = 0; ///< steps
    quint32 m_inside = 0; ///< what to do in the next signal
    std::unique_ptr<core::Supervisor> m_supervisor;
};

} // namespace fairlead::sim
