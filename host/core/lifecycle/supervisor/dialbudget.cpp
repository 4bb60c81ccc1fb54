// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/supervisor/dialbudget.h"

#include <algorithm>
#include <utility>

namespace fairlead::core {

struct DialPermit::Table
{
    struct Window
    {
        qint64 began = 0;
        quint64 flight = 0; ///< 0: none
        int dials = 0;
        bool storm = false;
    };

    QHash<QString, Window> windows;
};

DialPermit::DialPermit(std::weak_ptr<Table> table, QString key, quint64 flight) noexcept
    : m_table(std::move(table))
    , m_key(std::move(key))
    , m_flight(flight)
{ }

DialPermit::DialPermit(DialPermit &&other) noexcept
    : m_table(std::move(other.m_table))
    , m_key(std::move(other.m_key))
    , m_flight(std::exchange(other.m_flight, 0))
{ }

DialPermit &DialPermit::operator=(DialPermit &&other) noexcept
{
    if (this != &other) {
        release();
        m_table = std::move(other.m_table);
        m_key = std::move(other.m_key);
        m_flight = std::exchange(other.m_flight, 0);
    }
    return *this;
}

DialPermit::~DialPermit()
{
    release();
}

void DialPermit::release() noexcept
{
    const quint64 flight = std::exchange(m_flight, 0);
    if (flight == 0)
        return;
    const std::shared_ptr<Table> table = m_table.lock();
    if (!table)
        return;
    const auto found = table->windows.find(m_key);
    if (found != table->windows.end() && found->flight == flight)
        found->flight = 0;
}

DialBudget::DialBudget(const DialBudgetLimits &limits)
    : m_limits{std::max(1, limits.dials),
               std::max<qint64>(1, limits.windowNs),
               std::max<qsizetype>(1, limits.keys)}
    , m_table(std::make_shared<DialPermit::Table>())
{ }

DialBudget::~DialBudget() = default;

void DialBudget::forgetIdle(qint64 now)
{
    m_lastForgotten = now;
    m_table->windows.removeIf([this, now](const auto &entry) {
        return entry->flight == 0 && now - entry->began >= m_limits.windowNs;
    });
}

DialAnswer DialBudget::ask(const QString &key, DialTrigger trigger, qint64 now)
{
    auto &windows = m_table->windows;
    const bool isFull = windows.size() >= m_limits.keys && !windows.contains(key);
    if (isFull || now - m_lastForgotten >= m_limits.windowNs)
        forgetIdle(now);

    DialAnswer answer;
    auto found = windows.find(key);
    if (found == windows.end()) {
        if (windows.size() >= m_limits.keys) {
            answer.retryAfterNs = m_limits.windowNs;
            return answer;
        }
        found = windows.insert(key, {now, 0, 0, false});
    }
    if (now - found->began >= m_limits.windowNs) {
        found->began = now;
        found->dials = 0;
        found->storm = false;
    }
    if (found->flight != 0) {
        answer.verdict = DialAnswer::Verdict::InProgress;
        return answer;
    }
    if (found->dials >= m_limits.dials) {
        answer.retryAfterNs = found->began + m_limits.windowNs - now;
        if (trigger != DialTrigger::BackOff && !found->storm) {
            found->storm = true;
            answer.stormBegan = true;
            ++m_storms;
        }
        return answer;
    }
    ++found->dials;
    found->flight = ++m_lastFlight;
    answer.verdict = DialAnswer::Verdict::Granted;
    answer.permit = DialPermit(m_table, key, found->flight);
    return answer;
}

qsizetype DialBudget::keyCount() const noexcept
{
    return m_table->windows.size();
}

qsizetype DialBudget::inFlight() const noexcept
{
    return std::count_if(m_table->windows.cbegin(),
                         m_table->windows.cend(),
                         [](const auto &window) { return window.flight != 0; });
}

} // namespace fairlead::core
