// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/session.h"

#include "core/distributor/congestion.h"
#include "core/distributor/sessiontable.h"

#include <fairlead/clock.h>

#include <algorithm>

namespace fairlead::core {

namespace {

constexpr std::size_t kMaxWalks = 1024;
// Copies from here on are counted by the sequencer.
constexpr quint32 kFirstForeignCopy = 0x40000000;
// Of what is not stored.
constexpr quint32 kNoCopy = 0xFFFFFFFF;

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

Session::Session(quint64 number, QByteArray key, QByteArray peerKey, const SessionLimits &limits)
    : expiryTimer(
        [](void *self) noexcept {
            auto *session = static_cast<Session *>(self);
            session->home->handleExpired(*session);
        },
        this)
    , testamentTimer(
          [](void *self) noexcept {
              auto *session = static_cast<Session *>(self);
              session->home->publishTestament(*session);
          },
          this)
    , m_subscriber(std::make_shared<Subscriber>())
    , m_key(std::move(key))
    , m_peerKey(std::move(peerKey))
    , m_limits(limits)
{
    m_subscriber->number = number;
    m_subscriber->session = this;
}

Session::~Session() = default;

void Session::makeDurable(Store &store) noexcept
{
    m_store = &store;
    m_subscriber->durable.store(true, std::memory_order_relaxed);
}

void Session::attach(HostLink *holder)
{
    m_holder = holder;
    m_windowClosed = false;
    m_awaited = 0;
    m_subscriber->online.store(true, std::memory_order_relaxed);
}

void Session::detach()
{
    m_holder = nullptr;
    m_subscriber->online.store(false, std::memory_order_relaxed);
    m_windowClosed = false;
    m_awaited = 0;
    for (std::size_t i = 0; i < m_inflight.size(); ++i) {
        InFlight &entry = m_inflight[i];
        if (entry.phase == Phase::Taken) {
            entry.phase = Phase::Due;
            entry.resent = true;
        }
    }
    m_resend = 0;
}

Session::Push Session::push(const Message &message, const LocalTarget::Way &way, Debt debt)
{
    const quint8 qos = std::min(message.qos(), way.qos);
    // A message that nobody promised to keep is not collected for who is away.
    if (!m_holder && qos == 0)
        return Push::Skipped;
    if (queuedMessages() >= m_limits.queueMessages
        || m_bytes + message.size() > m_limits.queueBytes)
        return Push::Full;
    append(entryOf(message, way, debt));
    return Push::Queued;
}

void Session::pushOver(const Message &message, const LocalTarget::Way &way, Debt debt)
{
    append(entryOf(message, way, debt));
}

PendingEntry Session::entryOf(const Message &message, const LocalTarget::Way &way, Debt debt) const
{
    PendingEntry entry;
    entry.message = message;
    entry.by = way.by;
    entry.qos = std::min(message.qos(), way.qos);
    entry.debt.copy = debt.copy;
    if (entry.qos == 2 && m_store)
        entry.debt.ticket = debt.ticket;
    entry.retain = message.isRetain() && way.retainAsPublished;
    entry.showPosition = way.showPosition;
    return entry;
}

void Session::append(PendingEntry entry)
{
    m_bytes += entry.message.size();
    m_pending.push(std::move(entry));
}

void Session::forgo(const Message &message, const LocalTarget::Way &way, Debt debt)
{
    settleStored(message.sequence(), debt.copy, std::min(message.qos(), way.qos));
    noteLoss(message, way.by, LossReason::QueueFull);
}

bool Session::makeRoom(const Message &message, const LocalTarget::Way &way)
{
    if (message.size() > m_limits.queueBytes)
        return false;
    const MatchTerms *terms = way.by.terms();
    if (terms && terms->overflow.policy == Overflow::LatestPerTopic) {
        const PendingEntry same = m_pending.takeSameTopic(message, way.by);
        if (same.message) {
            drop(same, LossReason::Replaced);
            return true;
        }
    }
    const PendingEntry oldest = m_pending.takeDroppable(m_holder != nullptr);
    if (!oldest.message)
        return false;
    drop(oldest, LossReason::QueueFull);
    return true;
}

void Session::drop(const PendingEntry &entry, LossReason reason)
{
    m_bytes -= entry.message.size();
    settleStored(entry.message.sequence(), entry.debt.copy, entry.qos);
    noteLoss(entry.message, entry.by, reason);
}

void Session::noteLoss(const Message &message, const Matched &by, LossReason reason)
{
    if (!m_losses)
        m_losses = std::make_unique<LossLedger>();
    const MatchTerms *terms = by.terms();
    const QByteArray &filter = terms ? terms->filter : QByteArray();
    m_losses->note({filter.constData(), std::size_t(filter.size())}, reason, message.position());
}

quint8 Session::noticeQos() const noexcept
{
    quint8 qos = 0;
    for (const Subscribed &subscribed : m_subscriptions)
        qos = std::max(qos, subscribed.options.qos);
    return std::min<quint8>(qos, 1);
}

void Session::restore(const Owed &owed)
{
    if (owed.copy < kFirstForeignCopy)
        m_copies = std::max(m_copies, owed.copy);
    if (!owed.isTagged) {
        PendingEntry entry;
        entry.message = owed.message;
        entry.by = owed.by;
        entry.debt.copy = owed.copy;
        entry.qos = owed.qos;
        entry.retain = owed.retain;
        entry.showPosition = owed.showPosition;
        entry.resent = true;
        append(std::move(entry));
        return;
    }
    m_bytes += owed.bodyDone ? 0 : owed.message.size();
    InFlight entry;
    entry.message = owed.bodyDone ? Message() : owed.message;
    entry.by = owed.by;
    entry.sequence = owed.message.sequence();
    entry.copy = owed.copy;
    entry.tag = owed.tag;
    entry.qos = owed.qos;
    entry.retain = owed.retain;
    entry.showPosition = owed.showPosition;
    entry.resent = true;
    entry.phase = Phase::Due;
    m_inflight.pushBack(std::move(entry));
    ++m_unsettled;
}

void Session::settleStored(quint64 sequence, quint32 copy, quint8 qos)
{
    if (m_store && qos > 0 && copy != kNoCopy)
        m_store->append(record::Settle{number(), sequence, copy}, Durability::Memory);
}

void Session::noteKeyTicket(quint32 key, Ticket ticket)
{
    std::erase_if(m_keyTickets, [this](const auto &noted) {
        return noted.second <= m_store->decidedUpTo() && !m_store->isRefused(noted.second);
    });
    m_keyTickets.emplace_back(key, ticket);
}

bool Session::removeKey(quint32 key)
{
    std::erase_if(m_keyTickets, [key](const auto &noted) { return noted.first == key; });
    return m_keys.remove(key);
}

bool Session::hasKey(quint32 key)
{
    if (!m_keys.contains(key))
        return false;
    const auto noted = std::find_if(m_keyTickets.begin(),
                                    m_keyTickets.end(),
                                    [key](const auto &entry) { return entry.first == key; });
    if (noted == m_keyTickets.end() || !m_store->isRefused(noted->second))
        return true;
    m_keyTickets.erase(noted);
    m_keys.remove(key);
    return false;
}

void Session::replayRetained(const TopicFilter &filter,
                             const SubscriptionOptions &options,
                             quint64 before)
{
    // Each request is served in full, unless somebody asks faster than he reads.
    if (m_walks.size() >= kMaxWalks)
        forgetReplay(filter);
    if (m_walks.size() >= m_limits.subscriptions)
        return;
    RetainedWalk walk;
    walk.cursor.filter = filter;
    walk.cursor.before = before;
    walk.options = options;
    walk.by = Matched(termsOf(options));
    m_walks.push_back(std::move(walk));
}

namespace {

quint32 levelsOf(const TopicFilter &filter)
{
    const ByteSpan pattern = filter.pattern();
    return 1 + quint32(std::count(pattern.begin(), pattern.end(), '/'));
}

QByteArray keyOf(const TopicFilter &filter)
{
    return QByteArray(filter.bytes().data(), qsizetype(filter.bytes().size()));
}

} // namespace

bool Session::admits(const TopicFilter &filter) const
{
    return quint32(m_subscriptions.size()) < m_limits.subscriptions
        && m_filterLevels + levelsOf(filter) <= m_limits.filterLevels;
}

void Session::addSubscription(const TopicFilter &filter, const SubscriptionOptions &options)
{
    const QByteArray key = keyOf(filter);
    if (!m_subscriptions.contains(key))
        m_filterLevels += levelsOf(filter);
    m_subscriptions.insert(key, {filter, options});
}

void Session::removeSubscription(const TopicFilter &filter)
{
    forgetReplay(filter);
    if (m_subscriptions.remove(keyOf(filter)))
        m_filterLevels -= levelsOf(filter);
}

void Session::forgetReplay(const TopicFilter &filter)
{
    std::erase_if(m_walks, [&](const RetainedWalk &walk) {
        if (!(walk.cursor.filter == filter))
            return false;
        dropWalk(walk);
        return true;
    });
}

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

bool Session::settle(quint64 handle)
{
    const quint64 index = handle - m_inflightBase;
    if (handle < m_inflightBase || index >= m_inflight.size()
        || m_inflight[index].phase == Phase::Settled) {
        return false;
    }
    InFlight &entry = m_inflight[index];
    entry.phase = Phase::Settled;
    if (entry.message)
        m_bytes -= entry.message.size();
    settleStored(entry.sequence, entry.copy, entry.qos);
    entry.message = Message();
    entry.by = Matched();
    --m_unsettled;
    m_windowClosed = false;
    while (!m_inflight.isEmpty() && m_inflight.front().phase == Phase::Settled) {
        m_inflight.popFront();
        ++m_inflightBase;
        if (m_resend > 0)
            --m_resend;
    }
    return true;
}

void Session::bequeathShared(const Heir &heir) const
{
    for (std::size_t i = 0; i < m_inflight.size(); ++i) {
        const InFlight &entry = m_inflight[i];
        if (entry.phase != Phase::Settled && entry.qos == 1 && entry.by.member())
            heir(entry.message, *entry.by.member());
    }
    m_pending.forEach([&](const PendingEntry &entry) {
        if (entry.by.member())
            heir(entry.message, *entry.by.member());
    });
}

bool Session::mark(quint64 handle, quint32 tag, bool bodyDone, Durability level, Ticket *ticket)
{
    const quint64 index = handle - m_inflightBase;
    if (handle < m_inflightBase || index >= m_inflight.size()
        || m_inflight[index].phase == Phase::Settled) {
        return false;
    }
    InFlight &entry = m_inflight[index];
    entry.tag = tag;
    if (bodyDone && entry.message) {
        m_bytes -= entry.message.size();
        entry.message = Message();
    }
    if (m_store) {
        const Ticket stored = m_store->append(
            record::Mark{number(), entry.sequence, entry.copy, tag, bodyDone}, level);
        *ticket = level == Durability::Memory ? 0 : stored;
    }
    return true;
}

} // namespace fairlead::core
