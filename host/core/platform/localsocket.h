// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QString>

#include <fairlead/result.h>

#include <memory>

namespace fairlead::core {

/// A listening stream socket in the file system. Thread: the creator's. Ownership: of the descriptor
/// and, as long as it is its own, of the file.
class LocalSocket
{
public:
    /// Listens at @p path; the file never lets in more than @p mode does. What a dead process left
    /// there is replaced, what answers is not. Errors: InvalidArgument (path too long or relative),
    /// AddressInUse, AlreadyExists (not a socket), NotFound (no such folder), PermissionDenied.
    static Result<std::unique_ptr<LocalSocket>> listen(const QString &path, quint32 mode);
    ~LocalSocket();
    LocalSocket(const LocalSocket &) = delete;
    LocalSocket &operator=(const LocalSocket &) = delete;

    int fd() const noexcept { return m_fd; }

    const QString &path() const noexcept { return m_path; }

private:
    LocalSocket(int fd, QString path) noexcept;

    const int m_fd;
    const QString m_path;
    quint64 m_device = 0;
    quint64 m_inode = 0;
};

} // namespace fairlead::core
