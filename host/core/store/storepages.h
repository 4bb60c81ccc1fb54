// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/sqlitedatabase.h"
#include "core/store/sqliterows.h"

#include <functional>

namespace fairlead::core::sqlite {

/// Reads a whole table in pages of bounded size, by its key, and is in no transaction between two of
/// them. @p extra: columns behind those of the table, each after a comma.
///
/// Takes one row; returns about how many bytes are kept of it.
using TakeRow = std::function<qint64(const SqliteStatement &row)>;
/// Called after each page; false: enough.
using EndPage = std::function<bool()>;

Result<> readPages(SqliteDatabase &database,
                   const Table &table,
                   const char *extra,
                   const TakeRow &take,
                   const EndPage &endPage);

} // namespace fairlead::core::sqlite
