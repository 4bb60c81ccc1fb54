// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

#include <atomic>

namespace fairlead {

/// The protocol frames of one reactor, whatever the protocol calls them; drivers count them.
/// Thread: added to on the reactor, read on any. @since 0.1
class FrameCounter
{
public:
    void addReceived(quint64 frames = 1) noexcept { add(m_received, frames); }

    void addSent(quint64 frames = 1) noexcept { add(m_sent, frames); }

    quint64 received() const noexcept { return m_received.load(std::memory_order_relaxed); }

    quint64 sent() const noexcept { return m_sent.load(std::memory_order_relaxed); }

private:
    // One writer, so no read-modify-write instruction.
    static void add(std::atomic<quint64> &counter, quint64 frames) noexcept
    {
        counter.store(counter.load(std::memory_order_relaxed) + frames, std::memory_order_relaxed);
    }

    std::atomic<quint64> m_received = 0;
    std::atomic<quint64> m_sent = 0;
};

} // namespace fairlead
