// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "discovery/keptcallbacks.h"

#include <QtCore/QJsonArray>

#include <functional>
#include <memory>
#include <utility>

namespace fairlead::ship {

/// Who was found, by all listeners. Thread: main.
class FoundBoard
{
public:
    /// foundViews() of one listener.
    using Views = std::function<QJsonArray()>;

    /// Asked for as long as the result is kept.
    [[nodiscard]] std::shared_ptr<void> add(Views views) { return m_views.add(std::move(views)); }

    [[nodiscard]] QJsonArray views() const
    {
        QJsonArray all;
        m_views.each([&all](const Views &views) {
            const QJsonArray list = views();
            for (const auto &view : list)
                all.append(view);
        });
        return all;
    }

private:
    KeptCallbacks<Views> m_views;
};

} // namespace fairlead::ship
