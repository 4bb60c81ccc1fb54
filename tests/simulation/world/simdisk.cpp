// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "simdisk.h"

#include "simdiskfiles.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <limits>
#include <utility>

namespace fairlead::sim {

namespace {

std::atomic<quint64> disks = 0;

bool isChange(SimDisk::Operation operation)
{
    return operation != SimDisk::Operation::Open && operation != SimDisk::Operation::Read;
}

} // namespace

SimDisk::SimDisk(quint64 seed)
    : m_random(seed)
    , m_name(QByteArrayLiteral("simdisk") + QByteArray::number(++disks))
    , m_files(std::make_unique<SimDiskFiles>(*this))
{ }

SimDisk::~SimDisk() = default;

bool SimDisk::begin(Operation operation, quint64 epoch)
{
    if (m_stopped || epoch != m_epoch) {
        m_errno = EIO;
        return false;
    }
    if (m_readOnly && isChange(operation)) {
        m_errno = EROFS;
        return false;
    }
    // Both count it, whichever fails.
    const bool fails = takeFault(operation);
    if (takeFault(Operation::Any) || fails) {
        m_errno = EIO;
        return false;
    }
    if (isChange(operation) && m_changesLeft >= 0 && m_changesLeft-- == 0) {
        m_stopped = true;
        m_errno = EIO;
        return false;
    }
    ++m_counts[std::size_t(operation)];
    ++m_counts[std::size_t(Operation::Any)];
    return true;
}

bool SimDisk::takeFault(Operation operation)
{
    Fault &fault = m_faults[std::size_t(operation)];
    if (fault.count == 0)
        return false;
    if (fault.after > 0) {
        --fault.after;
        return false;
    }
    --fault.count;
    return true;
}

void SimDisk::endProcess()
{
    ++m_epoch;
    m_left += std::exchange(m_open, 0);
    m_stopped = false;
    m_changesLeft = -1;
    // Locks and shared memory are the process's.
    for (const auto &[path, name] : m_names) {
        for (const SimFilePtr &file : {name.now, name.safe}) {
            if (file)
                file->state = std::make_shared<SimFileState>();
        }
    }
}

void SimDisk::kill()
{
    const std::scoped_lock locked(m_mutex);
    endProcess();
}

void SimDisk::losePower()
{
    const std::scoped_lock locked(m_mutex);
    endProcess();
    for (auto at = m_names.begin(); at != m_names.end();) {
        Name &name = at->second;
        if (name.now != name.safe && m_random.chance(50))
            name.now = name.safe;
        name.safe = name.now;
        if (!name.now) {
            at = m_names.erase(at);
            continue;
        }
        name.now->losePower(m_random);
        ++at;
    }
}

void SimDisk::setCapacity(qint64 bytes)
{
    const std::scoped_lock locked(m_mutex);
    m_capacity = bytes;
}

void SimDisk::setReadOnly(bool readOnly)
{
    const std::scoped_lock locked(m_mutex);
    m_readOnly = readOnly;
}

void SimDisk::failAfter(Operation operation, quint64 successes, quint64 count)
{
    const std::scoped_lock locked(m_mutex);
    m_faults[std::size_t(operation)] = {successes, count};
}

void SimDisk::stopAfter(quint64 changes)
{
    const std::scoped_lock locked(m_mutex);
    m_changesLeft = qint64(changes);
}

bool SimDisk::isStopped() const
{
    const std::scoped_lock locked(m_mutex);
    return m_stopped;
}

quint64 SimDisk::count(Operation operation) const
{
    const std::scoped_lock locked(m_mutex);
    return m_counts[std::size_t(operation)];
}

qint64 SimDisk::usedNow() const
{
    qint64 used = 0;
    for (const auto &[path, name] : m_names)
        used += name.now ? name.now->size() : 0;
    return used;
}

qint64 SimDisk::room() const
{
    return m_capacity < 0 ? std::numeric_limits<qint64>::max()
                          : std::max<qint64>(0, m_capacity - usedNow());
}

qint64 SimDisk::used() const
{
    const std::scoped_lock locked(m_mutex);
    return usedNow();
}

QList<QByteArray> SimDisk::files() const
{
    const std::scoped_lock locked(m_mutex);
    QList<QByteArray> found;
    for (const auto &[path, name] : m_names) {
        if (name.now)
            found.append(path);
    }
    return found;
}

bool SimDisk::exists(const QByteArray &path) const
{
    const std::scoped_lock locked(m_mutex);
    return find(path) != nullptr;
}

QByteArray SimDisk::content(const QByteArray &path) const
{
    const std::scoped_lock locked(m_mutex);
    const SimFilePtr file = find(path);
    return file ? file->bytes() : QByteArray();
}

void SimDisk::setContent(const QByteArray &path, const QByteArray &bytes)
{
    const std::scoped_lock locked(m_mutex);
    SimFilePtr file = find(path);
    if (!file)
        file = create(path);
    file->setContent(bytes);
    makeNameSafe(file);
}

SimFilePtr SimDisk::find(const QByteArray &path) const
{
    const auto found = m_names.find(path);
    return found == m_names.end() ? nullptr : found->second.now;
}

SimFilePtr SimDisk::create(const QByteArray &path)
{
    Name &name = m_names[path];
    name.now = std::make_shared<SimFile>(path);
    return name.now;
}

void SimDisk::remove(const QByteArray &path, bool isSafe)
{
    const auto found = m_names.find(path);
    if (found == m_names.end())
        return;
    found->second.now.reset();
    if (isSafe || !found->second.safe)
        m_names.erase(found);
}

void SimDisk::makeNameSafe(const SimFilePtr &file)
{
    const auto found = m_names.find(file->name());
    if (found != m_names.end() && found->second.now == file)
        found->second.safe = file;
}

} // namespace fairlead::sim
