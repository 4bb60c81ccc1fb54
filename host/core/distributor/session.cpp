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
    const std::vector<quint32> *ids = by.ids();
    delivery->subscriptionIds = ids ? ids->data() : nullptr;
    delivery->subscriptionIdCount = ids ? quint32(ids->size()) : 0;
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

void Session::attach(HostLink *holder)
{
    m_holder = holder;
    m_windowClosed = false;
    m_subscriber->online.store(true, std::memory_order_relaxed);
}

void Session::detach()
{
    m_holder = nullptr;
    m_subscriber->online.store(false, std::memory_order_relaxed);
    m_windowClosed = false;
    for (std::size_t i = 0; i < m_inflight.size(); ++i) {
        InFlight &entry = m_inflight[i];
        if (entry.phase == Phase::Taken) {
            entry.phase = Phase::Due;
            entry.resent = true;
        }
    }
    m_resend = 0;
}

Session::Push Session::push(const Message &message, const LocalTarget::Way &way)
{
    const quint8 qos = std::min(message.qos(), way.qos);
    // A message that nobody promised to keep is not collected for who is away.
    if (!m_holder && qos == 0)
        return Push::Skipped;
    if (queuedMessages() >= m_limits.queueMessages
        || m_bytes + message.size() > m_limits.queueBytes)
        return Push::Full;
    Entry entry;
    entry.message = message;
    entry.by = way.by;
    entry.qos = qos;
    entry.retain = message.isRetain() && way.retainAsPublished;
    m_bytes += message.size();
    m_pending.pushBack(std::move(entry));
    return Push::Queued;
}

bool Session::dropOldest()
{
    if (m_pending.isEmpty())
        return false;
    m_bytes -= m_pending.popFront().message.size();
    return true;
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
    if (options.id != 0)
        walk.by = Matched(std::make_shared<const std::vector<quint32>>(1, options.id));
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
    std::erase_if(m_walks, [&](const RetainedWalk &walk) { return walk.cursor.filter == filter; });
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
    m_givenIds.clear();
    takeResent(&taking);
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
        entry.phase = Phase::Taken;
        --taking->unacked;
        taking->bytes -= kFrameOverhead + (entry.message ? qint64(entry.message.size()) : 0);
    }
}

// Hands one entry out; the caller has made sure that it fits.
void Session::give(Taking *taking, Entry entry)
{
    Delivery &delivery = taking->out[taking->taken.count++];
    taking->bytes -= kFrameOverhead + qint64(entry.message.size());
    delivery.expirySeconds = secondsLeft(entry.message, taking->now);
    showIds(entry.by, &delivery);
    delivery.tag = 0;
    delivery.qos = entry.qos;
    delivery.retain = entry.retain;
    delivery.resent = false;
    if (entry.qos == 0) {
        delivery.handle = 0;
        if (entry.by.ids())
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
    inFlight.message = std::move(entry.message);
    inFlight.by = std::move(entry.by);
    inFlight.qos = entry.qos;
    inFlight.retain = entry.retain;
    m_inflight.pushBack(std::move(inFlight));
    ++m_unsettled;
    if (markPasses)
        ++m_resend;
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
            continue;
        }
        if (taking->isFull())
            return;
        const Message &message = walk.page[walk.next];
        if (message.expiryDeadline() >= 0 && message.expiryDeadline() <= taking->now) {
            ++walk.next;
            continue;
        }
        Entry entry;
        entry.qos = std::min(message.qos(), walk.options.qos);
        if (entry.qos > 0 && taking->unacked <= 0) {
            m_windowClosed = taking->ended = true;
            return;
        }
        entry.message = std::move(walk.page[walk.next++]);
        entry.by = walk.by;
        entry.retain = true;
        if (entry.qos > 0)
            m_bytes += entry.message.size();
        give(taking, std::move(entry));
    }
}

void Session::takeLive(Taking *taking)
{
    while (!m_pending.isEmpty() && !taking->isFull()) {
        Entry &front = m_pending.front();
        const qint64 deadline = front.message.expiryDeadline();
        if (deadline >= 0 && deadline <= taking->now) {
            m_bytes -= front.message.size();
            m_pending.popFront();
            ++taking->taken.expired;
            continue;
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
    for (std::size_t i = 0; i < m_pending.size(); ++i) {
        const Entry &entry = m_pending[i];
        if (entry.by.member())
            heir(entry.message, *entry.by.member());
    }
}

bool Session::mark(quint64 handle, quint32 tag, bool bodyDone)
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
    return true;
}

} // namespace fairlead::core
