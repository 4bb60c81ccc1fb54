// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "history.h"
#include "simclock.h"

#include <fairlead/executor.h>

#include <deque>
#include <functional>
#include <utility>

namespace fairlead::sim {

/// Runs what was posted when the world says so, in its order.
class ControlExecutor final : public Executor
{
public:
    void post(std::function<void()> call) override { m_calls.push_back(std::move(call)); }

    bool isCurrent() const noexcept override { return true; }

    bool isIdle() const noexcept { return m_calls.empty(); }

    void run()
    {
        while (!m_calls.empty()) {
            const std::function<void()> call = std::move(m_calls.front());
            m_calls.pop_front();
            call();
        }
    }

private:
    std::deque<std::function<void()>> m_calls;
};

/// What all parts of the simulated control plane share.
class ControlBase
{
public:
    virtual ~ControlBase() = default;

    SimTime time;
    ControlExecutor executor;

    virtual void fail(const QString &what) = 0;
    virtual void note(const QString &what) = 0;
    virtual bool isTracing() const = 0;
};

/// One area of the control plane: its actions, and its promises.
class ControlPart
{
public:
    explicit ControlPart(ControlBase &base)
        : m_base(base)
    { }

    virtual ~ControlPart() = default;
    ControlPart(const ControlPart &) = delete;
    ControlPart &operator=(const ControlPart &) = delete;

    virtual int actions() const = 0;
    virtual void act(int action, quint32 whom, quint32 how) = 0;
    virtual void check() = 0;

    void fail(const char *id, const QString &what)
    {
        m_base.fail(QLatin1String(id) + QLatin1String(": ") + what);
    }

    /// @p text makes the words, only where somebody reads them.
    template <typename Text>
    void note(Text &&text)
    {
        if (m_base.isTracing())
            m_base.note(std::forward<Text>(text)());
    }

protected:
    qint64 now() const { return m_base.time.now(); }

    ControlBase &m_base;
};

} // namespace fairlead::sim
