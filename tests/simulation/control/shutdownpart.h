// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "controlpart.h"
#include "core/lifecycle/shutdown/shutdowncoordinator.h"

#include <vector>

namespace fairlead::sim {

class BroadcastPart;
class LinkPart;
class SupervisorPart;

/// The end of the host: the coordinator with the steps of a host over the other parts, some of
/// which answer late or never. What the history does meanwhile comes too late.
class ShutdownPart final : public ControlPart
{
public:
    ShutdownPart(ControlBase &base,
                 LinkPart &links,
                 SupervisorPart &supervisor,
                 BroadcastPart &broadcast);
    ~ShutdownPart() override;

    int actions() const override;
    void act(int action, quint32 whom, quint32 how) override;
    void check() override;

    /// The host has ended, and was watched for a while after.
    bool isOver() const noexcept { return m_stepsAfter > kStepsAfter; }

private:
    static constexpr int kStepsAfter = 40;

    void setSteps();
    void setStep(core::ShutdownPhase phase, std::function<void(OperationReply)> begin);
    void ask(quint32 how);
    void watchReport(const core::ShutdownReport &report);

    LinkPart &m_links;
    SupervisorPart &m_supervisor;
    BroadcastPart &m_broadcast;
    std::vector<OperationReply> m_replies; ///< owed; dropping one answers it, to nobody any more
    core::ShutdownCoordinator m_coordinator;
    int m_phase = -1; ///< the latest that began
    int m_asked = 0;
    int m_told = 0;
    int m_stepsAfter = 0;
    qint64 m_began = -1;
    qint64 m_linksClosedAt = -1;
};

} // namespace fairlead::sim
