// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/sqliteconnection.h"
#include "core/store/sqlitedatabase.h"
#include "core/store/sqlitewriter.h"
#include "core/store/storageengine.h"

#include <memory>

namespace fairlead {
class Clock;
}

namespace fairlead::core {

/// Keeps rows in one SQLite file with a log beside it. Other processes may read along.
///
/// A commit costs one write to the log, and one flush of it with EngineBatch::sync; such a commit
/// makes those before it safe too. The log is worked into the file by checkpoint(), which the owner
/// calls when there is time, or by the commit that fills it.
///
/// A commit that an I/O error ended is struck from the log at once. Only where that fails too, and the
/// process ends before the disk works again, the next start may find it.
///
/// Thread: as StorageEngine. Errors: as StorageEngine. When load() or commit() says StorageDamaged,
/// open() again sets the file aside as it would at the start of the host.
class SqliteEngine final : public StorageEngine
{
public:
    struct Options
    {
        sqlite::Place place;
        /// A commit that finds more than this in the log works it off itself.
        qint64 logBytes = qint64(16) << 20;
        /// Beyond this, which only a reader that never ends can bring about, nothing is committed.
        qint64 logLimitBytes = qint64(512) << 20;
    };

    /// @p clock gives the time in the name of what is set aside.
    SqliteEngine(Options options, const Clock &clock);
    ~SqliteEngine() override;
    SqliteEngine(const SqliteEngine &) = delete;
    SqliteEngine &operator=(const SqliteEngine &) = delete;

    Result<StoreMeta> open() override;
    Result<> load(StoreVisitor &visitor) override;
    Result<> commit(const EngineBatch &batch) override;
    /// Says so by a file beside the store: to remove one takes no room.
    Result<> setComplete(bool isComplete) override;
    Result<> checkpoint() override;
    void close() override;

private:
    Result<> start(bool mayBeDamaged);
    Result<StoreMeta> readMeta();
    void disconnect();
    Result<> clearLog();
    Result<> prepareLog();
    Result<> setSync(bool sync);
    Result<> transact(const EngineBatch &batch);
    int runTransaction(const EngineBatch &batch);
    Error failed(int code);
    Error noted(Error error);
    int workOffLog(int mode);
    qint64 logSize() const;
    QString completePath() const;

    const Options m_options;
    const Clock &m_clock;
    SqliteDatabase m_database;
    std::unique_ptr<sqlite::Writer> m_writer;
    Error m_damage; ///< found while it was open; the next open() acts on it
    qint64 m_pageSize = 0;
    int m_logPages = 0;
    bool m_isOpen = false;
    bool m_isSuspect = false; ///< after an error it is unknown what the log holds
    bool m_isSyncing = false;
    bool m_hasUnsynced = false; ///< something committed may not be on the disk
    bool m_hasNotice = false;
};

} // namespace fairlead::core
