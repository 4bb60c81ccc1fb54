// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "randombatch.h"

#include <set>

namespace fairlead::core {

namespace {

constexpr quint64 kSessions = 6;
constexpr quint64 kMessages = 120;

QByteArray topic(Dice &dice)
{
    return QByteArray("t\0", 2) + char('a' + dice.below(8));
}

/// Up to @p most different keys, each made by @p one.
template <typename One>
auto some(Dice &dice, quint64 most, const One &one)
{
    std::set<decltype(one())> keys;
    for (quint64 count = dice.below(most + 1); count > 0; --count)
        keys.insert(one());
    return keys;
}

ByteSpan span(const QByteArray &bytes)
{
    return {bytes.constData(), std::size_t(bytes.size())};
}

MessageRow message(Dice &dice, quint64 sequence)
{
    const QByteArray name = topic(dice);
    const QByteArray properties = dice.bytes(20);
    // Now and then one that needs pages of its own.
    const QByteArray payload = dice.bytes(dice.chance(5) ? 20'000 : 300);
    MessageFields fields;
    fields.topic = span(name);
    fields.properties = span(properties);
    fields.payload = span(payload);
    fields.origin = dice.below(kSessions);
    fields.qos = quint8(dice.below(3));
    fields.retain = dice.chance(50);
    MessageRow row;
    row.message = Message(fields);
    row.message.setPosition({quint32(dice.below(5)), sequence});
    row.expiryUtcMs = dice.chance(50) ? -1 : qint64(dice.below(1'000'000));
    row.expirySeconds = quint32(dice.next());
    row.targets = dice.bytes(40);
    row.streams = quint32(dice.below(4));
    row.utcMs = qint64(dice.below(1'000'000));
    return row;
}

SessionRow session(Dice &dice, quint64 number)
{
    SessionRow row;
    row.number = number;
    row.key = dice.bytes(12);
    row.peerKey = dice.bytes(12);
    row.expirySeconds = quint32(dice.next());
    row.expiresUtcMs = qint64(dice.below(1'000'000)) - 1;
    row.note = dice.bytes(200);
    if (dice.chance(40)) {
        row.testament.emplace();
        row.testament->topic = dice.bytes(10);
        row.testament->properties = dice.bytes(10);
        row.testament->payload = dice.bytes(100);
        row.testament->expirySeconds = quint32(dice.next());
        row.testament->delaySeconds = quint32(dice.next());
        row.testament->qos = quint8(dice.below(3));
        row.testament->retain = dice.chance(50);
    }
    return row;
}

SubscriptionRow subscription(Dice &dice, quint64 session, const QByteArray &filter)
{
    SubscriptionRow row;
    row.session = session;
    row.filter = filter;
    row.id = quint32(dice.next());
    row.qos = quint8(dice.below(3));
    row.noLocal = dice.chance(50);
    row.retainAsPublished = dice.chance(50);
    row.showPositions = dice.chance(50);
    row.overflow = {OverflowPolicy(dice.below(7)), quint32(dice.below(1000))};
    row.since = dice.below(1'000'000);
    return row;
}

void addSessions(Dice &dice, EngineBatch &batch)
{
    const auto number = [&] { return 1 + dice.below(kSessions); };
    const auto filter = [&] { return std::pair(number(), topic(dice)); };
    const auto key = [&] { return EngineBatch::Key(number(), quint32(dice.below(10))); };
    for (const quint64 removed : some(dice, 1, number))
        batch.removedSessions.push_back(removed);
    for (const quint64 put : some(dice, 2, number))
        batch.sessions.push_back(session(dice, put));
    for (const auto &removed : some(dice, 3, filter))
        batch.removedSubscriptions.push_back(removed);
    for (const auto &[owner, name] : some(dice, 5, filter))
        batch.subscriptions.push_back(subscription(dice, owner, name));
    for (const EngineBatch::Key &removed : some(dice, 3, key))
        batch.removedKeys.push_back(removed);
    for (const EngineBatch::Key &put : some(dice, 5, key))
        batch.keys.push_back(put);
}

void addMessages(Dice &dice, EngineBatch &batch)
{
    const auto sequence = [&] { return 1 + dice.below(kMessages); };
    std::set<quint64> removed = some(dice, 10, sequence);
    // And a run of them.
    const quint64 first = sequence();
    for (quint64 next = first; next < first + dice.below(20); ++next)
        removed.insert(next);
    batch.removedMessages.assign(removed.begin(), removed.end());
    for (const quint64 put : some(dice, 40, sequence))
        batch.messages.push_back(message(dice, put));
    for (const quint64 put : some(dice, 10, sequence))
        batch.settled.emplace_back(put, dice.bytes(30));
    const auto tag
        = [&] { return std::tuple(1 + dice.below(kSessions), sequence(), quint32(dice.below(3))); };
    for (const auto &[owner, of, copy] : some(dice, 5, tag))
        batch.removedTags.push_back({owner, of, copy, 0, false});
    for (const auto &[owner, of, copy] : some(dice, 8, tag))
        batch.tags.push_back({owner, of, copy, quint32(dice.next()), dice.chance(50)});
}

} // namespace

QByteArray Dice::bytes(int most)
{
    QByteArray result(qsizetype(below(quint64(most) + 1)), Qt::Uninitialized);
    for (char &byte : result)
        byte = char(next());
    return result;
}

EngineBatch randomBatch(Dice &dice)
{
    EngineBatch batch;
    if (dice.chance(70))
        addMessages(dice, batch);
    if (dice.chance(50))
        addSessions(dice, batch);
    const auto name = [&] { return topic(dice); };
    const auto value = [&] { return std::pair(topic(dice), topic(dice)); };
    for (const QByteArray &removed : some(dice, 2, name))
        batch.removedRetained.push_back(removed);
    for (const QByteArray &put : some(dice, 3, name))
        batch.retained.emplace_back(put, dice.below(kMessages));
    for (const auto &removed : some(dice, 2, value))
        batch.removedValues.push_back(removed);
    for (const auto &[space, key] : some(dice, 3, value))
        batch.values.push_back({space, key, dice.bytes(100)});
    if (dice.chance(30))
        batch.reservedSequence = 1 + dice.below(1'000'000);
    if (dice.chance(10))
        batch.reservedSession = 1 + dice.below(1000);
    if (dice.chance(5))
        batch.epoch = quint32(1 + dice.below(1000));
    return batch;
}

} // namespace fairlead::core
