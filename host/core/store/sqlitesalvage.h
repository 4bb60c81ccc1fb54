// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/sqlitedatabase.h"
#include "core/store/storageengine.h"

#include <QString>

namespace fairlead::core::sqlite {

/// What could still be read of a damaged store.
struct Salvaged
{
    qint64 sessions = 0;
    qint64 subscriptions = 0;
    qint64 retained = 0;
    qint64 messages = 0;
    bool isEverythingRead = true; ///< no table broke off

    /// For people, a sentence.
    QString text() const;
};

/// Copies what can be read of the store at @p path, row by row and from both ends of each table,
/// into @p fresh, an empty store with tables. What refers to rows that are lost is left out, and
/// where the numbers in use are lost, those in @p fresh begin far beyond them.
///
/// Thread: that of @p fresh. Errors: of writing to @p fresh alone.
Result<Salvaged> salvage(const QString &path, SqliteDatabase &fresh, qint64 utcMs);

} // namespace fairlead::core::sqlite
