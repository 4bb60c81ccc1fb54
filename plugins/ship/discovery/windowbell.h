// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "discovery/keptcallbacks.h"

#include <functional>
#include <memory>
#include <utility>

namespace fairlead::ship {

/// Rings when the window for strangers may have been opened or closed. Thread: main.
class WindowBell
{
public:
    using Listener = std::function<void()>;

    /// Called for as long as the result is kept.
    [[nodiscard]] std::shared_ptr<void> follow(Listener listener)
    {
        return m_listeners.add(std::move(listener));
    }

    void ring()
    {
        m_listeners.each([](const Listener &listener) { listener(); });
    }

private:
    KeptCallbacks<Listener> m_listeners;
};

} // namespace fairlead::ship
