// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/storageengine.h"

#include <map>
#include <set>
#include <tuple>

namespace fairlead::core {

/// Keeps rows for as long as the object lives: for hosts that shall leave nothing on a disk, and the
/// measure that other engines are held against. close() and open() lose nothing.
///
/// Thread: as StorageEngine. Errors: those of setRefusal() alone.
class MemoryEngine final : public StorageEngine
{
public:
    Result<StoreMeta> open() override;
    Result<> load(StoreVisitor &visitor) override;
    Result<> commit(const EngineBatch &batch) override;
    Result<> setComplete(bool isComplete) override;
    Result<> checkpoint() override;
    void close() override;

    /// From now on commit() and checkpoint() fail with @p error; a null one ends it.
    void setRefusal(Error error);

private:
    using SubscriptionKey = std::pair<quint64, QByteArray>;
    using TagKey = std::tuple<quint64, quint64, quint32>;
    using ValueKey = std::pair<QByteArray, QByteArray>;

    void remove(const EngineBatch &batch);
    void removeSession(quint64 number);
    void put(const EngineBatch &batch);

    std::map<quint64, MessageRow> m_messages;
    std::map<quint64, QByteArray> m_settled;
    std::map<quint64, SessionRow> m_sessions;
    std::map<SubscriptionKey, SubscriptionRow> m_subscriptions;
    std::set<EngineBatch::Key> m_keys;
    std::map<TagKey, TagRow> m_tags;
    std::map<QByteArray, quint64> m_retained;
    std::map<ValueKey, QByteArray> m_values;
    StoreMeta m_meta;
    Error m_refusal;
    bool m_isOpen = false;
};

} // namespace fairlead::core
