// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>

#include <fairlead/random.h>

#include <array>
#include <map>
#include <memory>
#include <vector>

namespace fairlead::sim {

/// What a file is while it is open: the locks on it and the memory shared over it.
struct SimFileState
{
    static constexpr int kShmLocks = 8;

    int shared = 0; ///< how many hold a lock to read
    const void *reserved = nullptr;
    const void *pending = nullptr;
    const void *exclusive = nullptr;
    std::vector<std::unique_ptr<char[]>> regions;
    std::array<int, kShmLocks> shmShared = {};
    std::array<const void *, kShmLocks> shmExclusive = {};
};

/// One file of a SimDisk: its bytes, those that are safe, and what each sector was in between.
class SimFile
{
public:
    static constexpr qint64 kSector = 512;

    explicit SimFile(QByteArray name)
        : m_name(std::move(name))
    { }

    const QByteArray &name() const noexcept { return m_name; }

    const QByteArray &bytes() const noexcept { return m_now; }

    qint64 size() const noexcept { return m_now.size(); }

    void write(qint64 offset, const char *bytes, qint64 size);
    void truncate(qint64 size);
    /// All of it is safe.
    void sync();
    void setContent(const QByteArray &bytes);
    void losePower(Random &random);

    std::shared_ptr<SimFileState> state = std::make_shared<SimFileState>();

private:
    QByteArray sectorAt(const QByteArray &bytes, qint64 sector) const;

    const QByteArray m_name;
    QByteArray m_now;
    QByteArray m_safe;
    std::map<qint64, std::vector<QByteArray>> m_between; ///< sectors written since the last sync
    std::vector<qint64> m_sizes; ///< since the last sync
};

using SimFilePtr = std::shared_ptr<SimFile>;

} // namespace fairlead::sim
