// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/storethread.h"

#include <chrono>

namespace fairlead::core {

StoreThread::StoreThread(Store &store)
    : m_store(store)
{
    setObjectName(QStringLiteral("store"));
    m_store.setDriver(this);
    start();
}

StoreThread::~StoreThread()
{
    m_store.setDriver(nullptr);
    {
        const std::lock_guard lock(m_lock);
        m_ending = true;
    }
    m_changed.notify_one();
    wait();
}

void StoreThread::wake() noexcept
{
    {
        const std::lock_guard lock(m_lock);
        m_woken = true;
    }
    m_changed.notify_one();
}

void StoreThread::run()
{
    qint64 deadline = -1;
    while (await(deadline))
        deadline = m_store.runGroup();
}

bool StoreThread::await(qint64 deadline)
{
    std::unique_lock lock(m_lock);
    const auto isDue = [this] { return m_woken || m_ending; };
    if (deadline < 0) {
        m_changed.wait(lock, isDue);
    } else {
        // The steady clock is the one of monotonicNs().
        const std::chrono::steady_clock::time_point until{std::chrono::nanoseconds(deadline)};
        m_changed.wait_until(lock, until, isDue);
    }
    m_woken = false;
    return !m_ending;
}

} // namespace fairlead::core
