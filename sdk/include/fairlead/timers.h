// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

#include <fairlead/export.h>

namespace fairlead {

class Timers;

/// A deadline that lives inside its owner; nothing is allocated to arm it.
///
/// Thread: the reactor whose Timers armed it. Ownership: the owner's member; destroying it disarms
/// it, so a late call cannot reach a dead owner. @since 0.1
class FAIRLEAD_SDK_EXPORT Timer
{
public:
    using Callback = void (*)(void *owner);

    Timer(Callback callback, void *owner) noexcept
        : m_callback(callback)
        , m_owner(owner)
    { }

    ~Timer();
    Timer(const Timer &) = delete;
    Timer &operator=(const Timer &) = delete;

    bool isArmed() const noexcept { return m_timers != nullptr; }

    qint64 deadline() const noexcept { return m_deadline; }

private:
    friend class Timers;
    Callback m_callback;
    void *m_owner;
    Timers *m_timers = nullptr;
    qint64 m_deadline = 0;
    quint32 m_slot = 0;
};

/// The timers of one reactor. A timer never fires before its deadline. Thread: that reactor.
/// @since 0.1
class FAIRLEAD_SDK_EXPORT Timers
{
public:
    virtual ~Timers();

    /// Arms @p timer for @p deadline (monotonic nanoseconds, see Clock::now()); an armed one moves.
    virtual void arm(Timer &timer, qint64 deadline) noexcept = 0;
    virtual void disarm(Timer &timer) noexcept = 0;

protected:
    /// For implementations: what a Timer holds for them.
    static Timers *&timersOf(Timer &timer) noexcept { return timer.m_timers; }

    static qint64 &deadlineOf(Timer &timer) noexcept { return timer.m_deadline; }

    static quint32 &slotOf(Timer &timer) noexcept { return timer.m_slot; }

    static void fire(Timer &timer) { timer.m_callback(timer.m_owner); }
};

} // namespace fairlead

#define FAIRLEAD_TIMERS_IID "org.fairlead.Timers/1"
