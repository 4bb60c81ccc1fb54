// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/lifecycle/supervisor/dialbudget.h"

#include <QtCore/QtGlobal>

#include <fairlead/timers.h>

#include <functional>

namespace fairlead::core {

/// Where the one attempt of an endpoint lives: running flag, counter, timer, dial and permit in
/// one object, so that whatever ends the attempt frees all of them (SV-05, SV-11). Thread: main.
class AttemptSlot
{
public:
    enum class Phase : quint8 {
        Free,
        Claimed, ///< being set up, or waiting for nothing yet
        Waiting, ///< a ticket: the dial follows at the deadline
        Dialling,
        Handshaking
    };

    /// Holds the slot for the scope that sets an attempt up; frees it on every way out but keep().
    class Claim
    {
    public:
        Claim(Claim &&) = delete;
        Claim &operator=(Claim &&) = delete;
        ~Claim();

        /// False when an attempt has the slot already: that one stays the only one.
        explicit operator bool() const noexcept { return m_slot != nullptr; }

        /// The attempt outlives the scope.
        void keep() noexcept { m_slot = nullptr; }

    private:
        friend class AttemptSlot;

        explicit Claim(AttemptSlot *slot) noexcept
            : m_slot(slot)
        { }

        AttemptSlot *m_slot;
    };

    /// @p abort ends a dial that was issued and has not ended.
    AttemptSlot(Timers &timers,
                Timer::Callback onTimer,
                void *owner,
                std::function<void(quint64 generation)> abort);
    AttemptSlot(const AttemptSlot &) = delete;
    AttemptSlot &operator=(const AttemptSlot &) = delete;
    ~AttemptSlot() = default;

    [[nodiscard]] Claim claim(quint64 generation) noexcept;

    /// The ticket, until @p deadline.
    void wait(qint64 deadline) noexcept;
    /// The dial, to be over at @p deadline.
    void dial(DialPermit permit, qint64 deadline) noexcept;
    /// The transport was asked: from here on to free the slot is to abort the dial.
    void markIssued() noexcept;
    /// The dial has ended, the handshake has until @p deadline, or has until another one now.
    void handshake(qint64 deadline) noexcept;

    /// The attempt is over by itself: nothing to abort.
    void finish() noexcept;
    /// Frees the slot, whatever is in it; aborts a dial that was issued.
    void release();

    Phase phase() const noexcept { return m_phase; }

    bool isFree() const noexcept { return m_phase == Phase::Free; }

    /// Whether a dial or a handshake is under way.
    bool isBusy() const noexcept
    {
        return m_phase == Phase::Dialling || m_phase == Phase::Handshaking;
    }

    /// Whether @p generation is the attempt that is under way.
    bool isBusyWith(quint64 generation) const noexcept
    {
        return isBusy() && m_generation == generation;
    }

    quint64 generation() const noexcept { return m_generation; }

    qint64 deadline() const noexcept { return m_timer.isArmed() ? m_timer.deadline() : -1; }

    /// Attempts in this series.
    quint32 count() const noexcept { return m_count; }

    void countAttempt() noexcept;

    void resetCount() noexcept { m_count = 0; }

private:
    Timers &m_timers;
    Timer m_timer;
    std::function<void(quint64)> m_abort;
    DialPermit m_permit;
    quint64 m_generation = 0;
    quint32 m_count = 0;
    Phase m_phase = Phase::Free;
    bool m_issued = false;
};

} // namespace fairlead::core
