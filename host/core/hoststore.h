// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/platform/backgroundcall.h"
#include "core/platform/storethread.h"
#include "core/platform/systemclock.h"
#include "core/store/recovery.h"
#include "core/store/sqliteengine.h"
#include "core/store/store.h"

#include <QObject>
#include <QString>

#include <fairlead/result.h>

#include <functional>
#include <memory>

namespace fairlead::core {

class MainLoop;

/// How much an earlier start left, and what went wrong with it.
struct StoreSummary
{
    quint64 sessions = 0;
    quint64 retained = 0;
    quint64 messages = 0;
    quint64 expired = 0; ///< messages whose time passed while nobody was there
    quint64 skipped = 0; ///< rows that made no sense
    Error quarantined; ///< not null: what was there could not be read and was put aside
    Error failure; ///< not null: nothing could be kept at the start
};

/// The host's store: the database in its file, the queue before it and the thread that empties the
/// queue.
///
/// Thread: main, but for what its parts say.
class HostStore final : public QObject
{
    Q_OBJECT

public:
    struct Settings
    {
        QString path; ///< absolute; the folder exists
        qint64 maxBytes = 0; ///< 0: no bound
        Store::Options options;
    };

    HostStore(MainLoop &loop, const Settings &settings);
    ~HostStore() override;

    /// Opens the database, yields what it kept (see Store::open()) and sums it up.
    Recovered open(StoreSummary *summary);
    /// Starts the thread. @p decided is called on it after each group.
    void start(std::function<void()> decided);

    Store &store() noexcept { return m_store; }

    const QString &path() const noexcept { return m_path; }

    /// Bytes on the disk, of the database and its log.
    qint64 size() const;

    using Done = std::function<void(const Result<> &)>;
    /// What was appended so far is decided when @p done is called, on a thread of its own.
    void drain(Done done);
    /// The same, and the database is closed.
    void close(Done done);

Q_SIGNALS:
    void degraded(const fairlead::Error &reason);
    void recovered();

private:
    MainLoop &m_loop;
    const QString m_path;
    const LiveClock m_clock;
    SqliteEngine m_engine;
    Store m_store;
    std::unique_ptr<StoreThread> m_thread;
    std::unique_ptr<BackgroundCall> m_ending;
};

} // namespace fairlead::core
