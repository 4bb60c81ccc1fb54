// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QString>
#include <QtCore/QStringList>

#include <fairlead/result.h>

namespace fairlead::core {

// The few files that are read and written before and around the store. Threads: any; each call
// blocks, so none is made on a reactor.

/// What a path leads to, symbolic links followed.
struct FileFacts
{
    enum class Kind : quint8 {
        Missing,
        Unreadable,
        File,
        Folder,
        Other
    };

    Kind kind = Kind::Missing;
    qint64 size = 0;
    /// Free of links and dots; empty when it does not exist.
    QString canonicalPath;
    /// Why others could change it; empty when only root and this process' user can.
    QString openToOthers;
};

FileFacts fileFacts(const QString &path);

/// The content of a regular file. Errors: NotFound, PermissionDenied, LimitReached for more than
/// @p maxSize bytes.
Result<QByteArray> readFile(const QString &path, qint64 maxSize);

/// At most the first @p size bytes of a regular file.
Result<QByteArray> readFileHead(const QString &path, qint64 size);

/// Replaces the file in one step, so that a reader finds the former content or the whole of this.
Result<> writeFileAtomically(const QString &path, const QByteArray &content);

/// Makes an empty file, for this user alone. Errors: AlreadyExists, PermissionDenied, StorageFull.
Result<> createPrivateFile(const QString &path);

/// Gives a file another name in the same file system, taking the place of what has it; done for good
/// when it returns. Errors: NotFound, PermissionDenied, StorageFailed.
Result<> moveFile(const QString &from, const QString &to);

/// The names in a folder, in the order of their bytes; hidden ones are left out.
/// Errors: NotFound, PermissionDenied.
Result<QStringList> listFolder(const QString &path);

/// Makes a folder and those above it, for this user alone.
Result<> makeFolder(const QString &path);

} // namespace fairlead::core
