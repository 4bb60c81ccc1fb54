// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

#include <atomic>

namespace fairlead::core {

/// Numbers for links, attempts, timers and acks: unique and increasing in the host's life, never 0
/// (RG-14). Thread: any.
class GenerationSource
{
public:
    quint64 next() noexcept { return m_next.fetch_add(1, std::memory_order_relaxed); }

private:
    std::atomic<quint64> m_next = 1;
};

} // namespace fairlead::core
