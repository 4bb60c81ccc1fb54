// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/storageengine.h"

#include <QByteArrayList>

#include <fairlead/clock.h>

namespace fairlead::core {

/// Time that stands where it is put.
class StillClock final : public Clock
{
public:
    qint64 now() const noexcept override { return 0; }

    qint64 utcMs() const noexcept override { return m_utcMs; }

    void setUtcMs(qint64 utcMs) noexcept { m_utcMs = utcMs; }

private:
    qint64 m_utcMs = 1'700'000'000'000; // 2023-11-14T22:13:20Z
};

/// A line per row, in the order of the visits; every field is in it.
class StoreDump final : public StoreVisitor
{
public:
    void visitSession(SessionRow row) override;
    void visitSubscription(SubscriptionRow row) override;
    void visitKey(quint64 session, quint32 key) override;
    void visitRetained(const QByteArray &topic, quint64 sequence) override;
    void visitMessage(MessageRow row) override;
    void visitSettled(quint64 sequence, const QByteArray &settled) override;
    void visitTag(const TagRow &row) override;
    void visitValue(record::PutValue row) override;

    QByteArrayList lines;
};

/// What @p engine holds. The test fails when it cannot say.
QByteArrayList dump(StorageEngine &engine);

/// The lines of @p lines that are of @p kind ("message", "tag" and so on).
QByteArrayList ofKind(const QByteArrayList &lines, const QByteArray &kind);

MessageRow messageRow(quint64 sequence, const QByteArray &payload, const QByteArray &topic = "a/b");
SessionRow sessionRow(quint64 number, const QByteArray &key);
SubscriptionRow subscriptionRow(quint64 session, const QByteArray &filter);

} // namespace fairlead::core
