// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

// What a session gives its link: what is due again, notices, retained messages, history, then what is live.

#include "core/distributor/sessiontaking.h"

#include <fairlead/clock.h>

#include <algorithm>

namespace fairlead::core {

namespace {

// What a delivery adds around topic, properties and payload; only the window's estimate uses it.
constexpr qint64 kFrameOverhead = 16;

// Reactors read their clocks once a turn, so that a message may come from a little ahead; it must not
// live longer for it [MQTT-3.3.2-6].
constexpr qint64 kClocksApart = kNsPerSecond / 10;

quint32 secondsLeft(const Message &message, qint64 now) noexcept
{
    if (message.expiryDeadline() < 0)
        return kNever;
    const qint64 left = message.expiryDeadline() - now - kClocksApart;
    return quint32(std::max<qint64>(1, (left + kNsPerSecond - 1) / kNsPerSecond));
}

void showIds(const Matched &by, Delivery *delivery) noexcept
{
    const MatchTerms *terms = by.terms();
    const bool has = terms && !terms->ids.empty();
    delivery->subscriptionIds = has ? terms->ids.data() : nullptr;
    delivery->subscriptionIdCount = has ? quint32(terms->ids.size()) : 0;
}

} // namespace

Session::Taken Session::take(
    Delivery *out, int max, const Window &window, qint64 now, const SessionSources &sources)
{
    Taking taking = {out, max, window.unacked, window.bytes, now, sources.store, {}, false};
    m_windowClosed = false;
    m_awaited = 0;
    m_searching = false;
    m_givenIds.clear();
    takeResent(&taking);
    takeNotices(&taking);
    seekHistory(sources, now);
    takeRetained(&taking, sources.retained);
    // What fills the queue goes before history without an end, so that this costs no live message.
    const bool liveFirst = !isBelowQuarter();
    takeHistory(&taking, sources, liveFirst);
    if (hasLiveReplay())
        return taking.taken;
    takeLive(&taking);
    if (liveFirst)
        takeHistory(&taking, sources, false);
    return taking.taken;
}

void Session::takeResent(Taking *taking)
{
    for (; m_resend < m_inflight.size(); ++m_resend) {
        InFlight &entry = m_inflight[m_resend];
        if (entry.phase != Phase::Due)
            continue;
        if (taking->isFull())
            return;
        if (taking->unacked <= 0) {
            m_windowClosed = taking->ended = true;
            return;
        }
        Delivery &delivery = taking->out[taking->taken.count++];
        delivery.message = entry.message;
        delivery.handle = m_inflightBase + m_resend;
        showIds(entry.by, &delivery);
        delivery.tag = entry.tag;
        // Its delivery began in time, so it is not stopped (a started exchange is finished).
        delivery.expirySeconds = kNever;
        if (entry.message && entry.message.expiryDeadline() >= 0) {
            delivery.expirySeconds = entry.message.expiryDeadline() > taking->now
                ? secondsLeft(entry.message, taking->now)
                : 0;
        }
        delivery.qos = entry.qos;
        delivery.retain = entry.retain;
        delivery.resent = true;
        delivery.showPosition = entry.showPosition;
        entry.phase = Phase::Taken;
        --taking->unacked;
        taking->bytes -= kFrameOverhead + (entry.message ? qint64(entry.message.size()) : 0);
    }
}

// A notice has the place of the last message that it tells of, which this session never gets.
void Session::takeNotices(Taking *taking)
{
    if (!tellsLosses && m_losses)
        m_losses->clear();
    while (hasLosses() && !taking->isFull()) {
        PendingEntry entry;
        entry.qos = noticeQos();
        if (entry.qos > 0 && taking->unacked <= 0) {
            m_windowClosed = taking->ended = true;
            return;
        }
        entry.message = m_losses->takeNotice(entry.qos);
        entry.debt.copy = kNoCopy;
        if (entry.qos > 0)
            m_bytes += entry.message.size();
        give(taking, std::move(entry));
    }
}

// Hands one entry out; the caller has made sure that it fits.
void Session::give(Taking *taking, PendingEntry entry)
{
    Delivery &delivery = taking->out[taking->taken.count++];
    taking->bytes -= kFrameOverhead + qint64(entry.message.size());
    delivery.expirySeconds = secondsLeft(entry.message, taking->now);
    showIds(entry.by, &delivery);
    delivery.tag = 0;
    delivery.qos = entry.qos;
    delivery.retain = entry.retain;
    delivery.resent = entry.resent;
    delivery.showPosition = entry.showPosition;
    if (entry.qos == 0) {
        delivery.handle = 0;
        if (delivery.subscriptionIds)
            m_givenIds.push_back(std::move(entry.by));
        delivery.message = std::move(entry.message);
        return;
    }
    --taking->unacked;
    // Everything before is taken or settled, so the resend mark passes this one too.
    const bool markPasses = m_resend == m_inflight.size();
    delivery.handle = m_inflightBase + m_inflight.size();
    delivery.message = entry.message;
    InFlight inFlight;
    inFlight.sequence = entry.message.sequence();
    inFlight.copy = entry.debt.copy;
    inFlight.showPosition = entry.showPosition;
    inFlight.resent = entry.resent;
    inFlight.message = std::move(entry.message);
    inFlight.by = std::move(entry.by);
    inFlight.qos = entry.qos;
    inFlight.retain = entry.retain;
    m_inflight.pushBack(std::move(inFlight));
    ++m_unsettled;
    if (markPasses)
        ++m_resend;
}

// Whether what waits for @p ticket may be sent; the take ends here when it may not.
bool Session::mayLeave(Taking *taking, Ticket ticket)
{
    if (ticket == 0 || ticket <= taking->store->decidedUpTo())
        return true;
    m_awaited = ticket;
    taking->ended = true;
    return false;
}

// A message of the past that a durable session will hold is owed to it like any other.
void Session::keepPage(WalkPage *page, const WalkTerms &terms)
{
    page->ticket = 0;
    page->firstCopy = m_copies + 1;
    if (!m_store || terms.options.qos == 0)
        return;
    for (const Message &message : page->messages) {
        DurableTarget target;
        target.session = number();
        target.copy = ++m_copies;
        target.qos = terms.options.qos;
        target.retain = terms.isRetained;
        target.retainAsPublished = !terms.isRetained && terms.options.retainAsPublished;
        target.showPosition = terms.options.showPositions;
        target.ids = idsOf(terms.by.sharedTerms());
        const quint8 qos = std::min(message.qos(), terms.options.qos);
        if (qos == 0)
            continue;
        const Ticket ticket = m_store->append(record::AddTarget{message, std::move(target)},
                                              qos == 2 ? Durability::Disk : Durability::Memory);
        if (qos == 2)
            page->ticket = ticket;
    }
}

void Session::dropPage(const WalkPage &page, const WalkTerms &terms)
{
    for (std::size_t i = page.next; i < page.messages.size(); ++i) {
        settleStored(page.messages[i].sequence(),
                     page.firstCopy + quint32(i),
                     std::min(page.messages[i].qos(), terms.options.qos));
    }
}

// False when the page is not done and nothing more can be given now.
bool Session::takePage(Taking *taking, WalkPage *page, const WalkTerms &terms)
{
    while (!page->isDone()) {
        if (taking->isFull() || !mayLeave(taking, page->shown))
            return false;
        const Message &message = page->messages[page->next];
        PendingEntry entry;
        entry.qos = std::min(message.qos(), terms.options.qos);
        entry.debt.copy = page->firstCopy + quint32(page->next);
        if (message.isExpiredAt(taking->now)) {
            settleStored(message.sequence(), entry.debt.copy, entry.qos);
            ++page->next;
            continue;
        }
        if (entry.qos > 0 && taking->unacked <= 0) {
            m_windowClosed = taking->ended = true;
            return false;
        }
        if (entry.qos == 2 && !mayLeave(taking, page->ticket))
            return false;
        entry.message = std::move(page->messages[page->next++]);
        entry.by = terms.by;
        entry.retain
            = terms.isRetained || (entry.message.isRetain() && terms.options.retainAsPublished);
        entry.showPosition = terms.options.showPositions;
        if (entry.qos > 0)
            m_bytes += entry.message.size();
        give(taking, std::move(entry));
    }
    return true;
}

void Session::takeRetained(Taking *taking, const RetainedStore &retained)
{
    while (!m_walks.empty()) {
        RetainedWalk &walk = m_walks.front();
        if (!takePage(taking, &walk.page, walk.terms))
            return;
        if (!walk.more) {
            m_walks.erase(m_walks.begin());
            continue;
        }
        if (taking->isFull())
            return;
        walk.page.messages.clear();
        walk.page.next = 0;
        walk.more = retained.read(&walk.cursor, taking->now, &walk.page.messages);
        keepPage(&walk.page, walk.terms);
    }
}

void Session::takeLive(Taking *taking)
{
    while (!m_pending.isEmpty() && !taking->isFull()) {
        const PendingEntry &front = m_pending.front();
        const qint64 deadline = front.message.expiryDeadline();
        if (deadline >= 0 && deadline <= taking->now) {
            const PendingEntry expired = m_pending.popFront();
            m_bytes -= expired.message.size();
            settleStored(expired.message.sequence(), expired.debt.copy, expired.qos);
            ++taking->taken.expired;
            continue;
        }
        if (front.debt.ticket != 0) {
            if (!mayLeave(taking, front.debt.ticket))
                return;
            // Its publisher was told to keep it, and will send it again.
            if (front.debt.isAwaited && m_store->isRefused(front.debt.ticket)) {
                m_bytes -= front.message.size();
                m_pending.popFront();
                continue;
            }
        }
        if (front.qos > 0 && taking->unacked <= 0) {
            m_windowClosed = taking->ended = true;
            return;
        }
        if (front.qos == 0)
            m_bytes -= front.message.size();
        give(taking, m_pending.popFront());
    }
}

} // namespace fairlead::core
