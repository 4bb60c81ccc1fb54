// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "simdisk.h"

#include <sqlite3.h>

namespace fairlead::sim {

/// A SimDisk as SQLite sees it.
class SimDiskFiles
{
public:
    explicit SimDiskFiles(SimDisk &disk);
    ~SimDiskFiles();
    SimDiskFiles(const SimDiskFiles &) = delete;
    SimDiskFiles &operator=(const SimDiskFiles &) = delete;

private:
    static int open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *given);
    static int remove(sqlite3_vfs *vfs, const char *path, int syncFolder);
    static int access(sqlite3_vfs *vfs, const char *path, int flags, int *yes);
    static int fullPath(sqlite3_vfs *vfs, const char *path, int size, char *out);
    static int randomness(sqlite3_vfs *vfs, int size, char *out);
    static int sleep(sqlite3_vfs *vfs, int microseconds);
    static int currentTime(sqlite3_vfs *vfs, double *julianDay);
    static int currentTimeMs(sqlite3_vfs *vfs, sqlite3_int64 *julianMs);
    static int lastError(sqlite3_vfs *vfs, int size, char *out);

    static SimDisk &diskOf(sqlite3_vfs *vfs)
    {
        return static_cast<SimDiskFiles *>(vfs->pAppData)->m_disk;
    }

    SimDisk &m_disk;
    sqlite3_vfs m_vfs = {};
};

/// An open file; SQLite's memory holds it.
class SimHandle : public sqlite3_file
{
public:
    SimHandle(SimDisk &disk, SimFilePtr file, bool mayWrite, bool removeOnClose);

    static const sqlite3_io_methods kMethods;

private:
    static SimHandle *of(sqlite3_file *file) { return static_cast<SimHandle *>(file); }

    static int close(sqlite3_file *file);
    static int read(sqlite3_file *file, void *out, int size, sqlite3_int64 offset);
    static int write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset);
    static int truncate(sqlite3_file *file, sqlite3_int64 size);
    static int sync(sqlite3_file *file, int flags);
    static int fileSize(sqlite3_file *file, sqlite3_int64 *size);
    static int lock(sqlite3_file *file, int level);
    static int unlock(sqlite3_file *file, int level);
    static int checkReserved(sqlite3_file *file, int *yes);
    static int control(sqlite3_file *file, int operation, void *argument);
    static int sectorSize(sqlite3_file *file);
    static int characteristics(sqlite3_file *file);
    static int shmMap(sqlite3_file *file, int region, int size, int extend, void volatile **out);
    static int shmLock(sqlite3_file *file, int offset, int count, int flags);
    static void shmBarrier(sqlite3_file *file);
    static int shmUnmap(sqlite3_file *file, int remove);

    bool isOver() const { return m_epoch != m_disk.m_epoch; }

    int takeLock(int level);
    void dropLock(int level);
    void dropShmLocks();

    SimDisk &m_disk;
    const SimFilePtr m_file;
    const std::shared_ptr<SimFileState> m_state;
    const quint64 m_epoch;
    const bool m_mayWrite;
    const bool m_removeOnClose;
    int m_level = SQLITE_LOCK_NONE;
    quint8 m_shmShared = 0;
    quint8 m_shmExclusive = 0;
};

} // namespace fairlead::sim
