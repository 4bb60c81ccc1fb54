// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace fairlead::ship {

/// Rings when the window for strangers may have been opened or closed. Thread: main.
class WindowBell
{
public:
    using Listener = std::function<void()>;

    /// Called for as long as the result is kept.
    [[nodiscard]] std::shared_ptr<void> follow(Listener listener)
    {
        std::erase_if(m_listeners, [](const auto &one) { return one.expired(); });
        auto kept = std::make_shared<Listener>(std::move(listener));
        m_listeners.push_back(kept);
        return kept;
    }

    void ring()
    {
        const std::vector<std::weak_ptr<Listener>> listeners = m_listeners;
        for (const std::weak_ptr<Listener> &one : listeners) {
            if (const std::shared_ptr<Listener> listener = one.lock())
                (*listener)();
        }
    }

private:
    std::vector<std::weak_ptr<Listener>> m_listeners;
};

} // namespace fairlead::ship
