// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <memory>
#include <utility>
#include <vector>

namespace fairlead::ship {

/// Callbacks that count for as long as somebody keeps them. Thread: one.
template <typename Callback>
class KeptCallbacks
{
public:
    /// Counts for as long as the result is kept.
    [[nodiscard]] std::shared_ptr<void> add(Callback callback)
    {
        std::erase_if(m_callbacks, [](const auto &one) { return one.expired(); });
        auto kept = std::make_shared<Callback>(std::move(callback));
        m_callbacks.push_back(kept);
        return kept;
    }

    /// Calls @p visit with each that is still kept when its turn comes.
    template <typename Visit>
    void each(const Visit &visit) const
    {
        const std::vector<std::weak_ptr<Callback>> callbacks = m_callbacks;
        for (const std::weak_ptr<Callback> &one : callbacks) {
            if (const std::shared_ptr<Callback> callback = one.lock())
                visit(*callback);
        }
    }

private:
    std::vector<std::weak_ptr<Callback>> m_callbacks;
};

} // namespace fairlead::ship
