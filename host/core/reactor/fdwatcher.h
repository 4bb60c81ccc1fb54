// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "epollset.h"
#include "fdtable.h"

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

namespace fairlead::core {

class FdHandler;

// The descriptors of one event loop, their owners, and the channel that wakes it.
class FdWatcher
{
public:
    struct Counts
    {
        quint64 waits = 0;
        quint64 controlCalls = 0;
        quint64 fdEvents = 0;
        quint64 staleEvents = 0;
        quint64 rebuilds = 0;
        quint64 wakeUpsSeen = 0;
    };

    FdWatcher();
    ~FdWatcher();
    Q_DISABLE_COPY_MOVE(FdWatcher)

    // False with errno set.
    bool add(int fd, FdHandler *handler, quint32 events);
    bool modify(int fd, quint32 events);
    void remove(int fd);

    void addNotifier(QSocketNotifier *notifier);
    void removeNotifier(QSocketNotifier *notifier);

    // Something can be delivered without waiting.
    bool hasReady() const noexcept { return m_batchNext < m_batchEnd || !m_alwaysReady.empty(); }

    // Fetches events; does nothing while fetched ones are undelivered.
    void wait(qint64 timeoutNs);

    // Waits for wake() alone, all descriptors keep their events. Answers how many were seen.
    int waitForWakeUp(qint64 timeoutNs);

    // Delivers what was fetched and answers how many events, wake-ups included. A handler may enter
    // it again; the inner call delivers the rest.
    int dispatch();

    // From any thread: ends a wait.
    void wake() const noexcept;

    void setNanosecondWaits(bool enabled) noexcept { m_epoll.setNanosecondWaits(enabled); }

    Counts counts() const noexcept;

private:
    static constexpr std::size_t kBatch = 512;

    int activateNotifiers(quint64 token, quint32 events);
    int activateAlwaysReady();
    void limitHangUps(int fd, FdEntry &entry, quint32 events);
    void applyNotifiers(int fd, FdEntry &entry);
    void release(int fd, FdEntry &entry);
    void noteStaleEvent();
    void rebuild();

    EpollSet m_epoll;
    // Holds the wake-up channel alone; made on first use.
    std::unique_ptr<EpollSet> m_wakeOnly;
    int m_wakeFd = -1;

    FdTable m_fds;
    std::vector<int> m_alwaysReady;

    // One batch for all nesting levels: an inner loop goes on with what the outer one fetched.
    std::array<epoll_event, kBatch> m_batch;
    std::size_t m_batchNext = 0;
    std::size_t m_batchEnd = 0;

    // To tell a descriptor removed within its batch from one closed before its removal.
    quint64 m_removals = 0;
    quint64 m_removalsAtWait = 0;

    Counts m_counts;
};

} // namespace fairlead::core
