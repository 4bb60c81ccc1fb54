// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/clock.h>
#include <fairlead/executor.h>
#include <fairlead/timers.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace fairlead::core {

/// Asks several executors the same question and brings the values home, within a time: who has not
/// answered by then is left out, and seen to be.
///
/// Thread: home's, but for the question, which runs where it is asked. Ownership: keeps itself
/// until the last executor has answered or dropped the question; where all drop it, nobody is told
/// and what waits for the values is released.
template <typename Value>
class Gather final : public std::enable_shared_from_this<Gather<Value>>
{
public:
    /// In the order of the executors; nothing where no answer came in time.
    using Values = std::vector<std::optional<Value>>;
    using Done = std::function<void(Values)>;

    struct Home
    {
        Executor &executor;
        Timers &timers;
        const Clock &clock;
    };

    struct Source
    {
        Executor *executor = nullptr;
        std::function<Value()> ask;
    };

    static void start(const Home &home, std::vector<Source> sources, qint64 timeNs, Done done)
    {
        // Not make_shared: the constructor is private.
        std::shared_ptr<Gather> self(new Gather(home, sources.size(), std::move(done)));
        home.timers.arm(self->m_deadline, home.clock.now() + timeNs);
        for (std::size_t i = 0; i < sources.size(); ++i) {
            Source &source = sources[i];
            source.executor->post([self, i, ask = std::move(source.ask)] {
                auto value = std::make_shared<Value>(ask());
                self->m_home.executor.post([self, i, value] { self->take(i, std::move(*value)); });
            });
        }
        if (sources.empty())
            home.executor.post([self] { self->finish(); });
    }

private:
    Gather(const Home &home, std::size_t count, Done done)
        : m_home(home)
        , m_values(count)
        , m_missing(count)
        , m_done(std::move(done))
        , m_deadline([](void *self) noexcept { static_cast<Gather *>(self)->finish(); }, this)
    { }

    void take(std::size_t index, Value value)
    {
        if (!m_done)
            return; // too late
        m_values[index] = std::move(value);
        if (--m_missing == 0)
            finish();
    }

    void finish()
    {
        m_home.timers.disarm(m_deadline);
        if (const Done done = std::exchange(m_done, nullptr))
            done(std::move(m_values));
    }

    const Home m_home;
    Values m_values;
    std::size_t m_missing;
    Done m_done;
    Timer m_deadline;
};

} // namespace fairlead::core
