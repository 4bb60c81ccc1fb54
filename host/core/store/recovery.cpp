// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/recovery.h"

#include "core/store/targetlist.h"

#include <fairlead/clock.h>

#include <algorithm>
#include <utility>

namespace fairlead::core {

namespace {

/// What is left of a message, in milliseconds; a clock that was set back lengthens nothing.
qint64 remainingMs(const MessageRow &row, qint64 utcMs) noexcept
{
    const qint64 left = row.expiryUtcMs - utcMs;
    return row.expirySeconds == kNever ? left : std::min(left, qint64(row.expirySeconds) * 1000);
}

/// @p message with another deadline.
Message withDeadline(const Message &message, qint64 deadline)
{
    if (message.expiryDeadline() == deadline)
        return message;
    Message copy({
        .topic = message.topic(),
        .properties = message.properties(),
        .payload = message.payload(),
        .expiryDeadline = deadline,
        .origin = message.origin(),
        .qos = message.qos(),
        .retain = message.isRetain(),
    });
    copy.setPosition(message.position());
    return copy;
}

using DeliveryName = std::pair<quint64, quint32>; ///< sequence, copy

DeliveryName nameOf(const RecoveredDelivery &delivery) noexcept
{
    return {delivery.message.sequence(), delivery.copy};
}

/// Copies that are sent in the order of sequences, unlike those of retained messages and of what was
/// meant for another member of a shared group.
bool isInOrder(const RecoveredDelivery &delivery) noexcept
{
    return delivery.copy == 0 || delivery.copy >= kSharedCopy;
}

bool isEarlier(const RecoveredDelivery &a, const RecoveredDelivery &b) noexcept
{
    return nameOf(a) < nameOf(b);
}

} // namespace

Recovery::Recovery(Ledger &ledger, const Clock &clock)
    : m_ledger(ledger)
    , m_now(clock.now())
    , m_utcMs(clock.utcMs())
{ }

RecoveredSession *Recovery::find(quint64 number)
{
    const auto found = m_sessions.find(number);
    return found != m_sessions.end() ? &m_recovered.sessions[found->second] : nullptr;
}

void Recovery::visitSession(SessionRow row)
{
    if (row.number == 0 || m_sessions.contains(row.number)) {
        ++m_recovered.skipped;
        return;
    }
    const auto place = m_recovered.sessions.size();
    const auto [named, isFirst] = m_names.try_emplace(row.key, place);
    if (isFirst) {
        m_recovered.sessions.emplace_back();
    } else if (!replace(m_recovered.sessions[named->second].row.number, row.number)) {
        return;
    }
    m_ledger.restoreSession(row.number);
    m_sessions.emplace(row.number, named->second);
    m_recovered.sessions[named->second].row = std::move(row);
}

/// Of two sessions with one name the later took the place of the other, whose end the crash came before.
bool Recovery::replace(quint64 former, quint64 number)
{
    ++m_recovered.skipped;
    m_ledger.discardSession(std::min(former, number));
    if (former > number)
        return false;
    m_sessions.erase(former);
    return true;
}

void Recovery::visitSubscription(SubscriptionRow row)
{
    if (RecoveredSession *session = find(row.session)) {
        session->subscriptions.push_back(std::move(row));
        return;
    }
    ++m_recovered.skipped;
    m_ledger.discardSession(row.session);
}

void Recovery::visitKey(quint64 session, quint32 key)
{
    RecoveredSession *owner = find(session);
    if (owner && m_ledger.restoreKey(session, key)) {
        owner->keys.push_back(key);
        return;
    }
    ++m_recovered.skipped;
    m_ledger.discardSession(session);
}

void Recovery::visitRetained(const QByteArray &topic, quint64 sequence)
{
    m_ledger.restoreRetained(topic, sequence);
}

void Recovery::visitMessage(MessageRow row)
{
    const quint64 sequence = row.message.sequence();
    if (sequence == 0 || (!m_messages.empty() && m_messages.back().sequence() >= sequence)) {
        ++m_recovered.skipped;
        return;
    }
    qint64 deadline = -1;
    if (row.expiryUtcMs >= 0) {
        const qint64 left = remainingMs(row, m_utcMs);
        if (left <= 0) {
            const ByteSpan topic = row.message.topic();
            m_ledger.discardMessage(sequence, {topic.data(), qsizetype(topic.size())});
            m_expired.push_back(sequence);
            ++m_recovered.expired;
            return;
        }
        deadline = m_now + left * kNsPerMs;
    }
    const Message message = withDeadline(row.message, deadline);
    m_messages.push_back(message);
    if (row.streams != 0)
        m_times.emplace_back(sequence, row.utcMs);
    std::optional<std::vector<DurableTarget>> targets;
    if (row.targets.isEmpty())
        targets.emplace();
    else
        targets = decodeTargets(row.targets);
    if (!targets) {
        ++m_recovered.skipped;
        m_ledger.restoreUntargeted(message, row.streams, row.utcMs);
        return;
    }
    m_recovered.skipped += quint64(m_ledger.restoreMessage(message, *targets, row.streams));
    for (const DurableTarget &target : *targets)
        owe(message, target);
}

void Recovery::owe(const Message &message, const DurableTarget &target)
{
    RecoveredSession *session = find(target.session);
    if (!session)
        return;
    session->deliveries.push_back({
        .message = message,
        .copy = target.copy,
        .tag = 0,
        .qos = std::max<quint8>(std::min(target.qos, message.qos()), 1),
        .retain = target.retain || (target.retainAsPublished && message.isRetain()),
        .showPosition = target.showPosition,
        .isTagged = false,
        .wasSent = false,
        .bodyDone = false,
        .ids = target.ids,
        .group = target.group,
    });
}

bool Recovery::hasExpired(quint64 sequence) const
{
    return std::binary_search(m_expired.begin(), m_expired.end(), sequence);
}

void Recovery::visitSettled(quint64 sequence, const QByteArray &settled)
{
    if (hasExpired(sequence))
        return;
    const std::optional<SettledSet> set = decodeSettled(settled);
    const std::optional<int> unknown = set ? m_ledger.restoreSettled(sequence, *set) : std::nullopt;
    if (!unknown) {
        ++m_recovered.skipped;
        m_ledger.restoreUnsettled(sequence);
        return;
    }
    m_recovered.skipped += quint64(qint64(*unknown)); // may be less than nothing
    if (set->added.empty())
        return;
    const auto message = std::lower_bound(
        m_messages.begin(), m_messages.end(), sequence, [](const Message &m, quint64 number) {
            return m.sequence() < number;
        });
    for (const DurableTarget &target : set->added)
        owe(*message, target);
}

void Recovery::visitTag(const TagRow &row)
{
    if (!find(row.session)) {
        ++m_recovered.skipped;
        m_ledger.discardSession(row.session);
        return;
    }
    if (!m_ledger.restoreTag(row)) {
        m_recovered.skipped += hasExpired(row.sequence) ? 0 : 1;
        return;
    }
    m_tags.push_back(row);
}

void Recovery::visitValue(record::PutValue row)
{
    m_recovered.values.push_back(std::move(row));
}

/// Leaves @p session what it is still owed, in order.
void Recovery::settleOwed(RecoveredSession &session)
{
    std::vector<RecoveredDelivery> &owed = session.deliveries;
    const quint64 number = session.row.number;
    owed.erase(std::remove_if(owed.begin(),
                              owed.end(),
                              [this, number](const RecoveredDelivery &delivery) {
                                  return !m_ledger.isOwed(
                                      number, delivery.message.sequence(), delivery.copy);
                              }),
               owed.end());
    if (!std::is_sorted(owed.begin(), owed.end(), isEarlier))
        std::stable_sort(owed.begin(), owed.end(), isEarlier);
    // One that was settled and added again is there twice; the later counts.
    std::reverse(owed.begin(), owed.end());
    owed.erase(std::unique(owed.begin(),
                           owed.end(),
                           [](const RecoveredDelivery &a, const RecoveredDelivery &b) {
                               return nameOf(a) == nameOf(b);
                           }),
               owed.end());
    std::reverse(owed.begin(), owed.end());
}

/// What has the packet id that follows from its position is not marked when it is sent. What was sent
/// after it must not overtake it.
void Recovery::markSent(std::vector<RecoveredDelivery> *owed)
{
    bool sent = false;
    for (auto delivery = owed->rbegin(); delivery != owed->rend(); ++delivery) {
        delivery->wasSent = delivery->isTagged;
        if (!isInOrder(*delivery))
            continue;
        sent = sent || delivery->isTagged;
        delivery->wasSent = sent;
    }
}

Recovered Recovery::finish()
{
    m_recovered.skipped += quint64(m_ledger.finishRestore());
    for (RecoveredSession &session : m_recovered.sessions)
        settleOwed(session);
    for (const TagRow &row : m_tags) {
        std::vector<RecoveredDelivery> &owed = find(row.session)->deliveries;
        const auto delivery = std::lower_bound(
            owed.begin(),
            owed.end(),
            DeliveryName(row.sequence, row.copy),
            [](const RecoveredDelivery &a, const DeliveryName &name) { return nameOf(a) < name; });
        if (delivery == owed.end() || nameOf(*delivery) != DeliveryName(row.sequence, row.copy))
            continue;
        delivery->tag = row.tag;
        delivery->isTagged = true;
        delivery->bodyDone = row.bodyDone;
    }
    for (RecoveredSession &session : m_recovered.sessions)
        markSent(&session.deliveries);
    auto time = m_times.cbegin();
    for (const Message &message : m_messages) {
        const quint64 sequence = message.sequence();
        if (m_ledger.isRetained(sequence))
            m_recovered.retained.push_back(message);
        const quint32 streams = m_ledger.streamsOf(sequence);
        if (streams == 0)
            continue;
        while (time->first < sequence)
            ++time;
        for (int stream = 0; stream < Ledger::kStreams && streams >> stream != 0; ++stream) {
            if ((streams >> stream & 1) != 0)
                m_recovered.streams[std::size_t(stream)].push_back({message, time->second});
        }
    }
    m_recovered.messages = m_ledger.storedMessages();
    m_recovered.nextSequence = m_ledger.nextSequence();
    m_recovered.nextSession = m_ledger.nextSession();
    return std::move(m_recovered);
}

} // namespace fairlead::core
