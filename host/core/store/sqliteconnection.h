// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/sqlitedatabase.h"

#include <QByteArray>
#include <QString>

namespace fairlead::core::sqlite {

/// Where a store is and how much it may take.
struct Place
{
    QString path; ///< absolute; its folder exists
    qint64 maxBytes = 0; ///< of the database itself, 0: what the disk has
    QByteArray vfs; ///< name of a file system registered with SQLite, empty: the system's
    /// No other process reads along; also for file systems without shared memory.
    bool exclusive = false;
};

/// The log beside a database, which is there while a host has it open and after it was killed.
QString logPath(const QString &path);

/// Whether the host that had @p place open last could not close it.
bool isUnclean(const Place &place);

/// StorageDamaged when the files at @p place cannot be a store, before SQLite is let near them: it
/// takes an empty file for an empty database and an unreadable log for none.
Result<> inspectFiles(const Place &place);

/// Sizes and tables of an empty database; the last step is the caller's markComplete().
Result<> createTables(SqliteDatabase &database);
/// From here on it counts as a store.
Result<> markComplete(SqliteDatabase &database);
/// Makes the file of an empty store at @p place, where nothing is.
Result<> createStore(const Place &place);

/// Opens the store at @p place, which exists, and settles how it works from now on. Errors:
/// StorageDamaged; StorageFailed, for a store of a later host as well.
Result<> connectStore(SqliteDatabase &database, const Place &place);

/// Reads the whole database and looks for contradictions in it. Errors: StorageDamaged.
Result<> checkWhole(SqliteDatabase &database);

} // namespace fairlead::core::sqlite
