// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QString>

#include <fairlead/error.h>

struct sqlite3;

namespace fairlead::core {

/// The result @p code of a call on @p db (null: it could not even be opened) as an Error:
/// StorageFull, StorageDamaged, else StorageFailed. @p what names the file.
Error sqliteError(sqlite3 *db, int code, const QString &what);

/// Whether after @p code nobody can say what reached the disk, so that the file has to be read
/// again from there.
bool isSqliteInputOutput(int code) noexcept;

} // namespace fairlead::core
