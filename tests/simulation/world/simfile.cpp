// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "simfile.h"

#include <algorithm>
#include <cstring>

namespace fairlead::sim {

namespace {

/// Of one sector between two syncs; more only repeat what these show.
constexpr std::size_t kVersions = 4;

} // namespace

QByteArray SimFile::sectorAt(const QByteArray &bytes, qint64 sector) const
{
    QByteArray found = bytes.mid(sector * kSector, kSector);
    // What was never written is read as zeros where the file goes on behind it.
    found.append(kSector - found.size(), '\0');
    return found;
}

void SimFile::write(qint64 offset, const char *bytes, qint64 size)
{
    if (size <= 0)
        return;
    if (offset + size > m_now.size()) {
        m_now.append(offset + size - m_now.size(), '\0');
        m_sizes.push_back(m_now.size());
    }
    std::memcpy(m_now.data() + offset, bytes, std::size_t(size));
    for (qint64 sector = offset / kSector; sector * kSector < offset + size; ++sector) {
        std::vector<QByteArray> &versions = m_between[sector];
        if (versions.size() == kVersions)
            versions.erase(versions.begin());
        versions.push_back(sectorAt(m_now, sector));
    }
}

void SimFile::truncate(qint64 size)
{
    if (size < m_now.size())
        m_now.truncate(size);
    else
        m_now.append(size - m_now.size(), '\0');
    m_sizes.push_back(size);
}

void SimFile::sync()
{
    m_safe = m_now;
    m_between.clear();
    m_sizes.clear();
}

void SimFile::setContent(const QByteArray &bytes)
{
    m_now = bytes;
    sync();
}

void SimFile::losePower(Random &random)
{
    // Each sector by itself: writes reach the disk in any order, or not at all.
    QByteArray left = m_safe;
    const std::size_t size = std::size_t(random.next() % (m_sizes.size() + 1));
    const qint64 wanted = size == m_sizes.size() ? m_safe.size() : m_sizes[size];
    left.truncate(wanted);
    left.append(wanted - left.size(), '\0');
    for (const auto &[sector, versions] : m_between) {
        const std::size_t version = std::size_t(random.next() % (versions.size() + 1));
        const qint64 from = sector * kSector;
        if (version == versions.size() || from >= wanted)
            continue;
        const qint64 most = std::min(kSector, wanted - from);
        std::memcpy(left.data() + from, versions[version].constData(), std::size_t(most));
    }
    setContent(left);
}

} // namespace fairlead::sim
