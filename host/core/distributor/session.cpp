// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/session.h"

#include "core/distributor/congestion.h"
#include "core/distributor/sessiontable.h"

#include <fairlead/bytes.h>
#include <fairlead/clock.h>

#include <algorithm>

namespace fairlead::core {

namespace {

constexpr std::size_t kMaxWalks = 1024;
// Copies from here on are counted by the sequencer.
constexpr quint32 kFirstForeignCopy = 0x40000000;

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
    , m_isObserver(peerKindOf(m_key) == PeerKind::Observer)
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
    entry.debt.isAwaited = entry.qos == 2 && m_store && debt.isAwaited;
    // A position that was shown is a promise that what came before it can be had again.
    if (entry.debt.isAwaited || (debt.isLogged && way.showPosition))
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

quint64 Session::lastQueued() const noexcept
{
    if (const Message *last = m_pending.last())
        return last->sequence();
    return m_inflight.isEmpty() ? 0 : m_inflight[m_inflight.size() - 1].sequence;
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
    if (terms && terms->overflow.policy == OverflowPolicy::LatestPerTopic) {
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
        forgetRetained(filter);
    if (m_walks.size() >= m_limits.subscriptions)
        return;
    RetainedWalk walk;
    walk.cursor.filter = filter;
    walk.cursor.before = before;
    walk.terms = {options, Matched(termsOf(options)), true};
    m_walks.push_back(std::move(walk));
}

namespace {

quint32 levelsOf(const TopicFilter &filter)
{
    const ByteSpan pattern = filter.pattern();
    return 1 + quint32(std::count(pattern.begin(), pattern.end(), '/'));
}

} // namespace

bool Session::admits(const TopicFilter &filter) const
{
    return quint32(m_subscriptions.size()) < m_limits.subscriptions
        && m_filterLevels + levelsOf(filter) <= m_limits.filterLevels;
}

void Session::addSubscription(const TopicFilter &filter, const SubscriptionOptions &options)
{
    const QByteArray key = copyOf(filter.bytes());
    if (!m_subscriptions.contains(key))
        m_filterLevels += levelsOf(filter);
    m_subscriptions.insert(key, {filter, options});
}

void Session::removeSubscription(const TopicFilter &filter)
{
    forgetReplay(filter);
    if (m_subscriptions.remove(copyOf(filter.bytes())))
        m_filterLevels -= levelsOf(filter);
}

void Session::forgetReplay(const TopicFilter &filter)
{
    forgetRetained(filter);
    forgetHistory(filter);
}

void Session::forgetRetained(const TopicFilter &filter)
{
    std::erase_if(m_walks, [&](const RetainedWalk &walk) {
        if (!(walk.cursor.filter == filter))
            return false;
        dropPage(walk.page, walk.terms);
        return true;
    });
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
