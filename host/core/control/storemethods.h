// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/control/controlapi.h"
#include "core/control/storereading.h"

#include <QtCore/QObject>

#include <fairlead/clock.h>
#include <fairlead/timers.h>

#include <functional>
#include <map>
#include <memory>

namespace fairlead::core {

class Host;
class MainLoop;

/// The methods that read the running host's store: store-stats, store-check, store-export. They read
/// beside the host, on threads of their own, and write nothing.
///
/// Thread: main. Ownership: outlives the API's use of it.
class StoreMethods final : public QObject
{
    Q_OBJECT

public:
    /// At the same time, exports included; each is a thread.
    static constexpr std::size_t kMaxReadings = 4;
    /// An export that nobody asks for ends.
    static constexpr qint64 kIdleNs = 60 * kNsPerSecond;
    /// A check holds on to one moment of the store, and the host's log grows until it has ended. By
    /// more than this it is ended: the host goes first.
    static constexpr qint64 kMaxLogGrowth = qint64(128) * 1024 * 1024;

    StoreMethods(MainLoop &loop, Host &host);
    ~StoreMethods() override;

    void addTo(ControlApi &api);

private:
    struct Look;
    struct Export;
    using Question = std::function<Result<QJsonObject>(StoreReport &)>;

    bool mayRead(const Call &call) const;
    void look(const Call &call, const Question &question);
    void finishLook(quint64 number, const Result<QJsonObject> &answer);
    void exportRows(const Call &call);
    quint64 beginExport(const Call &call);
    void deliver(quint64 number, const Result<StoreExport::Piece> &piece);
    void watchLogs() noexcept;
    void addLiveFigures(QJsonObject *stats) const;

    MainLoop &m_loop;
    Host &m_host;
    quint64 m_next = 1;
    std::map<quint64, std::unique_ptr<Look>> m_looks;
    std::map<quint64, std::unique_ptr<Export>> m_exports;
    Timer m_logTimer; ///< while there are looks
};

} // namespace fairlead::core
