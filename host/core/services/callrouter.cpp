// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/services/callrouter.h"

#include <vector>

namespace fairlead::core {

CallRouter::CallRouter(const Clock &clock, Timers &timers) noexcept
    : m_clock(clock)
    , m_timers(timers)
    , m_timer([](void *self) noexcept { static_cast<CallRouter *>(self)->handleTimeout(); }, this)
{ }

Result<> CallRouter::begin(const Party &caller,
                           const QByteArray &peerKey,
                           const SeatCall &call,
                           const Party &provider)
{
    if (m_calls.size() >= kMaxOpen || m_bytes + call.body.size() > kMaxOpenBytes) {
        return Error(ErrorCode::LimitReached,
                     QStringLiteral("%1 calls with %2 bytes are under way, no more are allowed")
                         .arg(m_calls.size())
                         .arg(m_bytes));
    }
    const quint64 id = m_nextId++;
    Open open;
    open.caller = caller;
    open.provider = provider;
    open.tag = call.tag;
    open.bytes = call.body.size();
    open.deadline = m_clock.now() + call.timeout;
    m_bytes += open.bytes;
    m_deadlines.emplace(open.deadline, id);
    ++m_openAt[provider.link];
    ++m_stats.begun;
    ServiceCall told;
    told.id = id;
    told.capability = call.capability;
    told.body = call.body;
    told.caller = peerKey;
    told.deadline = open.deadline;
    m_calls.emplace(id, std::move(open));
    rearm();
    provider.seat->call(told);
    return {};
}

void CallRouter::refuse(const Party &caller, const SeatCall &call, const Error &error)
{
    ++m_stats.refused;
    caller.seat->finish(call.tag, error);
}

void CallRouter::answer(quint64 provider, quint64 id, const Result<QByteArray> &result)
{
    const auto found = m_calls.find(id);
    if (found == m_calls.end() || found->second.provider.link != provider) {
        ++m_stats.lateAnswers;
        return;
    }
    const Open open = take(found);
    ++m_stats.answered;
    rearm();
    open.caller.seat->finish(open.tag, result);
}

void CallRouter::end(quint64 link, const Error &reason)
{
    std::vector<Open> broken;
    for (auto at = m_calls.begin(); at != m_calls.end();) {
        const auto next = std::next(at);
        const bool isCaller = at->second.caller.link == link;
        if (isCaller || at->second.provider.link == link) {
            const quint64 id = at->first;
            Open open = take(at);
            if (open.provider.link != link)
                open.provider.seat->dropCall(id);
            if (isCaller)
                ++m_stats.dropped;
            else
                broken.push_back(std::move(open));
        }
        at = next;
    }
    rearm();
    m_stats.broken += broken.size();
    for (const Open &open : broken)
        open.caller.seat->finish(open.tag, reason);
}

qsizetype CallRouter::openAt(quint64 provider) const
{
    const auto found = m_openAt.find(provider);
    return found == m_openAt.end() ? 0 : found->second;
}

CallRouter::Open CallRouter::take(Calls::iterator at)
{
    Open open = std::move(at->second);
    m_deadlines.erase({open.deadline, at->first});
    m_bytes -= open.bytes;
    if (const auto count = m_openAt.find(open.provider.link); --count->second == 0)
        m_openAt.erase(count);
    m_calls.erase(at);
    return open;
}

void CallRouter::handleTimeout()
{
    const qint64 now = m_clock.now();
    while (!m_deadlines.empty() && m_deadlines.begin()->first <= now) {
        const quint64 id = m_deadlines.begin()->second;
        const Open open = take(m_calls.find(id));
        ++m_stats.timedOut;
        open.provider.seat->dropCall(id);
        open.caller.seat->finish(
            open.tag,
            Error(ErrorCode::Timeout, QStringLiteral("the service did not answer in time")));
    }
    rearm();
}

void CallRouter::rearm()
{
    if (m_deadlines.empty())
        m_timers.disarm(m_timer);
    else
        m_timers.arm(m_timer, m_deadlines.begin()->first);
}

} // namespace fairlead::core
