// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "simdiskfiles.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

namespace fairlead::sim {

using Operation = SimDisk::Operation;

SimDiskFiles::SimDiskFiles(SimDisk &disk)
    : m_disk(disk)
{
    m_vfs.iVersion = 2;
    m_vfs.szOsFile = int(sizeof(SimHandle));
    m_vfs.mxPathname = 512;
    m_vfs.zName = disk.m_name.constData();
    m_vfs.pAppData = this;
    m_vfs.xOpen = open;
    m_vfs.xDelete = remove;
    m_vfs.xAccess = access;
    m_vfs.xFullPathname = fullPath;
    m_vfs.xRandomness = randomness;
    m_vfs.xSleep = sleep;
    m_vfs.xCurrentTime = currentTime;
    m_vfs.xGetLastError = lastError;
    m_vfs.xCurrentTimeInt64 = currentTimeMs;
    sqlite3_vfs_register(&m_vfs, 0);
    // Numbers of SQLite's own, which are one for the process, begin anew: a seed tells all.
    const int seed = int(disk.m_random.next() >> 40U) + 1;
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, seed, nullptr);
}

SimDiskFiles::~SimDiskFiles()
{
    sqlite3_vfs_unregister(&m_vfs);
}

int SimDiskFiles::open(
    sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *given)
{
    SimDisk &disk = diskOf(vfs);
    const std::scoped_lock locked(disk.m_mutex);
    file->pMethods = nullptr;
    // Whoever calls while handles of an ended process are left may be that process.
    if (disk.m_left > 0 || !disk.begin(Operation::Open, disk.m_epoch))
        return SQLITE_CANTOPEN;
    const QByteArray name(path);
    SimFilePtr found = path ? disk.find(name) : std::make_shared<SimFile>(QByteArray());
    const bool mayWrite = (flags & SQLITE_OPEN_READWRITE) != 0 && !disk.m_readOnly;
    if (found && (flags & SQLITE_OPEN_EXCLUSIVE) != 0 && path) {
        disk.m_errno = EEXIST;
        return SQLITE_CANTOPEN;
    }
    if (!found) {
        if ((flags & SQLITE_OPEN_CREATE) == 0 || !mayWrite || disk.room() == 0) {
            disk.m_errno = disk.m_readOnly ? EROFS : (disk.room() == 0 ? ENOSPC : ENOENT);
            return SQLITE_CANTOPEN;
        }
        found = disk.create(name);
    }
    const bool removeOnClose = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    new (file) SimHandle(disk, std::move(found), mayWrite, removeOnClose);
    if (given) {
        constexpr int kAccess = SQLITE_OPEN_READWRITE | SQLITE_OPEN_READONLY | SQLITE_OPEN_CREATE;
        *given = (flags & ~kAccess) | (mayWrite ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
    }
    return SQLITE_OK;
}

int SimDiskFiles::remove(sqlite3_vfs *vfs, const char *path, int syncFolder)
{
    SimDisk &disk = diskOf(vfs);
    const std::scoped_lock locked(disk.m_mutex);
    const QByteArray name(path);
    if (disk.m_left == 0 && !disk.m_stopped && !disk.find(name))
        return SQLITE_IOERR_DELETE_NOENT;
    if (disk.m_left > 0 || !disk.begin(Operation::Delete, disk.m_epoch))
        return SQLITE_IOERR_DELETE;
    disk.remove(name, syncFolder != 0);
    return SQLITE_OK;
}

int SimDiskFiles::access(sqlite3_vfs *vfs, const char *path, int flags, int *yes)
{
    const SimDisk &disk = diskOf(vfs);
    const std::scoped_lock locked(disk.m_mutex);
    const SimFilePtr found = disk.find(path);
    // As the system's does: an empty file that is asked for is none.
    *yes = found && (flags != SQLITE_ACCESS_READWRITE || !disk.m_readOnly)
        && (flags != SQLITE_ACCESS_EXISTS || found->size() > 0);
    return SQLITE_OK;
}

int SimDiskFiles::fullPath(sqlite3_vfs *, const char *path, int size, char *out)
{
    sqlite3_snprintf(size, out, path[0] == '/' ? "%s" : "/%s", path);
    return SQLITE_OK;
}

int SimDiskFiles::randomness(sqlite3_vfs *vfs, int size, char *out)
{
    SimDisk &disk = diskOf(vfs);
    const std::scoped_lock locked(disk.m_mutex);
    disk.m_random.fill(out, std::size_t(size));
    return size;
}

int SimDiskFiles::sleep(sqlite3_vfs *, int microseconds)
{
    return microseconds; // nobody waits here
}

int SimDiskFiles::currentTimeMs(sqlite3_vfs *, sqlite3_int64 *julianMs)
{
    constexpr sqlite3_int64 kUnixEpoch = 210866760000000;
    *julianMs = kUnixEpoch + 1'700'000'000'000;
    return SQLITE_OK;
}

int SimDiskFiles::currentTime(sqlite3_vfs *vfs, double *julianDay)
{
    sqlite3_int64 ms = 0;
    currentTimeMs(vfs, &ms);
    *julianDay = double(ms) / 86'400'000.0;
    return SQLITE_OK;
}

int SimDiskFiles::lastError(sqlite3_vfs *vfs, int, char *)
{
    const SimDisk &disk = diskOf(vfs);
    const std::scoped_lock locked(disk.m_mutex);
    return disk.m_errno;
}

const sqlite3_io_methods SimHandle::kMethods = {2,
                                                close,
                                                read,
                                                write,
                                                truncate,
                                                sync,
                                                fileSize,
                                                lock,
                                                unlock,
                                                checkReserved,
                                                control,
                                                sectorSize,
                                                characteristics,
                                                shmMap,
                                                shmLock,
                                                shmBarrier,
                                                shmUnmap,
                                                nullptr,
                                                nullptr};

SimHandle::SimHandle(SimDisk &disk, SimFilePtr file, bool mayWrite, bool removeOnClose)
    : sqlite3_file{&kMethods}
    , m_disk(disk)
    , m_file(std::move(file))
    , m_state(m_file->state)
    , m_epoch(disk.m_epoch)
    , m_mayWrite(mayWrite)
    , m_removeOnClose(removeOnClose)
{
    ++m_disk.m_open;
}

int SimHandle::close(sqlite3_file *file)
{
    SimHandle *const self = of(file);
    {
        const std::scoped_lock locked(self->m_disk.m_mutex);
        self->dropLock(SQLITE_LOCK_NONE);
        self->dropShmLocks();
        --(self->isOver() ? self->m_disk.m_left : self->m_disk.m_open);
        if (self->m_removeOnClose && !self->isOver())
            self->m_disk.remove(self->m_file->name(), false);
    }
    self->~SimHandle();
    return SQLITE_OK;
}

int SimHandle::read(sqlite3_file *file, void *out, int size, sqlite3_int64 offset)
{
    SimHandle *const self = of(file);
    const std::scoped_lock locked(self->m_disk.m_mutex);
    if (!self->m_disk.begin(Operation::Read, self->m_epoch))
        return SQLITE_IOERR_READ;
    const QByteArray &bytes = self->m_file->bytes();
    const qint64 there = std::clamp<qint64>(bytes.size() - offset, 0, size);
    std::memcpy(out, bytes.constData() + (there > 0 ? offset : 0), std::size_t(there));
    std::memset(static_cast<char *>(out) + there, 0, std::size_t(size - there));
    return there == size ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int SimHandle::write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
    SimHandle *const self = of(file);
    const std::scoped_lock locked(self->m_disk.m_mutex);
    if (!self->m_mayWrite)
        return SQLITE_READONLY;
    if (!self->m_disk.begin(Operation::Write, self->m_epoch))
        return SQLITE_IOERR_WRITE;
    // Only what makes the file longer needs room.
    const qint64 room = self->m_disk.room();
    const qint64 longer = std::max<qint64>(0, offset + size - self->m_file->size());
    const auto *const from = static_cast<const char *>(bytes);
    if (longer <= room) {
        self->m_file->write(offset, from, size);
        return SQLITE_OK;
    }
    const qint64 fits = std::max<qint64>(0, self->m_file->size() + room - offset);
    self->m_file->write(offset, from, std::min<qint64>(fits, size));
    self->m_disk.m_errno = ENOSPC;
    return SQLITE_FULL;
}

int SimHandle::truncate(sqlite3_file *file, sqlite3_int64 size)
{
    SimHandle *const self = of(file);
    const std::scoped_lock locked(self->m_disk.m_mutex);
    if (!self->m_disk.begin(Operation::Truncate, self->m_epoch))
        return SQLITE_IOERR_TRUNCATE;
    self->m_file->truncate(size);
    return SQLITE_OK;
}

int SimHandle::sync(sqlite3_file *file, int)
{
    SimHandle *const self = of(file);
    const std::scoped_lock locked(self->m_disk.m_mutex);
    if (!self->m_disk.begin(Operation::Sync, self->m_epoch))
        return SQLITE_IOERR_FSYNC;
    self->m_file->sync();
    self->m_disk.makeNameSafe(self->m_file);
    return SQLITE_OK;
}

int SimHandle::fileSize(sqlite3_file *file, sqlite3_int64 *size)
{
    SimHandle *const self = of(file);
    const std::scoped_lock locked(self->m_disk.m_mutex);
    if (self->isOver() || self->m_disk.m_stopped)
        return SQLITE_IOERR_FSTAT;
    *size = self->m_file->size();
    return SQLITE_OK;
}

int SimHandle::control(sqlite3_file *, int, void *)
{
    return SQLITE_NOTFOUND;
}

int SimHandle::sectorSize(sqlite3_file *)
{
    return 4096; // what the system's says; less is what power loss tears
}

int SimHandle::characteristics(sqlite3_file *)
{
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

} // namespace fairlead::sim
