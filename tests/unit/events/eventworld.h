// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/observe/eventbus.h"

#include <fairlead/clock.h>
#include <fairlead/executor.h>

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

/// Time that the test moves.
class FakeClock final : public fairlead::Clock
{
public:
    qint64 now() const noexcept override { return m_now; }

    qint64 utcMs() const noexcept override { return m_utcMs; }

    void advance(qint64 ns) noexcept
    {
        m_now += ns;
        m_utcMs += ns / fairlead::kNsPerMs;
    }

private:
    qint64 m_now = fairlead::kNsPerSecond;
    qint64 m_utcMs = 1'700'000'000'000;
};

/// The main thread's queue of calls, run when the test says so.
class FakeMain final : public fairlead::Executor
{
public:
    void post(std::function<void()> call) override
    {
        const std::scoped_lock locked(m_mutex);
        m_calls.push_back(std::move(call));
        ++m_posted;
    }

    bool isCurrent() const noexcept override { return true; }

    /// One turn: what was posted before it.
    void turn()
    {
        for (const auto &call : take())
            call();
    }

    int posted() const
    {
        const std::scoped_lock locked(m_mutex);
        return m_posted;
    }

private:
    std::vector<std::function<void()>> take()
    {
        const std::scoped_lock locked(m_mutex);
        return std::exchange(m_calls, {});
    }

    mutable std::mutex m_mutex;
    std::vector<std::function<void()>> m_calls;
    int m_posted = 0;
};

struct EventWorld
{
    FakeClock clock;
    FakeMain main;
    fairlead::core::EventBus bus{clock, main};

    std::unique_ptr<fairlead::core::EventReader> read(
        const fairlead::core::EventReaderOptions &options = {})
    {
        auto reader = bus.subscribe(options);
        return reader ? std::move(reader).value() : nullptr;
    }

    void publish(fairlead::EventKind kind, const QByteArray &key, const QString &to = {})
    {
        bus.publish(kind, [&](fairlead::Event &event) {
            event.key = key;
            event.to = to;
        });
    }

    void say(const QByteArray &key) { publish(fairlead::EventKind::EndpointReconnected, key); }
};

/// "kind:key" of all that a reader has now; a Lag is "lag:count".
inline QStringList allOf(fairlead::core::EventReader &reader)
{
    QStringList texts;
    while (const fairlead::core::EventPtr event = reader.take()) {
        const QString name = QString::fromLatin1(fairlead::eventName(event->kind));
        const QString what = event->kind == fairlead::EventKind::Lag
            ? QString::number(event->details.value(QLatin1String("count")).toInteger())
            : QString::fromUtf8(event->key);
        texts << name + QLatin1Char(':') + what;
    }
    return texts;
}
