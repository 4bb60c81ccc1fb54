// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "fdwatcher.h"

#include "fdhandler.h"

#include <QCoreApplication>
#include <QEvent>
#include <QLoggingCategory>
#include <QSocketNotifier>
#include <QThread>

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <limits>

namespace fairlead::core {

namespace {

Q_LOGGING_CATEGORY(lcReactor, "fairlead.core.reactor", QtInfoMsg)

// No descriptor has the number -1.
constexpr quint64 kWakeToken = FdTable::token(-1, std::numeric_limits<quint32>::max());
// Edge-triggered: every write is one event and the counter need not be read back.
constexpr quint32 kWakeEvents = EPOLLIN | EPOLLET;

// What each QSocketNotifier::Type asks for, and what activates it.
constexpr std::array<quint32, 3> kInterest{EPOLLIN, EPOLLOUT, EPOLLPRI};
constexpr quint32 kTrouble = EPOLLHUP | EPOLLERR;

constexpr auto kException = static_cast<std::size_t>(QSocketNotifier::Exception);

int createWakeFd()
{
    const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) {
        qFatal("event loop: eventfd failed: %s", qUtf8Printable(qt_error_string(errno)));
    }
    return fd;
}

void addWakeFd(EpollSet &set, int fd)
{
    if (const int error = set.add(fd, kWakeEvents, kWakeToken); error != 0) {
        qFatal("event loop: no wake-up channel: %s", qUtf8Printable(qt_error_string(error)));
    }
}

// epoll reports hang-up and error whatever is asked for; without any interest nobody would ever
// clear them, so such an entry tells of each only once.
quint32 withoutSpinning(quint32 events)
{
    return (events & (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI)) == 0 ? events | EPOLLET : events;
}

bool isLoneException(const NotifierSet &set)
{
    return set.notifiers[QSocketNotifier::Read] == nullptr
        && set.notifiers[QSocketNotifier::Write] == nullptr;
}

} // namespace

FdWatcher::FdWatcher()
    : m_wakeFd(createWakeFd())
{
    addWakeFd(m_epoll, m_wakeFd);
}

FdWatcher::~FdWatcher()
{
    ::close(m_wakeFd);
}

void FdWatcher::wake() const noexcept
{
    // Fails only on a counter that no number of wake-ups reaches.
    ::eventfd_write(m_wakeFd, 1);
}

FdWatcher::Counts FdWatcher::counts() const noexcept
{
    Counts counts = m_counts;
    counts.waits = m_epoll.waits() + (m_wakeOnly ? m_wakeOnly->waits() : 0);
    counts.controlCalls = m_epoll.controlCalls();
    return counts;
}

void FdWatcher::wait(qint64 timeoutNs)
{
    if (m_batchNext == m_batchEnd) {
        m_batchNext = 0;
        m_batchEnd = 0;
        const int count = m_epoll.wait(m_batch.data(), static_cast<int>(kBatch), timeoutNs);
        m_batchEnd = static_cast<std::size_t>(count);
        m_removalsAtWait = m_removals;
    }
}

int FdWatcher::waitForWakeUp(qint64 timeoutNs)
{
    // Excluded descriptors must neither be taken nor end the wait.
    if (!m_wakeOnly) {
        m_wakeOnly = std::make_unique<EpollSet>();
        addWakeFd(*m_wakeOnly, m_wakeFd);
    }
    epoll_event event{};
    const int count = m_wakeOnly->wait(&event, 1, timeoutNs);
    m_counts.wakeUpsSeen += static_cast<quint64>(count);
    return count;
}

int FdWatcher::dispatch()
{
    int handled = 0;
    while (m_batchNext < m_batchEnd) {
        // By value: a handler may run a nested loop that refills the batch.
        const epoll_event event = m_batch[m_batchNext++];
        const quint64 token = event.data.u64;
        if (token == kWakeToken) {
            ++m_counts.wakeUpsSeen;
            ++handled;
            continue;
        }
        FdEntry *entry = m_fds.find(token);
        if (entry == nullptr) {
            noteStaleEvent();
        } else if (entry->handler != nullptr) {
            ++m_counts.fdEvents;
            ++handled;
            entry->handler->handleFdEvents(event.events);
        } else {
            handled += activateNotifiers(token, event.events);
        }
    }
    return m_alwaysReady.empty() ? handled : handled + activateAlwaysReady();
}

bool FdWatcher::add(int fd, FdHandler *handler, quint32 events)
{
    if (fd < 0 || handler == nullptr) {
        errno = fd < 0 ? EBADF : EINVAL;
        return false;
    }
    FdEntry &entry = m_fds.at(fd);
    if (!entry.isFree()) {
        errno = EEXIST;
        return false;
    }
    const quint32 generation = entry.generation + 1;
    const quint32 wanted = withoutSpinning(events);
    if (const int error = m_epoll.add(fd, wanted, FdTable::token(fd, generation)); error != 0) {
        errno = error;
        return false;
    }
    entry.handler = handler;
    entry.events = wanted;
    entry.generation = generation;
    return true;
}

bool FdWatcher::modify(int fd, quint32 events)
{
    FdEntry *entry = m_fds.find(fd);
    if (entry == nullptr || entry->handler == nullptr) {
        errno = ENOENT;
        return false;
    }
    const quint32 wanted = withoutSpinning(events);
    // Not skipped when nothing changes: it re-arms an edge that was reported already.
    const int error = m_epoll.modify(fd, wanted, FdTable::token(fd, entry->generation));
    if (error != 0) {
        errno = error;
        return false;
    }
    entry->events = wanted;
    return true;
}

void FdWatcher::remove(int fd)
{
    FdEntry *entry = m_fds.find(fd);
    if (entry != nullptr && entry->handler != nullptr) {
        release(fd, *entry);
    }
}

void FdWatcher::release(int fd, FdEntry &entry)
{
    entry.handler = nullptr;
    entry.notifiers.reset();
    entry.events = 0;
    ++entry.generation;
    ++m_removals;
    // Fails only for a descriptor closed already, of which the kernel has forgotten too.
    m_epoll.remove(fd);
}

void FdWatcher::noteStaleEvent()
{
    ++m_counts.staleEvents;
    // Removed by an earlier event of this batch: harmless. If nothing was removed since the wait,
    // the descriptor was closed before its removal while a copy of it lives on (another process
    // may hold it), and the kernel would report it for ever with no number to remove it by.
    if (m_removals == m_removalsAtWait) {
        rebuild();
    }
}

void FdWatcher::rebuild()
{
    ++m_counts.rebuilds;
    m_epoll.reset();
    addWakeFd(m_epoll, m_wakeFd);
    m_fds.forEach([this](int fd, FdEntry &entry) {
        if (entry.notifiers && entry.notifiers->alwaysReady) {
            return;
        }
        const int error = m_epoll.add(fd, entry.events, FdTable::token(fd, entry.generation));
        if (error != 0) {
            qCWarning(lcReactor,
                      "descriptor %d is lost to the event loop: %s",
                      fd,
                      qUtf8Printable(qt_error_string(error)));
        }
    });
    // The rest of the batch is reported again where it still holds.
    m_batchNext = m_batchEnd;
}

void FdWatcher::addNotifier(QSocketNotifier *notifier)
{
    const auto fd = static_cast<int>(notifier->socket());
    const auto type = static_cast<std::size_t>(notifier->type());
    if (fd < 0 || notifier->thread() != QThread::currentThread()) {
        qCWarning(lcReactor,
                  "socket notifier for descriptor %d: %s",
                  fd,
                  fd < 0 ? "not a descriptor" : "enabled from another thread");
        return;
    }
    FdEntry &entry = m_fds.at(fd);
    if (entry.handler != nullptr) {
        qCWarning(lcReactor, "descriptor %d has a direct handler, no notifier can watch it", fd);
        return;
    }
    if (!entry.notifiers) {
        entry.notifiers = std::make_unique<NotifierSet>();
        ++entry.generation;
    }
    QSocketNotifier *&slot = entry.notifiers->notifiers[type];
    if (slot != nullptr && slot != notifier) {
        qCWarning(lcReactor, "descriptor %d: a second notifier of one type replaces the first", fd);
    }
    slot = notifier;
    entry.notifiers->hangUpTold = false;
    applyNotifiers(fd, entry);
}

void FdWatcher::removeNotifier(QSocketNotifier *notifier)
{
    const auto fd = static_cast<int>(notifier->socket());
    FdEntry *entry = m_fds.find(fd);
    if (entry == nullptr || !entry->notifiers) {
        return;
    }
    QSocketNotifier *&slot
        = entry->notifiers->notifiers[static_cast<std::size_t>(notifier->type())];
    if (slot != notifier) {
        return;
    }
    slot = nullptr;
    entry->notifiers->hangUpTold = false;
    applyNotifiers(fd, *entry);
}

// Tells the kernel what the notifiers of a descriptor ask for.
void FdWatcher::applyNotifiers(int fd, FdEntry &entry)
{
    NotifierSet &set = *entry.notifiers;
    quint32 events = 0;
    for (std::size_t type = 0; type < kInterest.size(); ++type) {
        events |= set.notifiers[type] != nullptr ? kInterest[type] : 0;
    }
    std::erase(m_alwaysReady, fd);
    if (events == 0) {
        release(fd, entry);
        return;
    }
    if (set.hangUpTold) {
        events |= EPOLLET;
    }
    // Even if nothing changes: the number may mean another file than when it was added.
    const quint64 token = FdTable::token(fd, entry.generation);
    int error
        = entry.events == 0 ? m_epoll.add(fd, events, token) : m_epoll.modify(fd, events, token);
    entry.events = events;
    set.alwaysReady = error == EPERM;
    if (set.alwaysReady) {
        if (!isLoneException(set)) {
            m_alwaysReady.push_back(fd);
        }
        return;
    }
    if (error != 0) {
        qCWarning(lcReactor,
                  "descriptor %d cannot be watched, its notifier is disabled: %s",
                  fd,
                  qUtf8Printable(qt_error_string(error)));
        const auto notifiers = set.notifiers;
        release(fd, entry);
        for (QSocketNotifier *notifier : notifiers) {
            if (notifier != nullptr) {
                notifier->setEnabled(false);
            }
        }
    }
}

int FdWatcher::activateNotifiers(quint64 token, quint32 events)
{
    int activated = 0;
    limitHangUps(FdTable::fdOf(token), *m_fds.find(token), events);
    for (std::size_t type = 0; type < kInterest.size(); ++type) {
        // Looked up anew each time: the handler before may have deleted or replaced any of them.
        FdEntry *entry = m_fds.find(token);
        if (entry == nullptr) {
            break;
        }
        QSocketNotifier *notifier = entry->notifiers->notifiers[type];
        if (notifier != nullptr && (events & (kInterest[type] | kTrouble)) != 0) {
            ++m_counts.fdEvents;
            ++activated;
            QEvent event(QEvent::SockAct);
            QCoreApplication::sendEvent(notifier, &event);
        }
    }
    return activated;
}

// Reading or writing ends a hang-up or error; a lone exception notifier does neither and would be
// activated without end. It is told once and then of changes only.
void FdWatcher::limitHangUps(int fd, FdEntry &entry, quint32 events)
{
    NotifierSet &set = *entry.notifiers;
    const bool hangUp = (events & kTrouble) != 0 && (events & kInterest[kException]) == 0;
    if (isLoneException(set) && set.hangUpTold != hangUp) {
        set.hangUpTold = hangUp;
        applyNotifiers(fd, entry);
    }
}

int FdWatcher::activateAlwaysReady()
{
    int activated = 0;
    const std::vector<int> fds = m_alwaysReady;
    for (const int fd : fds) {
        const FdEntry *entry = m_fds.find(fd);
        if (entry != nullptr && entry->notifiers && entry->notifiers->alwaysReady) {
            activated
                += activateNotifiers(FdTable::token(fd, entry->generation), EPOLLIN | EPOLLOUT);
        }
    }
    return activated;
}

} // namespace fairlead::core
