// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/executor.h>

#include <functional>
#include <utility>
#include <vector>

namespace fairlead::test {

/// A reactor, or the main thread: what is posted waits until the test says so.
class CallQueue final : public Executor
{
public:
    void post(std::function<void()> call) override
    {
        m_calls.push_back(std::move(call));
        ++posts;
    }

    bool isCurrent() const noexcept override { return true; }

    /// What was posted before it; whether that was anything.
    bool turn()
    {
        const std::vector<std::function<void()>> calls = std::exchange(m_calls, {});
        for (const auto &call : calls)
            call();
        return !calls.empty();
    }

    /// That, and what it posts.
    void run()
    {
        while (turn()) { }
    }

    void drop() { m_calls.clear(); }

    int posts = 0; ///< so far

private:
    std::vector<std::function<void()>> m_calls;
};

} // namespace fairlead::test
