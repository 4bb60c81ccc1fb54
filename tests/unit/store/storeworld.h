// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/memoryengine.h"
#include "core/store/storerecord.h"

#include <fairlead/clock.h>

#include <functional>
#include <vector>

namespace fairlead::core {

/// Time that a test moves on.
class HandClock final : public Clock
{
public:
    qint64 now() const noexcept override { return m_now; }

    qint64 utcMs() const noexcept override { return m_utcMs; }

    void advance(qint64 ns) noexcept
    {
        m_now += ns;
        m_utcMs += ns / kNsPerMs;
    }

    /// The host starts again @p ms later: its monotonic time is another.
    void restart(qint64 ms, qint64 now) noexcept
    {
        m_now = now;
        m_utcMs += ms;
    }

private:
    qint64 m_now = 5 * kNsPerSecond;
    qint64 m_utcMs = 1'700'000'000'000;
};

/// A memory engine that keeps the batches it was given, and that fails when told to.
class ScriptedEngine final : public StorageEngine
{
public:
    Result<StoreMeta> open() override
    {
        if (!openError.isNull())
            return openError;
        Result<StoreMeta> meta = rows.open();
        meta->quarantined = quarantined;
        return meta;
    }

    Result<> load(StoreVisitor &visitor) override
    {
        if (!loadErrors.empty()) {
            const Error error = loadErrors.back();
            loadErrors.pop_back();
            return error;
        }
        return rows.load(visitor);
    }

    Result<> commit(const EngineBatch &batch) override
    {
        ++attempts;
        // It may replace itself.
        const std::function<void()> call = onCommit;
        if (call)
            call();
        if (!commitError.isNull())
            return commitError;
        Result<> kept = rows.commit(batch);
        batches.push_back(batch);
        return kept;
    }

    Result<> setComplete(bool isComplete) override { return rows.setComplete(isComplete); }

    Result<> checkpoint() override
    {
        ++checkpoints;
        return rows.checkpoint();
    }

    void close() override
    {
        ++closes;
        rows.close();
    }

    MemoryEngine rows;
    std::vector<EngineBatch> batches;
    std::function<void()> onCommit;
    Error openError;
    Error commitError;
    Error quarantined;
    std::vector<Error> loadErrors;
    int attempts = 0;
    int checkpoints = 0;
    int closes = 0;
};

inline Error fullError()
{
    return {ErrorCode::StorageFull, QStringLiteral("no space is left")};
}

struct MessageWish
{
    ByteSpan topic = "a/b";
    ByteSpan payload = "x";
    quint8 qos = 1;
    quint64 origin = 0;
    bool retain = false;
    qint64 deadline = -1;
};

inline Message makeMessage(quint64 sequence, const MessageWish &wish = {})
{
    Message message({
        .topic = wish.topic,
        .properties = {},
        .payload = wish.payload,
        .expiryDeadline = wish.deadline,
        .origin = wish.origin,
        .qos = wish.qos,
        .retain = wish.retain,
    });
    message.setPosition({7, sequence});
    return message;
}

inline DurableTarget makeTarget(quint64 session, quint32 copy = 0, quint8 qos = 1)
{
    DurableTarget target;
    target.session = session;
    target.copy = copy;
    target.qos = qos;
    return target;
}

inline DurableTargets makeTargets(std::vector<DurableTarget> targets)
{
    return std::make_shared<const std::vector<DurableTarget>>(std::move(targets));
}

inline record::PutMessage putMessage(const Message &message, std::vector<DurableTarget> targets)
{
    record::PutMessage put;
    put.message = message;
    put.targets = makeTargets(std::move(targets));
    return put;
}

inline record::PutSession putSession(quint64 number)
{
    auto row = std::make_unique<SessionRow>();
    row->number = number;
    row->key = "peer" + QByteArray::number(number);
    return {std::move(row)};
}

inline record::PutSubscription putSubscription(quint64 session, const QByteArray &filter)
{
    auto row = std::make_unique<SubscriptionRow>();
    row->session = session;
    row->filter = filter;
    row->qos = 1;
    return {std::move(row)};
}

} // namespace fairlead::core
