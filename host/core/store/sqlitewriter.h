// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/sqlitedatabase.h"
#include "core/store/storageengine.h"

#include <array>

namespace fairlead::core::sqlite {

/// The statements that change a store, kept prepared. Thread: that of its connection.
class Writer
{
public:
    /// Errors: StorageDamaged when the tables are not those of a store.
    Result<> prepare(SqliteDatabase &database);

    /// Carries out @p batch in the transaction that is open: SQLITE_OK or what went wrong.
    int apply(const EngineBatch &batch);

    /// Changes nothing, yet counts as a change.
    int touch();

private:
    enum Statement : int {
        RemoveMessages,
        RemoveSettled,
        RemoveSession,
        RemoveSubscriptionsOf,
        RemoveKeysOf,
        RemoveTagsOf,
        RemoveSubscription,
        RemoveKey,
        RemoveTag,
        RemoveRetained,
        RemoveValue,
        PutMessage,
        PutSettled,
        PutSession,
        PutSubscription,
        PutKey,
        PutTag,
        PutRetained,
        PutValue,
        SetNumber,
        Touch,
        Count
    };

    int remove(const EngineBatch &batch);
    int removeMessages(const std::vector<quint64> &sequences);
    int removeSession(quint64 number);
    int put(const EngineBatch &batch);
    int putMessage(const MessageRow &row);
    int putSession(const SessionRow &row);
    int putSubscription(const SubscriptionRow &row);
    int setNumber(const char *name, quint64 value);

    std::array<SqliteStatement, Count> m_statements;
};

} // namespace fairlead::core::sqlite
