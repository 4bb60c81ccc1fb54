// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/platform/storethread.h"
#include "core/store/recovery.h"
#include "core/store/sqliteengine.h"
#include "core/store/store.h"

#include <QObject>
#include <QString>

#include <fairlead/result.h>

#include <atomic>
#include <memory>

namespace fairlead::core {

class MainLoop;

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

    /// Opens the database and yields what it kept; see Store::open().
    Recovered open();
    /// Starts the thread. @p decided is called on it after each group.
    void start(std::function<void()> decided);

    Store &store() noexcept { return m_store; }

    const QString &path() const noexcept { return m_path; }

    /// Bytes on the disk.
    qint64 size() const { return m_engine.size(); }

    /// What was appended so far is decided when @p done is called, on the storage thread.
    void drain(std::function<void(const Result<> &)> done);
    /// The same, and the database is closed.
    void close(std::function<void(const Result<> &)> done);

Q_SIGNALS:
    void degraded(const fairlead::Error &reason);
    void recovered();

private:
    MainLoop &m_loop;
    const QString m_path;
    SqliteEngine m_engine;
    Store m_store;
    std::unique_ptr<StoreThread> m_thread;
};

} // namespace fairlead::core
