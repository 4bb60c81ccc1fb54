// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/store.h"

#include <QThread>

#include <condition_variable>
#include <mutex>

namespace fairlead::core {

/// Runs the groups of one store, each as soon as it is due. Starts at once; the store is open.
///
/// Thread: made and destroyed where the store is, after whoever appends has ended. The end joins the
/// thread and writes nothing: Store::drain() or close() does that.
class StoreThread final : public QThread, private StoreDriver
{
public:
    explicit StoreThread(Store &store);
    ~StoreThread() override;

private:
    void run() override;
    void wake() noexcept override;
    /// Until woken or @p deadline; false: the thread is to end.
    bool await(qint64 deadline);

    Store &m_store;
    std::mutex m_lock;
    std::condition_variable m_changed;
    bool m_woken = true;
    bool m_ending = false;
};

} // namespace fairlead::core
