// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "simfile.h"
#include "simrandom.h"

#include <QtCore/QByteArray>
#include <QtCore/QList>

#include <array>
#include <map>
#include <memory>
#include <mutex>

namespace fairlead::sim {

/// A disk for SQLite that lives in memory and knows what was written from what is safe.
///
/// It is a file system of SQLite under vfsName(): open databases with that name. Shared memory and
/// locks are there, so that several connections work, in WAL mode too.
///
/// The process that uses it ends by kill() or losePower(): connections of before fail from then on
/// and change nothing more, as if the process were gone. Until they are closed nothing can be
/// opened. stopAfter() ends the process in the middle of its work.
///
/// Thread: any, for the file system; the rest where nobody works on the disk.
class SimDisk
{
public:
    enum class Operation : quint8 {
        Open,
        Read,
        Write,
        Truncate,
        Sync,
        Delete,
        Any, ///< any of these
    };
    static constexpr int kOperations = 7;

    explicit SimDisk(quint64 seed);
    ~SimDisk();
    SimDisk(const SimDisk &) = delete;
    SimDisk &operator=(const SimDisk &) = delete;

    const QByteArray &vfsName() const noexcept { return m_name; }

    /// The process ends; what it wrote stays.
    void kill();
    /// The process ends, and of what was written since the last sync of its file each sector of 512
    /// octets is as it was, as it became, or as it was in between; names that came or went without
    /// a sync may have stayed.
    void losePower();

    /// Bytes that all files together may have; negative: no bound. Writes beyond it fail with
    /// SQLITE_FULL, having written a part.
    void setCapacity(qint64 bytes);
    /// Nothing can be changed; what is opened to be written is opened to be read.
    void setReadOnly(bool readOnly);
    /// The next @p count operations of that kind fail after @p successes more went well: SQLITE_IOERR
    /// with EIO. A sync that fails has made nothing safe.
    void failAfter(Operation operation, quint64 successes, quint64 count = 1);
    /// Once @p changes more operations that change something went well everything fails, until
    /// kill() or losePower().
    void stopAfter(quint64 changes);

    bool isStopped() const;
    /// So many went well since the disk was made.
    quint64 count(Operation operation) const;

    qint64 used() const;
    QList<QByteArray> files() const;
    bool exists(const QByteArray &path) const;
    /// As it is read now.
    QByteArray content(const QByteArray &path) const;
    /// Safe at once; for damage.
    void setContent(const QByteArray &path, const QByteArray &bytes);

private:
    friend class SimDiskFiles;
    friend class SimHandle;

    struct Fault
    {
        quint64 after = 0;
        quint64 count = 0;
    };

    /// Whether the operation goes on; else the error number is set.
    bool begin(Operation operation, quint64 epoch);
    bool takeFault(Operation operation);
    qint64 room() const;
    qint64 usedNow() const;
    void endProcess();
    SimFilePtr find(const QByteArray &path) const;
    SimFilePtr create(const QByteArray &path);
    void remove(const QByteArray &path, bool isSafe);
    void makeNameSafe(const SimFilePtr &file);

    struct Name
    {
        SimFilePtr now; ///< null: deleted
        SimFilePtr safe; ///< by what the folder on the disk says
    };

    mutable std::mutex m_mutex;
    SimRandom m_random;
    std::map<QByteArray, Name> m_names;
    std::array<quint64, kOperations> m_counts = {};
    std::array<Fault, kOperations> m_faults = {};
    quint64 m_epoch = 1; ///< of the process that uses it
    int m_open = 0; ///< handles
    int m_left = 0; ///< handles of processes that are over
    qint64 m_capacity = -1;
    qint64 m_changesLeft = -1;
    int m_errno = 0;
    bool m_readOnly = false;
    bool m_stopped = false;
    QByteArray m_name;
    std::unique_ptr<class SimDiskFiles> m_files;
};

} // namespace fairlead::sim
