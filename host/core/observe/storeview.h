// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/observe/histogram.h"
#include "core/store/store.h"

#include <QByteArray>
#include <QJsonObject>
#include <QString>

namespace fairlead::core {

class Host;

/// What a host's store says of itself.
struct StoreView
{
    enum class State : quint8 {
        None, ///< nothing outlives the process
        Ok,
        Degraded, ///< nothing can be stored until it has recovered
        Full, ///< and that for lack of room
        Count,
    };

    State state = State::None;
    const char *engine = "none";
    QString path;
    qint64 bytes = 0; ///< on the disk
    bool isCongested = false;
    Error lastError; ///< why it is degraded, or was last
    StoreFigures figures;
    HistogramTotals commitTimes;

    bool exists() const noexcept { return state != State::None; }

    /// Whether what is promised can be kept: by storing it, or because no more than the process's
    /// life is promised.
    bool isUsable() const noexcept { return state == State::None || state == State::Ok; }
};

/// Thread: main.
StoreView viewStore(const Host &host);

/// "ok": stable, in the control API, in metrics and in `$SYS`.
const char *storeStateName(StoreView::State state) noexcept;

/// For the control API.
QJsonObject toJson(const StoreView &view);

/// What the peers of an endpoint are promised in this host: without a store that is no more than the
/// process's life.
Durability effectiveDurability(const Host &host, Durability configured) noexcept;

} // namespace fairlead::core
