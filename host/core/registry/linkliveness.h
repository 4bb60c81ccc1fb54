// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/link.h>

#include <atomic>
#include <limits>

namespace fairlead::core {

/// What others may know of a link without touching it. It outlives the link, so that the registry
/// can ask at any time (RG-04).
///
/// Thread: written on the link's reactor, read on any. Ownership: shared.
class LinkLiveness
{
public:
    static constexpr qint64 kNoDeadline = std::numeric_limits<qint64>::max();

    /// Not closed, and heard of in time. @p now in monotonic nanoseconds.
    bool isLive(qint64 now) const noexcept
    {
        return state() != Link::State::Closed && now < deadline();
    }

    Link::State state() const noexcept { return m_state.load(std::memory_order_acquire); }

    qint64 deadline() const noexcept { return m_deadline.load(std::memory_order_relaxed); }

    /// Closed is final; a late state is ignored.
    void setState(Link::State state) noexcept
    {
        if (state == Link::State::Closed)
            end();
        else if (this->state() != Link::State::Closed)
            m_state.store(state, std::memory_order_release);
    }

    /// From LinkHooks::linkEnding(): the first act of closing (RG-05).
    void end() noexcept
    {
        if (m_state.exchange(Link::State::Closed, std::memory_order_acq_rel) != Link::State::Closed)
            s_ended.fetch_add(1, std::memory_order_release);
    }

    /// Until when the link counts as alive without a further sign of life. Moves forward only.
    void extend(qint64 deadline) noexcept { m_deadline.store(deadline, std::memory_order_relaxed); }

    /// Grows with every end() in the process: whether a look for closed ones is worth its while.
    static quint64 endedCount() noexcept { return s_ended.load(std::memory_order_acquire); }

private:
    static inline std::atomic<quint64> s_ended = 0;

    std::atomic<Link::State> m_state = Link::State::New;
    std::atomic<qint64> m_deadline = kNoDeadline;
};

} // namespace fairlead::core
