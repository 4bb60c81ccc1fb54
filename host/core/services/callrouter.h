// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/services/seat.h"

#include <fairlead/clock.h>
#include <fairlead/timers.h>

#include <map>
#include <set>
#include <unordered_map>
#include <utility>

namespace fairlead::core {

struct CallStats
{
    quint64 begun = 0;
    quint64 answered = 0; ///< with a result, or that it failed
    quint64 timedOut = 0;
    quint64 refused = 0; ///< nobody to answer, or no room
    quint64 broken = 0; ///< who was called left
    quint64 dropped = 0; ///< who asked left
    quint64 lateAnswers = 0; ///< to calls that are not open, or not to that service
};

/// The calls under way between services: each ends once, by its answer, its deadline, or the end of
/// one of the two. Knows links, not services. Thread: main. Ownership: the desk's.
class CallRouter final
{
public:
    /// Under way at a time, in the whole host.
    static constexpr std::size_t kMaxOpen = 4096;
    /// Of the bodies of calls under way, in bytes.
    static constexpr qsizetype kMaxOpenBytes = qsizetype(64) * 1024 * 1024;

    CallRouter(const Clock &clock, Timers &timers) noexcept;

    struct Party
    {
        quint64 link = 0;
        std::shared_ptr<SeatLink> seat;
    };

    /// Hands @p call of @p caller, known as @p peerKey, to @p provider. Errors: LimitReached; the
    /// caller is told of nothing then.
    Result<> begin(const Party &caller,
                   const QByteArray &peerKey,
                   const SeatCall &call,
                   const Party &provider);
    /// Tells the caller that there will be no answer.
    void refuse(const Party &caller, const SeatCall &call, const Error &error);
    void answer(quint64 provider, quint64 id, const Result<QByteArray> &result);
    /// Of the calls it was to answer, their callers hear @p reason; the calls it asked for are dropped.
    void end(quint64 link, const Error &reason);

    /// Calls that the link with that generation is to answer.
    qsizetype openAt(quint64 provider) const;

    std::size_t openCount() const noexcept { return m_calls.size(); }

    qsizetype openBytes() const noexcept { return m_bytes; }

    const CallStats &stats() const noexcept { return m_stats; }

private:
    struct Open
    {
        Party caller;
        Party provider;
        quint32 tag = 0;
        qsizetype bytes = 0;
        qint64 deadline = 0;
    };

    using Calls = std::map<quint64, Open>; ///< in the order in which they began

    Open take(Calls::iterator at);
    void handleTimeout();
    void rearm();

    const Clock &m_clock;
    Timers &m_timers;
    Timer m_timer;
    Calls m_calls;
    std::set<std::pair<qint64, quint64>> m_deadlines;
    std::unordered_map<quint64, qsizetype> m_openAt; ///< by the provider's link
    quint64 m_nextId = 1;
    qsizetype m_bytes = 0;
    CallStats m_stats;
};

} // namespace fairlead::core
