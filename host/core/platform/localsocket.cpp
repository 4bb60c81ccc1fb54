// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/localsocket.h"

#include "core/platform/descriptor.h"
#include "core/platform/systemerror.h"

#include <QtCore/QDir>
#include <QtCore/QFile>
#include <QtCore/QFileInfo>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace fairlead::core {

namespace {

constexpr int kLocalBacklog = 64;

Error failed(int number, const QString &path, ErrorCode fallback = ErrorCode::Internal)
{
    return systemError(number, QStringLiteral("cannot listen on %1").arg(path), fallback)
        .setDetail(QStringLiteral("path"), path);
}

const sockaddr *generic(const sockaddr_un &address) noexcept
{
    return reinterpret_cast<const sockaddr *>(&address);
}

bool answers(const sockaddr_un &address)
{
    const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (::connect(probe.get(), generic(address), sizeof address) == 0)
        return true;
    // A full backlog or a door that is shut for us has somebody behind it.
    return errno != ECONNREFUSED && errno != ENOENT;
}

// Makes room for a socket at the address, unless somebody needs what is there.
Error clear(const sockaddr_un &address, const QString &path)
{
    struct stat facts;
    if (::lstat(address.sun_path, &facts) != 0)
        return errno == ENOENT ? Error() : failed(errno, path);
    if (!S_ISSOCK(facts.st_mode)) {
        return Error(ErrorCode::AlreadyExists,
                     QStringLiteral("cannot listen on %1: there is a file that is no socket; "
                                    "remove it or choose another path")
                         .arg(path))
            .setDetail(QStringLiteral("path"), path);
    }
    if (answers(address)) {
        return Error(ErrorCode::AddressInUse,
                     QStringLiteral("cannot listen on %1: another process answers there").arg(path))
            .setDetail(QStringLiteral("path"), path);
    }
    if (::unlink(address.sun_path) != 0 && errno != ENOENT)
        return failed(errno, path);
    return {};
}

} // namespace

LocalSocket::LocalSocket(int fd, QString path) noexcept
    : m_fd(fd)
    , m_path(std::move(path))
{ }

Result<std::unique_ptr<LocalSocket>> LocalSocket::listen(const QString &path, quint32 mode)
{
    const QByteArray name = QFile::encodeName(path);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    constexpr auto kLongest = qsizetype(sizeof address.sun_path) - 1;
    if (!QDir::isAbsolutePath(path) || name.size() > kLongest || name.contains('\0')) {
        return Error(ErrorCode::InvalidArgument,
                     QStringLiteral("a socket needs an absolute path of at most %1 bytes, found "
                                    "%2: \"%3\"")
                         .arg(kLongest)
                         .arg(name.size())
                         .arg(path))
            .setDetail(QStringLiteral("path"), path);
    }
    std::memcpy(address.sun_path, name.constData(), std::size_t(name.size()));

    // Of two processes that find the same leftover only one may replace it.
    const QByteArray folder = QFile::encodeName(QFileInfo(path).path());
    const Descriptor guard(::open(folder.constData(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (guard.get() < 0)
        return failed(errno, path, ErrorCode::NotFound);
    if (::flock(guard.get(), LOCK_EX | LOCK_NB) != 0) {
        return Error(ErrorCode::AddressInUse,
                     QStringLiteral("cannot listen on %1: another process locks its folder")
                         .arg(path))
            .setDetail(QStringLiteral("path"), path);
    }
    if (const Error error = clear(address, path); !error.isNull())
        return error;

    Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    // The descriptor's mode is the most that the file begins with, whatever the process' mask.
    if (fd.get() < 0 || ::fchmod(fd.get(), mode) != 0
        || ::bind(fd.get(), generic(address), sizeof address) != 0) {
        return failed(errno, path, ErrorCode::NotFound);
    }
    std::unique_ptr<LocalSocket> socket(new LocalSocket(fd.release(), path));
    struct stat facts;
    if (::chmod(address.sun_path, mode) != 0 || ::lstat(address.sun_path, &facts) != 0
        || ::listen(socket->m_fd, kLocalBacklog) != 0) {
        return failed(errno, path);
    }
    socket->m_device = facts.st_dev;
    socket->m_inode = facts.st_ino;
    return socket;
}

LocalSocket::~LocalSocket()
{
    const QByteArray name = QFile::encodeName(m_path);
    struct stat facts;
    // Somebody may have put another one there.
    if (::lstat(name.constData(), &facts) == 0 && facts.st_dev == m_device
        && facts.st_ino == m_inode) {
        (void)::unlink(name.constData());
    }
    ::close(m_fd);
}

} // namespace fairlead::core
