// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/servicenotifier.h"

#include "core/platform/systemclock.h"

#include <QtCore/QFile>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace fairlead::core {

namespace {

constexpr qint64 kNsPerUs = 1000;

int connectTo(const QByteArray &name)
{
    sockaddr_un address{};
    const auto size = std::size_t(name.size());
    if (size < 2 || size >= sizeof(address.sun_path) || (name[0] != '/' && name[0] != '@'))
        return -1;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.constData(), size);
    auto length = socklen_t(offsetof(sockaddr_un, sun_path) + size);
    if (name[0] == '@')
        address.sun_path[0] = '\0'; // an abstract name, which has no terminator
    else
        ++length;
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (::connect(fd, reinterpret_cast<const sockaddr *>(&address), length) != 0) {
        ::close(fd);
        return -1;
    }
    // A manager that hangs must not hang the host, but a busy one must not miss a message.
    const timeval patience{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    return fd;
}

QByteArray oneLine(const QString &text)
{
    QByteArray line = text.toUtf8();
    line.replace('\n', ' ');
    return line;
}

} // namespace

ServiceNotifier::ServiceNotifier(const Environment &environment)
    : m_fd(connectTo(QFile::encodeName(environment.value(QStringLiteral("NOTIFY_SOCKET")))))
{
    bool isNumber = false;
    const qint64 interval
        = environment.value(QStringLiteral("WATCHDOG_USEC")).toLongLong(&isNumber);
    const QString pid = environment.value(QStringLiteral("WATCHDOG_PID"));
    const bool meant = pid.isEmpty() || pid.toLongLong() == qint64(::getpid());
    if (isNumber && interval > 0 && meant && interval < kNsPerSecond * 3600)
        m_watchdogInterval = interval * kNsPerUs / 2;
}

ServiceNotifier::~ServiceNotifier()
{
    if (m_fd >= 0)
        ::close(m_fd);
}

void ServiceNotifier::ready(const QString &status) const
{
    send("READY=1\nSTATUS=" + oneLine(status));
}

void ServiceNotifier::status(const QString &text) const
{
    send("STATUS=" + oneLine(text));
}

void ServiceNotifier::watchdog() const
{
    send("WATCHDOG=1");
}

void ServiceNotifier::stopping(const QString &status) const
{
    send("STOPPING=1\nSTATUS=" + oneLine(status));
}

void ServiceNotifier::reloading() const
{
    send("RELOADING=1\nMONOTONIC_USEC=" + QByteArray::number(monotonicNs() / kNsPerUs));
}

void ServiceNotifier::extendTimeout(qint64 nanoseconds) const
{
    send("EXTEND_TIMEOUT_USEC=" + QByteArray::number(nanoseconds / kNsPerUs));
}

void ServiceNotifier::send(const QByteArray &message) const
{
    if (m_fd < 0)
        return;
    ssize_t sent = -1;
    do {
        sent = ::send(m_fd, message.constData(), std::size_t(message.size()), MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
}

} // namespace fairlead::core
