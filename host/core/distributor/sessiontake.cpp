// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

// What a session gives its link: what is due again, notices, retained messages, then what is live.

#include "core/distributor/session.h"

#include <fairlead/clock.h>

#include <algorithm>

namespace fairlead::core {

namespace {

// What a delivery adds around topic, properties and payload; only the window's estimate uses it.
constexpr qint64 kFrameOverhead = 16;

quint32 secondsLeft(const Message &message, qint64 now) noexcept
{
    if (message.expiryDeadline() < 0)
        return kNever;
    return quint32((message.expiryDeadline() - now + kNsPerSecond - 1) / kNsPerSecond);
}

void showIds(const Matched &by, Delivery *delivery) noexcept
{
    const MatchTerms *terms = by.terms();
    const bool has = terms && !terms->ids.empty();
    delivery->subscriptionIds = has ? terms->ids.data() : nullptr;
    delivery->subscriptionIdCount = has ? quint32(terms->ids.size()) : 0;
}

} // namespace

struct Session::Taking
{
    Delivery *out;
    int max;
    int unacked;
    qint64 bytes;
    qint64 now;
    Taken taken;
    bool ended = false;

    bool isFull() const noexcept { return ended || taken.count == max || bytes <= 0; }
};

Session::Taken Session::take(
    Delivery *out, int max, const Window &window, qint64 now, const RetainedStore &retained)
{
    Taking taking = {out, max, window.unacked, window.bytes, now, {}, false};
    m_windowClosed = false;
    m_awaited = 0;
    m_givenIds.clear();
    takeResent(&taking);
    takeNotices(&taking);
    takeRetained(&taking, retained);
    takeLive(&taking);
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
    if (ticket == 0 || ticket <= m_store->decidedUpTo())
        return true;
    m_awaited = ticket;
    taking->ended = true;
    return false;
}

// A retained message that a durable session will hold is owed to it like any other.
void Session::keepPage(RetainedWalk *walk)
{
    walk->ticket = 0;
    walk->firstCopy = m_copies + 1;
    if (!m_store || walk->options.qos == 0)
        return;
    for (const Message &message : walk->page) {
        DurableTarget target;
        target.session = number();
        target.copy = ++m_copies;
        target.qos = walk->options.qos;
        target.retain = true;
        target.showPosition = walk->options.showPositions;
        target.ids = idsOf(walk->by.sharedTerms());
        const quint8 qos = std::min(message.qos(), walk->options.qos);
        if (qos == 0)
            continue;
        const Ticket ticket = m_store->append(record::AddTarget{message, std::move(target)},
                                              qos == 2 ? Durability::Disk : Durability::Memory);
        if (qos == 2)
            walk->ticket = ticket;
    }
}

void Session::dropWalk(const RetainedWalk &walk)
{
    for (std::size_t i = walk.next; i < walk.page.size(); ++i) {
        settleStored(walk.page[i].sequence(),
                     walk.firstCopy + quint32(i),
                     std::min(walk.page[i].qos(), walk.options.qos));
    }
}

void Session::takeRetained(Taking *taking, const RetainedStore &retained)
{
    while (!m_walks.empty()) {
        RetainedWalk &walk = m_walks.front();
        if (walk.next == walk.page.size()) {
            if (!walk.more) {
                m_walks.erase(m_walks.begin());
                continue;
            }
            if (taking->isFull())
                return;
            walk.page.clear();
            walk.next = 0;
            walk.more = retained.read(&walk.cursor, taking->now, &walk.page);
            keepPage(&walk);
            continue;
        }
        if (taking->isFull())
            return;
        const Message &message = walk.page[walk.next];
        PendingEntry entry;
        entry.qos = std::min(message.qos(), walk.options.qos);
        entry.debt.copy = walk.firstCopy + quint32(walk.next);
        if (message.expiryDeadline() >= 0 && message.expiryDeadline() <= taking->now) {
            settleStored(message.sequence(), entry.debt.copy, entry.qos);
            ++walk.next;
            continue;
        }
        if (entry.qos > 0 && taking->unacked <= 0) {
            m_windowClosed = taking->ended = true;
            return;
        }
        if (entry.qos == 2 && !mayLeave(taking, walk.ticket))
            return;
        entry.message = std::move(walk.page[walk.next++]);
        entry.by = walk.by;
        entry.retain = true;
        entry.showPosition = walk.options.showPositions;
        if (entry.qos > 0)
            m_bytes += entry.message.size();
        give(taking, std::move(entry));
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
            if (m_store->isRefused(front.debt.ticket)) {
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
