// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

#include <fairlead/operations.h>
#include <fairlead/result.h>

#include <atomic>

namespace fairlead::core {

/// Whether one target gets new work, and how much of the old is left (BC-06). Draining begins when it
/// is decided, before the target knows, and ends by resume() or close() alone: activity of the target
/// says nothing about it.
///
/// Thread: any; decisions are made on main. Ownership: shared by the broadcaster and whoever routes.
class QuiesceState
{
public:
    enum class State : quint8 {
        Open,
        Draining,
        Closed
    };

    State state() const noexcept { return m_state.load(std::memory_order_acquire); }

    bool isDraining() const noexcept { return state() == State::Draining; }

    /// Why it drains; None otherwise.
    QuiesceReason reason() const noexcept { return m_reason.load(std::memory_order_acquire); }

    /// Asks for a place for one piece of new work, to be given back with endWork(). Errors:
    /// ShuttingDown while it drains for the host's end, LimitReached (to be tried later) while it
    /// drains for another reason, ConnectionClosed.
    Result<> beginWork() noexcept;
    void endWork() noexcept;

    /// Pieces of work that began and did not end.
    qint64 work() const noexcept { return m_work.load(std::memory_order_acquire); }

    /// No new work is taken and the old is done.
    bool isDrained() const noexcept { return state() != State::Open && work() == 0; }

    /// Open to Draining; one that drains already goes on for the later reason. Errors:
    /// InvalidTransition once closed.
    Result<> drain(QuiesceReason reason);
    /// Draining to Open; nothing to do when it is open. Errors: InvalidTransition once closed.
    Result<> resume();
    void close() noexcept;

private:
    Error refusal() const;

    std::atomic<State> m_state = State::Open;
    std::atomic<QuiesceReason> m_reason = QuiesceReason::None;
    std::atomic<qint64> m_work = 0;
};

} // namespace fairlead::core
