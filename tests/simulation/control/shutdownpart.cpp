// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "shutdownpart.h"

#include "broadcastpart.h"
#include "linkpart.h"
#include "supervisorpart.h"

#include <memory>
#include <utility>

namespace fairlead::sim {

using core::ShutdownCoordinator;
using core::ShutdownPhase;

ShutdownPart::ShutdownPart(ControlBase &base,
                           LinkPart &links,
                           SupervisorPart &supervisor,
                           BroadcastPart &broadcast)
    : ControlPart(base)
    , m_links(links)
    , m_supervisor(supervisor)
    , m_broadcast(broadcast)
    , m_coordinator(base.time, base.time.timers(), base.executor)
{
    QObject::connect(
        &m_coordinator,
        &ShutdownCoordinator::phaseStarted,
        &m_coordinator,
        [this](ShutdownPhase phase) {
            note([&] { return QStringLiteral("    phase ") + QLatin1String(core::toText(phase)); });
            if (int(phase) != ++m_phase)
                fail("SH-01", QStringLiteral("a phase out of order"));
        });
    setSteps();
}

ShutdownPart::~ShutdownPart() = default;

void ShutdownPart::setStep(ShutdownPhase phase, std::function<void(OperationReply)> begin)
{
    core::ShutdownStep step;
    step.begin = std::move(begin);
    if (!m_coordinator.setStep(phase, std::move(step)))
        fail("SH-01", QStringLiteral("a step was refused"));
}

void ShutdownPart::setSteps()
{
    const auto owed = [this](OperationReply reply) { m_replies.push_back(std::move(reply)); };
    setStep(ShutdownPhase::RefuseNew, [this](OperationReply reply) {
        m_links.refuse(ShutdownCoordinator::closingError());
        reply.done();
    });
    setStep(ShutdownPhase::CancelAttempts, [this](OperationReply reply) {
        m_supervisor.supervisor().beginClosing();
        reply.done();
    });
    setStep(ShutdownPhase::StopListeners, [this](OperationReply reply) {
        m_supervisor.supervisor().stopListening();
        reply.done();
    });
    setStep(ShutdownPhase::Quiesce, [this](OperationReply reply) {
        core::BroadcastRequest request;
        request.reason = QuiesceReason::HostShutdown;
        request.timeout = BroadcastPart::kTimeoutNs;
        const auto kept = std::make_shared<OperationReply>(std::move(reply));
        const auto started = m_broadcast.broadcaster().start(
            request, [kept](const core::BroadcastReport &) { kept->done(); });
        if (!started)
            kept->fail(started.error());
    });
    setStep(ShutdownPhase::CommitStorage, owed);
    setStep(ShutdownPhase::DrainOutbound, [this, owed](OperationReply reply) {
        m_supervisor.supervisor().drainAll();
        owed(std::move(reply));
    });
    setStep(ShutdownPhase::CloseLinks, [this](OperationReply reply) {
        const auto kept = std::make_shared<OperationReply>(std::move(reply));
        core::Supervisor &supervisor = m_supervisor.supervisor();
        QObject::connect(
            &supervisor, &core::Supervisor::allStopped, &m_coordinator, [kept] { kept->done(); });
        m_links.closeAll(ShutdownCoordinator::closingError());
        m_linksClosedAt = now();
        supervisor.stopAll();
    });
    setStep(ShutdownPhase::CloseStore, owed);
}

int ShutdownPart::actions() const
{
    return 2;
}

void ShutdownPart::act(int action, quint32, quint32 how)
{
    if (action == 0) {
        if (how % 16 == 0 || m_began >= 0)
            ask(how >> 4);
        return;
    }
    if (m_replies.empty())
        return;
    OperationReply reply = std::move(m_replies.front());
    m_replies.erase(m_replies.begin());
    if (how % 4 == 0)
        reply.fail(Error(ErrorCode::Internal, QStringLiteral("simulated")));
    else if (how % 4 != 1)
        reply.done();
}

/// SH-05: everybody who asks hears the same, once.
void ShutdownPart::ask(quint32 how)
{
    note([&] { return QStringLiteral("shutdown (%1)").arg(how); });
    if (m_began < 0)
        m_began = now();
    ++m_asked;
    m_coordinator.shutDown(QStringLiteral("simulated"),
                           [this](const core::ShutdownReport &report) { watchReport(report); });
    if (!m_coordinator.isClosing())
        fail("SH-03", QStringLiteral("the host does not say that it closes"));
}

void ShutdownPart::watchReport(const core::ShutdownReport &report)
{
    if (++m_told > m_asked)
        fail("SH-05", QStringLiteral("a caller was told twice"));
    if (report.phases.size() != std::size_t(core::kShutdownPhaseCount)
        || m_phase + 1 != core::kShutdownPhaseCount)
        fail("SH-01", QStringLiteral("the report lacks phases"));
    if (report.total > core::ShutdownBudgets().all)
        fail("SH-02", QStringLiteral("it took %1 ms").arg(report.total / kNsPerMs));
}

void ShutdownPart::check()
{
    if (m_began < 0)
        return;
    if (m_linksClosedAt >= 0 && m_links.slotCount() != 0)
        fail("SH-03", QStringLiteral("%1 links are registered").arg(m_links.slotCount()));
    if (m_linksClosedAt >= 0 && now() > m_linksClosedAt + core::EndpointPolicy().closeDeadlineNs
        && !m_supervisor.supervisor().isQuiet())
        fail("SH-03", QStringLiteral("an endpoint is up after the end"));
    if (!m_coordinator.isFinished()) {
        if (now() - m_began > core::ShutdownBudgets().all)
            fail("SH-02", QStringLiteral("it goes on and on"));
        return;
    }
    ++m_stepsAfter;
}

} // namespace fairlead::sim
