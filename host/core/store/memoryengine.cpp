// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/memoryengine.h"

#include <QString>

#include <limits>

namespace fairlead::core {

namespace {

Error notOpen()
{
    return {ErrorCode::StorageFailed, QStringLiteral("the store in memory is not open")};
}

} // namespace

Result<StoreMeta> MemoryEngine::open()
{
    m_isOpen = true;
    return m_meta;
}

Result<> MemoryEngine::load(StoreVisitor &visitor)
{
    if (!m_isOpen)
        return notOpen();
    for (const auto &[number, row] : m_sessions)
        visitor.visitSession(row);
    for (const auto &[key, row] : m_subscriptions)
        visitor.visitSubscription(row);
    for (const EngineBatch::Key &key : m_keys)
        visitor.visitKey(key.first, key.second);
    for (const auto &[topic, sequence] : m_retained)
        visitor.visitRetained(topic, sequence);
    for (const auto &[sequence, row] : m_messages)
        visitor.visitMessage(row);
    for (const auto &[sequence, settled] : m_settled)
        visitor.visitSettled(sequence, settled);
    for (const auto &[key, row] : m_tags)
        visitor.visitTag(row);
    for (const auto &[key, value] : m_values)
        visitor.visitValue({key.first, key.second, value});
    return {};
}

Result<> MemoryEngine::commit(const EngineBatch &batch)
{
    if (!m_isOpen)
        return notOpen();
    if (!m_refusal.isNull())
        return m_refusal;
    remove(batch);
    put(batch);
    if (batch.reservedSequence != 0)
        m_meta.reservedSequence = batch.reservedSequence;
    if (batch.reservedSession != 0)
        m_meta.reservedSession = batch.reservedSession;
    if (batch.epoch != 0)
        m_meta.epoch = batch.epoch;
    return {};
}

Result<> MemoryEngine::setComplete(bool isComplete)
{
    m_meta.isComplete = isComplete;
    return {};
}

void MemoryEngine::remove(const EngineBatch &batch)
{
    for (const quint64 sequence : batch.removedMessages) {
        m_messages.erase(sequence);
        m_settled.erase(sequence);
    }
    for (const quint64 number : batch.removedSessions)
        removeSession(number);
    for (const SubscriptionKey &key : batch.removedSubscriptions)
        m_subscriptions.erase(key);
    for (const EngineBatch::Key &key : batch.removedKeys)
        m_keys.erase(key);
    for (const TagRow &tag : batch.removedTags)
        m_tags.erase({tag.session, tag.sequence, tag.copy});
    for (const QByteArray &topic : batch.removedRetained)
        m_retained.erase(topic);
    for (const ValueKey &key : batch.removedValues)
        m_values.erase(key);
}

void MemoryEngine::removeSession(quint64 number)
{
    m_sessions.erase(number);
    // The empty filter, key 0 and copy 0 are the first of a session, the next session's the end.
    const bool isLast = number == std::numeric_limits<quint64>::max();
    m_subscriptions.erase(m_subscriptions.lower_bound({number, QByteArray()}),
                          isLast ? m_subscriptions.end()
                                 : m_subscriptions.lower_bound({number + 1, QByteArray()}));
    m_keys.erase(m_keys.lower_bound({number, 0}),
                 isLast ? m_keys.end() : m_keys.lower_bound({number + 1, 0}));
    m_tags.erase(m_tags.lower_bound({number, 0, 0}),
                 isLast ? m_tags.end() : m_tags.lower_bound({number + 1, 0, 0}));
}

void MemoryEngine::put(const EngineBatch &batch)
{
    for (const MessageRow &row : batch.messages)
        m_messages.insert_or_assign(row.message.sequence(), row);
    for (const auto &[sequence, settled] : batch.settled)
        m_settled.insert_or_assign(sequence, settled);
    for (const SessionRow &row : batch.sessions)
        m_sessions.insert_or_assign(row.number, row);
    for (const SubscriptionRow &row : batch.subscriptions)
        m_subscriptions.insert_or_assign({row.session, row.filter}, row);
    for (const EngineBatch::Key &key : batch.keys)
        m_keys.insert(key);
    for (const TagRow &row : batch.tags)
        m_tags.insert_or_assign({row.session, row.sequence, row.copy}, row);
    for (const auto &[topic, sequence] : batch.retained)
        m_retained.insert_or_assign(topic, sequence);
    for (const record::PutValue &value : batch.values)
        m_values.insert_or_assign({value.space, value.key}, value.value);
}

Result<> MemoryEngine::checkpoint()
{
    if (!m_isOpen)
        return notOpen();
    return m_refusal;
}

void MemoryEngine::close()
{
    m_isOpen = false;
}

void MemoryEngine::setRefusal(Error error)
{
    m_refusal = std::move(error);
}

} // namespace fairlead::core
