// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/runlock.h"

#include "core/platform/files.h"
#include "core/platform/systemerror.h"

#include <QtCore/QByteArray>
#include <QtCore/QFile>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

namespace fairlead::core {

Result<std::unique_ptr<RunLock>> RunLock::acquire(const QString &stateFolder)
{
    if (const Result<> made = makeFolder(stateFolder); !made)
        return made.error();
    const QString path = stateFolder + QStringLiteral("/lock");
    const int fd = ::open(
        QFile::encodeName(path).constData(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return systemError(errno, path, ErrorCode::StorageFailed);
    // Not make_unique: the constructor is private.
    std::unique_ptr<RunLock> lock(new RunLock(fd)); // NOLINT(modernize-make-unique)
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return systemError(errno, path, ErrorCode::StorageFailed);
        QByteArray holder(32, '\0');
        const ssize_t size = ::pread(fd, holder.data(), std::size_t(holder.size()), 0);
        holder = holder.left(qsizetype(size > 0 ? size : 0)).trimmed();
        bool isNumber = false;
        const qint64 pid = holder.toLongLong(&isNumber);
        const QString who
            = isNumber ? QStringLiteral("process %1").arg(pid) : QStringLiteral("another process");
        Error error(ErrorCode::AlreadyExists,
                    QStringLiteral("%1: the state folder is in use by %2; stop it, or choose "
                                   "another folder with state_dir in [host]")
                        .arg(path, who));
        error.setDetail(QStringLiteral("pid"), isNumber ? pid : 0);
        return error;
    }
    const QByteArray pid = QByteArray::number(qint64(::getpid())) + '\n';
    if (::ftruncate(fd, 0) != 0
        || ::pwrite(fd, pid.constData(), std::size_t(pid.size()), 0) != ssize_t(pid.size())) {
        return systemError(errno, path, ErrorCode::StorageFailed);
    }
    return lock;
}

// The file stays: removing it would let a third process lock a name that a second one still holds.
RunLock::~RunLock()
{
    ::close(m_fd);
}

} // namespace fairlead::core
