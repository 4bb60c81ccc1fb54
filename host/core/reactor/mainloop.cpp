// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/reactor/mainloop.h"

#include <QThread>

#include <sys/epoll.h>

namespace fairlead::core {

MainLoop::MainLoop(EpollDispatcher &dispatcher)
    : m_dispatcher(dispatcher)
    , m_thread(QThread::currentThreadId())
{
    dispatcher.setTurnHandler(this);
}

MainLoop::~MainLoop()
{
    m_dispatcher.setTurnHandler(nullptr);
}

bool MainLoop::watch(int fd, FdHandler &handler)
{
    return m_dispatcher.addFd(fd, &handler, EPOLLIN);
}

void MainLoop::unwatch(int fd)
{
    m_dispatcher.removeFd(fd);
}

void MainLoop::post(std::function<void()> call)
{
    {
        const std::scoped_lock locked(m_lock);
        m_posts.push_back(std::move(call));
    }
    m_dispatcher.wakeUp();
}

bool MainLoop::isCurrent() const noexcept
{
    return QThread::currentThreadId() == m_thread;
}

bool MainLoop::hasPendingWork() const noexcept
{
    const std::scoped_lock locked(m_lock);
    return !m_posts.empty();
}

void MainLoop::runTurn() noexcept
{
    m_clock.refresh();
    std::vector<std::function<void()>> calls;
    {
        const std::scoped_lock locked(m_lock);
        calls.swap(m_posts);
    }
    for (const auto &call : calls)
        call();
    m_timers.fireDue(m_clock.now());
}

} // namespace fairlead::core
