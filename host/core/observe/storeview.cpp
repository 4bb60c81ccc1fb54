// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/observe/storeview.h"

#include "core/host.h"

namespace fairlead::core {

StoreView viewStore(const Host &host)
{
    StoreView view;
    HostStore *kept = host.store();
    if (!kept)
        return view;
    const Store &store = kept->store();
    view.engine = "sqlite";
    view.path = kept->path();
    view.bytes = kept->size();
    view.isCongested = store.isCongested();
    view.lastError = store.lastError();
    view.figures = store.figures();
    view.commitTimes.add(store.commitTimes());
    view.state = StoreView::State::Ok;
    if (store.isDegraded()) {
        view.state = view.lastError.code() == ErrorCode::StorageFull ? StoreView::State::Full
                                                                     : StoreView::State::Degraded;
    }
    return view;
}

const char *storeStateName(StoreView::State state) noexcept
{
    switch (state) {
    case StoreView::State::Ok:
        return "ok";
    case StoreView::State::Degraded:
        return "degraded";
    case StoreView::State::Full:
        return "full";
    case StoreView::State::None:
    case StoreView::State::Count:
        break;
    }
    return "none";
}

QJsonObject toJson(const StoreView &view)
{
    QJsonObject out{{QStringLiteral("engine"), QString::fromLatin1(view.engine)},
                    {QStringLiteral("state"), QString::fromLatin1(storeStateName(view.state))}};
    if (!view.exists())
        return out;
    const StoreFigures &figures = view.figures;
    out.insert(QStringLiteral("path"), view.path);
    out.insert(QStringLiteral("bytes"), view.bytes);
    out.insert(QStringLiteral("waitingBytes"), qint64(figures.waitingBytes));
    out.insert(QStringLiteral("congested"), view.isCongested);
    out.insert(QStringLiteral("messages"), qint64(figures.messages));
    out.insert(QStringLiteral("written"), qint64(figures.rows));
    out.insert(QStringLiteral("writtenBytes"), qint64(figures.rowBytes));
    out.insert(QStringLiteral("cancelled"), qint64(figures.cancelled));
    out.insert(QStringLiteral("refused"), qint64(figures.refused));
    out.insert(QStringLiteral("commits"), qint64(figures.groups));
    out.insert(QStringLiteral("syncs"), qint64(figures.syncs));
    out.insert(QStringLiteral("failures"), qint64(figures.failures));
    if (!view.lastError.isNull()) {
        out.insert(QStringLiteral("lastError"),
                   QJsonObject{{QStringLiteral("code"),
                                QString::fromLatin1(errorName(view.lastError.code()))},
                               {QStringLiteral("text"), view.lastError.text()}});
    }
    return out;
}

Durability effectiveDurability(const Host &host, Durability configured) noexcept
{
    return host.store() ? configured : Durability::Memory;
}

} // namespace fairlead::core
