// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QJsonArray>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace fairlead::ship {

/// Who was found, by all listeners. Thread: main.
class FoundBoard
{
public:
    /// foundViews() of one listener.
    using Views = std::function<QJsonArray()>;

    /// Asked for as long as the result is kept.
    [[nodiscard]] std::shared_ptr<void> add(Views views)
    {
        std::erase_if(m_views, [](const auto &one) { return one.expired(); });
        auto kept = std::make_shared<Views>(std::move(views));
        m_views.push_back(kept);
        return kept;
    }

    [[nodiscard]] QJsonArray views() const
    {
        QJsonArray all;
        for (const std::weak_ptr<Views> &one : m_views) {
            const std::shared_ptr<Views> views = one.lock();
            const QJsonArray list = views ? (*views)() : QJsonArray();
            for (const auto &view : list)
                all.append(view);
        }
        return all;
    }

private:
    std::vector<std::weak_ptr<Views>> m_views;
};

} // namespace fairlead::ship
