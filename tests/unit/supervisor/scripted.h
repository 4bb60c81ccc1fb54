// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/lifecycle/supervisor/connector.h"
#include "core/lifecycle/supervisor/supervisor.h"
#include "core/registry/generationsource.h"
#include "simclock.h"
#include "simrandom.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace fairlead::test {

using namespace fairlead::core;

using sim::SimRandom;
using sim::SimTime;

/// Always the same number.
class FixedRandom final : public Random
{
public:
    explicit FixedRandom(quint64 value) noexcept
        : m_value(value)
    { }

    quint64 next() noexcept override { return m_value; }

    void fill(char *out, std::size_t size) noexcept override { std::fill_n(out, size, '\0'); }

private:
    quint64 m_value;
};

/// What a scripted connector was asked for, and the other end of what it opened. Shared with the
/// test, for the endpoint owns its connector.
struct Script
{
    /// Runs inside connect(); empty: the test answers later.
    std::function<void(Script &, quint64 generation)> onConnect;
    bool endsOnClose = true; ///< linkEnded() from inside close()
    bool isGone = false; ///< the connector was destroyed
    Error refusal; ///< of checkAttempt()
    ConnectorReceiver *receiver = nullptr;
    int connects = 0;
    int cancels = 0;
    int closes = 0;
    int drains = 0;
    int refused = 0; ///< linkReady() that nobody wanted
    quint64 attempt = 0; ///< open now
    quint64 link = 0; ///< open now
    qint64 deadline = 0;
    std::vector<quint64> generations;

    bool ready(const QString &peer = QStringLiteral("peer")) { return readyAs(attempt, peer); }

    bool readyAs(quint64 generation, const QString &peer = QStringLiteral("peer"))
    {
        if (generation == attempt)
            attempt = 0;
        if (!receiver->linkReady(generation, peer)) {
            ++refused;
            return false;
        }
        link = generation;
        return true;
    }

    void fail(const Error &error, EndCause cause = EndCause::Lost)
    {
        receiver->attemptFailed(std::exchange(attempt, 0), error, cause);
    }

    void lose(const Error &error, EndCause cause = EndCause::Lost)
    {
        receiver->linkEnded(std::exchange(link, 0), error, cause);
    }

    void endClosing(const Error &error = {})
    {
        receiver->linkEnded(std::exchange(link, 0), error, EndCause::Deliberate);
    }
};

class ScriptedConnector final : public EndpointConnector
{
public:
    explicit ScriptedConnector(std::shared_ptr<Script> script)
        : m_script(std::move(script))
    { }

    ~ScriptedConnector() override { m_script->isGone = true; }

    Result<> checkAttempt() const override { return m_script->refusal; }

    void connect(quint64 generation, qint64 deadline) override
    {
        m_script->receiver = &receiver();
        ++m_script->connects;
        m_script->attempt = generation;
        m_script->deadline = deadline;
        m_script->generations.push_back(generation);
        if (m_script->onConnect)
            m_script->onConnect(*m_script, generation);
    }

    void cancel(quint64 generation) override
    {
        ++m_script->cancels;
        if (m_script->attempt == generation)
            m_script->attempt = 0;
        if (m_script->link == generation)
            m_script->link = 0;
    }

    void close(quint64 generation, const Error &) override
    {
        ++m_script->closes;
        if (m_script->endsOnClose && m_script->link == generation)
            m_script->endClosing();
    }

    void drain(quint64, qint64) override { ++m_script->drains; }

    qint64 acceptedLinks() const noexcept override { return m_script->link != 0 ? 1 : 0; }

private:
    std::shared_ptr<Script> m_script;
};

inline Error refusedError()
{
    return {ErrorCode::ConnectionRefused, QStringLiteral("nobody listens")};
}

inline Error lostError()
{
    return {ErrorCode::ConnectionReset, QStringLiteral("the peer is gone")};
}

inline Error fatalError()
{
    return {ErrorCode::IdentityMismatch, QStringLiteral("another certificate")};
}

/// A supervisor on a clock that the test moves, and a record of all events.
class World
{
public:
    explicit World(quint64 seed = 1, const DialBudgetLimits &budget = {1'000'000, 1, 1000})
        : random(seed)
        , supervisor(std::make_unique<Supervisor>(clock, timers, random, generations, budget))
    {
        QObject::connect(supervisor.get(),
                         &Supervisor::endpointEvent,
                         supervisor.get(),
                         [this](const EndpointEvent &event) { events.push_back(event); });
    }

    static EndpointPlan plan(const QString &name, SupervisedRole role = SupervisedRole::Dial)
    {
        EndpointPlan result;
        result.name = name;
        result.url = QStringLiteral("tcp://peer:1");
        result.role = role;
        return result;
    }

    std::shared_ptr<Script> add(const EndpointPlan &plan)
    {
        auto script = std::make_shared<Script>();
        const auto added = supervisor->add(plan, std::make_unique<ScriptedConnector>(script));
        Q_ASSERT(added);
        script->receiver = added ? &supervisor->find(plan.name)->receiver() : nullptr;
        return script;
    }

    SupervisedEndpoint &endpoint(const QString &name = QStringLiteral("a"))
    {
        return *supervisor->find(name);
    }

    EndpointStatus status(const QString &name = QStringLiteral("a"))
    {
        return endpoint(name).status();
    }

    EndpointState state(const QString &name = QStringLiteral("a"))
    {
        return endpoint(name).state();
    }

    /// Moves the clock, firing each timer at its own time.
    void advance(qint64 ns) { clock.runTo(clock.now() + ns); }

    /// To the next timer; false when none is armed.
    bool advanceToNext()
    {
        if (timers.nextDeadline() < 0)
            return false;
        advance(std::max<qint64>(0, timers.nextDeadline() - clock.now()));
        return true;
    }

    int count(EndpointEvent::Kind kind) const
    {
        return int(std::count_if(events.cbegin(), events.cend(), [kind](const EndpointEvent &e) {
            return e.kind == kind;
        }));
    }

    /// The events as words: "idle>starting", "started", "reconnected(2)".
    QStringList log() const
    {
        QStringList words;
        for (const EndpointEvent &event : events) {
            switch (event.kind) {
            case EndpointEvent::Kind::StateChanged:
                words += QLatin1String(endpointStateName(event.from)) + u'>'
                    + QLatin1String(endpointStateName(event.to));
                break;
            case EndpointEvent::Kind::Started:
                words += QStringLiteral("started");
                break;
            case EndpointEvent::Kind::Stopped:
                words += QStringLiteral("stopped");
                break;
            case EndpointEvent::Kind::Reconnected:
                words += QStringLiteral("reconnected(%1)").arg(event.attempt);
                break;
            case EndpointEvent::Kind::ReconnectFailed:
                words += QStringLiteral("reconnectFailed(%1)").arg(event.attempt);
                break;
            case EndpointEvent::Kind::ReconnectScheduled:
                words += QStringLiteral("scheduled");
                break;
            case EndpointEvent::Kind::DialStorm:
                words += QStringLiteral("storm");
                break;
            }
        }
        return words;
    }

    SimTime clock;
    TimerQueue &timers = clock.timers();
    SimRandom random;
    GenerationSource generations;
    std::vector<EndpointEvent> events;
    std::unique_ptr<Supervisor> supervisor;
};

} // namespace fairlead::test
