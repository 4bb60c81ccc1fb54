// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "controlpart.h"
#include "core/lifecycle/supervisor/supervisor.h"

#include <array>
#include <memory>

namespace fairlead::sim {

/// A supervisor with one endpoint of each kind, over connectors that the history answers for.
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
    /// What a connector has open; it outlives the connector.
    struct Line
    {
        core::ConnectorReceiver *receiver = nullptr;
        Error refusal; ///< of the next attempts
        quint64 attempt = 0;
        quint64 link = 0;
        quint64 earlier = 0; ///< an attempt or link that is over
        bool slowToClose = false;
        bool mustEnd = false; ///< it was asked to, and owes the answer
        core::EndpointState told = core::EndpointState::Idle;
    };

    class Connector;

    void addEndpoint(int number, core::SupervisedRole role);
    void watch(const core::EndpointEvent &event);
    void adopt(core::SupervisedEndpoint &endpoint);
    void answer(Line &line, quint32 how);
    void endLink(Line &line, quint32 how);
    void sayLate(int number, quint32 how);
    void trigger(core::SupervisedEndpoint &endpoint, quint32 how);
    void checkEndpoint(const core::EndpointStatus &status, const Line &line);
    static QString nameOf(int number);
    Line &lineOf(const QString &name);

    std::array<Line, 5> m_lines;
    ControlRandom m_random{7};
    core::GenerationSource m_generations;
    quint64 m_adopted = quint64(1) << 40;
    quint32 m_inside = 0; ///< what to do in the next signal
    std::unique_ptr<core::Supervisor> m_supervisor;
};

} // namespace fairlead::sim
