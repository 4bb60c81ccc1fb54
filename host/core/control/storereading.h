// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/platform/backgroundcall.h"
#include "core/store/storereport.h"

#include <QtCore/QByteArray>
#include <QtCore/QString>

#include <fairlead/result.h>

#include <condition_variable>
#include <functional>
#include <mutex>

namespace fairlead::core {

/// Reads a store's file on a thread of its own, so that no loop waits for the disk.
///
/// Thread: made and destroyed on one; the work runs on the other. The end cancels the reading and
/// waits until that is noticed.
class StoreReading
{
public:
    /// @p report is open, unless @p opened says why not.
    using Work = std::function<void(StoreReport &report, const Result<> &opened)>;

    StoreReading(const QString &path, Work work);
    ~StoreReading();
    StoreReading(const StoreReading &) = delete;
    StoreReading &operator=(const StoreReading &) = delete;

    /// Has it end early, with Cancelled; again if it goes on.
    void cancel() noexcept { m_report.cancel(); }

private:
    StoreReport m_report;
    BackgroundCall m_call;
};

/// An export that is read piece by piece, at the pace of who asks.
///
/// Thread: as StoreReading; pieces are delivered on the other thread.
class StoreExport
{
public:
    struct Piece
    {
        QByteArray text; ///< of the JSON lines, cut between two characters
        bool isLast = false;
    };

    /// After an error nothing follows.
    using Deliver = std::function<void(const Result<Piece> &)>;

    static constexpr qsizetype kPieceBytes = 256 * 1024;

    StoreExport(const QString &path, Deliver deliver);
    ~StoreExport();
    StoreExport(const StoreExport &) = delete;
    StoreExport &operator=(const StoreExport &) = delete;

    /// Has one more piece read.
    void demand();

private:
    void read(StoreReport &report);
    bool offer(const QByteArray &lines);
    /// False: it is to end.
    bool awaitDemand();

    const Deliver m_deliver;
    QByteArray m_rest; ///< lines that were not asked for yet; the other thread's
    std::mutex m_lock;
    std::condition_variable m_changed;
    int m_demanded = 0; ///< under m_lock
    bool m_isEnding = false; ///< under m_lock
    StoreReading m_reading; ///< the last to be made, the first to go
};

} // namespace fairlead::core
