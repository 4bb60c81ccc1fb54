// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "simdiskfiles.h"

#include <atomic>
#include <cstring>

// The locks of SQLite on a file, and on the memory shared over it.

namespace fairlead::sim {

int SimHandle::lock(sqlite3_file *file, int level)
{
    SimHandle *const self = of(file);
    const std::scoped_lock locked(self->m_disk.m_mutex);
    if (self->isOver() || self->m_disk.m_stopped)
        return SQLITE_IOERR_LOCK;
    return self->m_level >= level ? SQLITE_OK : self->takeLock(level);
}

int SimHandle::takeLock(int level)
{
    SimFileState &state = *m_state;
    const auto isOthers = [this](const void *holder) { return holder && holder != this; };
    if (isOthers(state.exclusive))
        return SQLITE_BUSY;
    if (level == SQLITE_LOCK_SHARED) {
        if (isOthers(state.pending))
            return SQLITE_BUSY;
        ++state.shared;
        m_level = level;
        return SQLITE_OK;
    }
    if (isOthers(state.reserved) || isOthers(state.pending))
        return SQLITE_BUSY;
    if (level == SQLITE_LOCK_RESERVED) {
        state.reserved = this;
        m_level = level;
        return SQLITE_OK;
    }
    // Nobody begins to read any more; who does already is waited for.
    state.pending = this;
    m_level = SQLITE_LOCK_PENDING;
    if (state.shared > 1)
        return SQLITE_BUSY;
    state.exclusive = this;
    m_level = SQLITE_LOCK_EXCLUSIVE;
    return SQLITE_OK;
}

int SimHandle::unlock(sqlite3_file *file, int level)
{
    SimHandle *const self = of(file);
    const std::scoped_lock locked(self->m_disk.m_mutex);
    self->dropLock(level);
    return SQLITE_OK;
}

void SimHandle::dropLock(int level)
{
    if (m_level <= level)
        return;
    SimFileState &state = *m_state;
    for (const void **holder : {&state.reserved, &state.pending, &state.exclusive}) {
        if (*holder == this)
            *holder = nullptr;
    }
    if (level == SQLITE_LOCK_NONE)
        --state.shared;
    m_level = level;
}

int SimHandle::checkReserved(sqlite3_file *file, int *yes)
{
    SimHandle *const self = of(file);
    const std::scoped_lock locked(self->m_disk.m_mutex);
    *yes = self->m_state->reserved != nullptr;
    return SQLITE_OK;
}

int SimHandle::shmMap(sqlite3_file *file, int region, int size, int extend, void volatile **out)
{
    SimHandle *const self = of(file);
    const std::scoped_lock locked(self->m_disk.m_mutex);
    *out = nullptr;
    if (self->isOver() || self->m_disk.m_stopped)
        return SQLITE_IOERR_SHMMAP;
    auto &regions = self->m_state->regions;
    if (std::size_t(region) >= regions.size() && extend == 0)
        return SQLITE_OK;
    while (std::size_t(region) >= regions.size())
        regions.push_back(std::make_unique<char[]>(std::size_t(size)));
    *out = regions[std::size_t(region)].get();
    return SQLITE_OK;
}

int SimHandle::shmLock(sqlite3_file *file, int offset, int count, int flags)
{
    SimHandle *const self = of(file);
    const std::scoped_lock locked(self->m_disk.m_mutex);
    SimFileState &state = *self->m_state;
    const bool isShared = (flags & SQLITE_SHM_SHARED) != 0;
    const bool isLock = (flags & SQLITE_SHM_LOCK) != 0;
    if (isLock && (self->isOver() || self->m_disk.m_stopped))
        return SQLITE_IOERR_SHMLOCK;
    for (int i = offset; isLock && i < offset + count; ++i) {
        const std::size_t at = std::size_t(i);
        const bool mine = (self->m_shmShared >> i & 1U) != 0;
        if (state.shmExclusive[at] && state.shmExclusive[at] != self)
            return SQLITE_BUSY;
        if (!isShared && state.shmShared[at] > (mine ? 1 : 0))
            return SQLITE_BUSY;
    }
    for (int i = offset; i < offset + count; ++i) {
        const std::size_t at = std::size_t(i);
        const quint8 bit = quint8(1U << i);
        if (isShared && isLock != ((self->m_shmShared & bit) != 0)) {
            state.shmShared[at] += isLock ? 1 : -1;
            self->m_shmShared ^= bit;
        } else if (!isShared) {
            state.shmExclusive[at] = isLock ? self : nullptr;
            self->m_shmExclusive
                = isLock ? self->m_shmExclusive | bit : quint8(self->m_shmExclusive & ~bit);
        }
    }
    return SQLITE_OK;
}

void SimHandle::shmBarrier(sqlite3_file *)
{
    // A write that all share orders as a fence does, and the thread sanitizer understands it.
    static std::atomic<unsigned> shared{0};
    shared.fetch_add(1, std::memory_order_seq_cst);
}

void SimHandle::dropShmLocks()
{
    for (int i = 0; i < SimFileState::kShmLocks; ++i) {
        if ((m_shmShared >> i & 1U) != 0)
            --m_state->shmShared[std::size_t(i)];
        if ((m_shmExclusive >> i & 1U) != 0)
            m_state->shmExclusive[std::size_t(i)] = nullptr;
    }
    m_shmShared = 0;
    m_shmExclusive = 0;
}

int SimHandle::shmUnmap(sqlite3_file *file, int remove)
{
    SimHandle *const self = of(file);
    const std::scoped_lock locked(self->m_disk.m_mutex);
    self->dropShmLocks();
    if (remove != 0)
        self->m_state->regions.clear();
    return SQLITE_OK;
}

} // namespace fairlead::sim
