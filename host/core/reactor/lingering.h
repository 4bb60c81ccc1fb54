// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/reactor/linkstream.h"
#include "core/reactor/reactor.h"

namespace fairlead::core {

/// A stream whose link is closed: sends what was committed, then waits for the peer to close too, so
/// that the last frame is not lost to a reset, within a bounded time. Thread: its reactor.
class Reactor::Lingering final : private StreamOwner
{
public:
    Lingering(Reactor &reactor,
              std::unique_ptr<LinkStream> stream,
              LinkPlace place,
              bool inputEnded);

    /// One step; afterwards isDone() may be true.
    void step();

    bool isDone() const noexcept { return m_done; }

private:
    void streamReadable() noexcept override { due(); }

    void streamWritable() noexcept override { due(); }

    void streamFilled() noexcept override { }

    void streamReadingChanged(bool) noexcept override { }

    void due() noexcept;
    void finish() noexcept;

    static constexpr qint64 kLingerNs = 2 * kNsPerSecond;

    Reactor &m_reactor;
    LinkPlace m_place;
    std::unique_ptr<LinkStream> m_stream;
    Timer m_deadline;
    bool m_inputEnded;
    bool m_outputFinished = false;
    bool m_due = true;
    bool m_done = false;
};

} // namespace fairlead::core
