// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/sqlitedatabase.h"
#include "core/store/storejson.h"

#include <QByteArray>
#include <QJsonObject>
#include <QString>
#include <QStringList>

#include <fairlead/result.h>

#include <atomic>
#include <functional>
#include <mutex>

namespace fairlead::core {

/// What a store's file says, read beside a running host or without one. Nothing is written to it.
///
/// Thread: one at a time, but for cancel(). Errors: NotFound; StorageFailed, for a store of a later
/// version too; StorageDamaged; Cancelled.
class StoreReport
{
public:
    StoreReport() = default;
    ~StoreReport();
    StoreReport(const StoreReport &) = delete;
    StoreReport &operator=(const StoreReport &) = delete;

    /// Where a host with @p stateFolder keeps its store.
    static QString pathIn(const QString &stateFolder);

    Result<> open(const QString &path);

    /// Ends what is under way, and all that is asked later, with Cancelled. What it met between two
    /// steps may go on for one more: call it again until it has ended. Thread: any.
    void cancel() noexcept;

    /// Sizes, numbers and counts of rows, all of one moment.
    Result<QJsonObject> stats();

    /// Looks through the whole file; what is wrong with it in words, nothing if it is sound. Of a
    /// file too damaged to go on, what was found until then.
    Result<QStringList> check();

    /// Takes some lines; false: no more of them.
    using Sink = std::function<bool(const QByteArray &lines)>;

    /// A line of JSON per session, subscription, retained topic, stream and message, in this order. Rows are
    /// read in pages, each as one moment has it, so that a slow reader holds up no host; what is
    /// written meanwhile may be in it or not.
    Result<> exportRows(const Sink &sink);

private:
    Result<> openFile(const QString &path);
    Result<> identify();
    Result<QJsonObject> readStats();
    Result<QStringList> checkAll();
    Result<> exportAll(const Sink &sink);
    Error told(const Error &error) const;
    Result<> checkRows(QStringList *findings);
    Result<> checkReferences(QStringList *findings);
    Result<StreamSlots> readStreams();
    Result<QJsonObject> countStreams();
    Result<> checkStreams(QStringList *findings);

    SqliteDatabase m_database;
    std::atomic<bool> m_isCancelled = false;
    std::mutex m_lock;
    sqlite3 *m_running = nullptr; ///< under m_lock: may be interrupted
};

} // namespace fairlead::core
