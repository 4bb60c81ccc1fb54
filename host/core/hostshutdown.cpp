// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/hostshutdown.h"

#include "core/endpoint/doublelinkdesk.h"
#include "core/endpoint/endpointset.h"
#include "core/lifecycle/broadcast/broadcaster.h"
#include "core/lifecycle/supervisor/supervisor.h"
#include "core/observe/eventbus.h"
#include "core/reactor/mainloop.h"
#include "core/reactor/reactorthread.h"

#include <QPointer>

#include <atomic>

namespace fairlead::core {

namespace {

constexpr qint64 kLookNs = 5 * kNsPerMs;
/// Within the phase's budget, so that who does not answer is named by the broadcast.
constexpr qint64 kQuiesceNs = 900 * kNsPerMs;
/// A thread that runs plugin code for ever is not waited for.
constexpr int kThreadMs = 250;

/// Answered by the last of several.
struct Joint
{
    Joint(OperationReply whole, std::size_t count)
        : reply(std::move(whole))
        , left(count)
    { }

    OperationReply reply;
    std::atomic<std::size_t> left;
};

/// Who was asked to be quiet and is not. Who knows no such operation has nothing to calm.
QStringList refusing(const BroadcastReport &report)
{
    QStringList names = report.timeouts;
    for (const TargetFailure &failure : report.failures) {
        if (failure.error.code() != ErrorCode::NotSupported)
            names.append(failure.id);
    }
    return names;
}

} // namespace

HostShutdown::HostShutdown(ShutdownCoordinator &coordinator, const Parts &parts)
    : m_parts(parts)
    , m_look([](void *self) noexcept { static_cast<HostShutdown *>(self)->checkDrained(); }, this)
{
    setSteps(coordinator);
}

void HostShutdown::setSteps(ShutdownCoordinator &coordinator)
{
    const auto step = [&](ShutdownPhase phase, auto begin) {
        ShutdownStep made;
        made.begin = std::move(begin);
        return std::pair(phase, std::move(made));
    };
    const auto set = [&](std::pair<ShutdownPhase, ShutdownStep> made) {
        // Refused only once the shutdown began.
        static_cast<void>(coordinator.setStep(made.first, std::move(made.second)));
    };
    const auto atOnce = [](auto call) {
        return [call](OperationReply reply) {
            call();
            reply.done();
        };
    };
    set(step(ShutdownPhase::RefuseNew, atOnce([this] {
                 m_parts.endpoints.refuseLinks();
                 m_parts.doubleLinks.close(ShutdownCoordinator::closingError());
             })));
    set(step(ShutdownPhase::CancelAttempts, atOnce([this] { m_parts.supervisor.beginClosing(); })));
    set(step(ShutdownPhase::StopListeners, atOnce([this] { m_parts.supervisor.stopListening(); })));
    auto quiet
        = step(ShutdownPhase::Quiesce, [this](OperationReply reply) { quiesce(std::move(reply)); });
    quiet.second.stragglers = [this] { return m_parts.broadcaster.waitingFor(m_quiesce); };
    set(std::move(quiet));
    set(step(ShutdownPhase::StopReading, [this](OperationReply reply) {
        onReactors([](Reactor &reactor) { reactor.stopReading(); }, std::move(reply));
    }));
    set(step(ShutdownPhase::CommitStorage,
             [this](OperationReply reply) { endStore(std::move(reply), &HostStore::drain); }));
    auto drain = step(ShutdownPhase::DrainOutbound,
                      [this](OperationReply reply) { drainLinks(std::move(reply)); });
    drain.second.stragglers = [this] { return m_parts.endpoints.openPeers(); };
    drain.second.cutOff = [this] {
        m_parts.loop.timers().disarm(m_look);
        m_drained = OperationReply();
    };
    set(std::move(drain));
    auto close = step(ShutdownPhase::CloseLinks,
                      [this](OperationReply reply) { closeLinks(std::move(reply)); });
    close.second.stragglers = [this] { return m_parts.endpoints.openPeers(); };
    set(std::move(close));
    set(step(ShutdownPhase::CloseStore,
             [this](OperationReply reply) { endStore(std::move(reply), &HostStore::close); }));
    set(step(ShutdownPhase::FlushEvents, atOnce([this] { m_parts.events.close(); })));
    auto unload = step(ShutdownPhase::UnloadPlugins,
                       [this](OperationReply reply) { stopReactors(std::move(reply)); });
    unload.second.stragglers = [this] { return runningReactors(); };
    set(std::move(unload));
}

void HostShutdown::quiesce(OperationReply reply)
{
    BroadcastRequest request;
    request.kind = OperationKind::Quiesce;
    request.reason = QuiesceReason::HostShutdown;
    request.timeout = kQuiesceNs;
    auto shared = std::make_shared<OperationReply>(std::move(reply));
    const Result<quint64> started
        = m_parts.broadcaster.start(request, [shared](const BroadcastReport &report) {
              const QStringList names = refusing(report);
              if (names.isEmpty()) {
                  shared->done();
                  return;
              }
              shared->fail(
                  Error(ErrorCode::Internal,
                        QStringLiteral("not quiet: %1").arg(names.join(QStringLiteral(", ")))));
          });
    if (started)
        m_quiesce = *started;
    else
        shared->fail(started.error());
}

// What the reactors still have for the store goes first.
void HostShutdown::endStore(OperationReply reply, void (HostStore::*end)(HostStore::Done))
{
    if (!m_parts.store) {
        reply.done();
        return;
    }
    auto shared = std::make_shared<OperationReply>(std::move(reply));
    const auto finish = [shared](const Result<> &outcome) {
        if (outcome)
            shared->done();
        else
            shared->fail(outcome.error());
    };
    // The host may be gone by the time the loop gets to it.
    const QPointer<HostStore> store = m_parts.store;
    MainLoop *loop = &m_parts.loop;
    onReactors([](Reactor &reactor) { reactor.flushStore(); },
               OperationReply([loop, store, end, finish](const Result<> &) {
                   loop->post([store, end, finish] {
                       if (store)
                           (store->*end)(finish);
                   });
               }));
}

void HostShutdown::drainLinks(OperationReply reply)
{
    m_drained = std::move(reply);
    for (const auto &thread : m_parts.reactors) {
        Reactor &reactor = thread->reactor();
        reactor.post([&reactor] { reactor.shutDownLinks(ShutdownCoordinator::closingError()); });
    }
    checkDrained();
}

void HostShutdown::checkDrained() noexcept
{
    if (m_parts.endpoints.linkCount() == 0) {
        m_drained.done();
        return;
    }
    m_parts.loop.timers().arm(m_look, m_parts.loop.clock().now() + kLookNs);
}

void HostShutdown::closeLinks(OperationReply reply)
{
    onReactors([](Reactor &reactor) { reactor.abandonLinks(ShutdownCoordinator::closingError()); },
               std::move(reply));
}

void HostShutdown::stopReactors(OperationReply reply)
{
    bool all = true;
    for (const auto &thread : m_parts.reactors)
        thread->quit();
    for (const auto &thread : m_parts.reactors)
        all = thread->wait(kThreadMs) && all;
    if (all) {
        reply.done();
        return;
    }
    const QString names = runningReactors().join(QStringLiteral(", "));
    reply.fail(Error(ErrorCode::Timeout, QStringLiteral("still running: %1").arg(names)));
}

QStringList HostShutdown::runningReactors() const
{
    QStringList list;
    for (const auto &thread : m_parts.reactors) {
        if (!thread->isFinished())
            list.append(thread->objectName());
    }
    return list;
}

void HostShutdown::onReactors(const std::function<void(Reactor &)> &call, OperationReply reply)
{
    auto joint = std::make_shared<Joint>(std::move(reply), m_parts.reactors.size());
    for (const auto &thread : m_parts.reactors) {
        Reactor &reactor = thread->reactor();
        reactor.post([&reactor, call, joint] {
            call(reactor);
            if (joint->left.fetch_sub(1) == 1)
                joint->reply.done();
        });
    }
}

} // namespace fairlead::core
