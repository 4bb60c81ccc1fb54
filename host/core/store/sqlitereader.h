// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/sqlitedatabase.h"
#include "core/store/storageengine.h"

namespace fairlead::core::sqlite {

/// Everything in @p database, as one moment had it, in the order of StoreVisitor. Thread: that of
/// the connection. Errors: StorageDamaged, StorageFailed; what was visited before is void then.
Result<> readAll(SqliteDatabase &database, StoreVisitor &visitor);

} // namespace fairlead::core::sqlite
