// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QHash>
#include <QtCore/QString>

#include <fairlead/clock.h>

#include <memory>

namespace fairlead::core {

struct DialBudgetLimits
{
    int dials = 12; ///< per window and key, over all triggers
    qint64 windowNs = 30 * kNsPerSecond;
    qsizetype keys = 4096; ///< keys with a dial in flight or a window that runs
};

/// Who wants a dial.
enum class DialTrigger : quint8 {
    Start, ///< an endpoint is started
    BackOff, ///< the supervisor's own ticket: refused it waits on, and is no storm
    Operator,
    Discovery ///< the peer announced itself
};

/// The right to one dial of a key; while it lives no other is granted for that key. Gives itself
/// back, also after the budget is gone. Thread: main.
class DialPermit
{
public:
    DialPermit() = default;
    DialPermit(DialPermit &&other) noexcept;
    DialPermit &operator=(DialPermit &&other) noexcept;
    DialPermit(const DialPermit &) = delete;
    DialPermit &operator=(const DialPermit &) = delete;
    ~DialPermit();

    bool isHeld() const noexcept { return m_flight != 0; }

    void release() noexcept;

private:
    friend class DialBudget;
    struct Table;
    DialPermit(std::weak_ptr<Table> table, QString key, quint64 flight) noexcept;

    std::weak_ptr<Table> m_table;
    QString m_key;
    quint64 m_flight = 0;
};

struct DialAnswer
{
    enum class Verdict : quint8 {
        Granted,
        InProgress, ///< another dial of that key is under way; when it ends is not known
        Exhausted
    };
    Verdict verdict = Verdict::Exhausted;
    DialPermit permit; ///< held with Granted
    qint64 retryAfterNs = 0; ///< with Exhausted: the rest of the window
    bool stormBegan = false; ///< true once per window and key
};

/// Bounds how often a key is dialled, whoever asks (SV-12): one dial at a time and a number per
/// window. The window begins with its first dial; when it is over the count begins again, but a
/// dial in flight stays in flight. Idle keys are forgotten. Thread: main.
class DialBudget
{
public:
    explicit DialBudget(const DialBudgetLimits &limits = DialBudgetLimits());
    DialBudget(const DialBudget &) = delete;
    DialBudget &operator=(const DialBudget &) = delete;
    ~DialBudget();

    /// @p now: monotonic nanoseconds, never decreasing.
    DialAnswer ask(const QString &key, DialTrigger trigger, qint64 now);

    qsizetype keyCount() const noexcept;
    qsizetype inFlight() const noexcept;

    quint64 storms() const noexcept { return m_storms; }

private:
    void forgetIdle(qint64 now);

    const DialBudgetLimits m_limits;
    std::shared_ptr<DialPermit::Table> m_table;
    qint64 m_lastForgotten = 0;
    quint64 m_lastFlight = 0;
    quint64 m_storms = 0;
};

} // namespace fairlead::core
