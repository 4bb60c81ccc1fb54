// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/sqliteconnection.h"

#include <fairlead/result.h>

namespace fairlead::core::sqlite {

/// Puts a fresh store, with what could be salvaged, in the place of the damaged one, which stays
/// beside it as `<file>.damaged-<utc time>`. Whenever this is interrupted, either the damaged store
/// is still in place or finishReplacement() completes it, so that none of it goes unsaid.
///
/// Only in the system's own file system. Errors: why no fresh store can be made; the damaged one
/// then stays where it is.
Result<> replaceDamaged(const Place &place, const Error &damage, qint64 utcMs);

/// Completes a replacement that was interrupted, or clears up after it.
Result<> finishReplacement(const Place &place);

/// What a replacement left to be told; null: nothing. It is told until forgetNotice().
Error readNotice(SqliteDatabase &database);
Result<> forgetNotice(SqliteDatabase &database);

} // namespace fairlead::core::sqlite
