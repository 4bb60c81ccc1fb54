// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/stderrstream.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace fairlead::core {

namespace {

// How long a reader of the log may keep a line waiting before the line is lost.
constexpr int kPatienceMs = 100;

} // namespace

StderrKind stderrKind(const Environment &environment) noexcept
{
    struct stat status
    {
    };

    if (::fstat(STDERR_FILENO, &status) != 0)
        return StderrKind::Other;
    // Inherited from a parent, the variable may speak of another stream: both numbers must agree.
    const QString expected
        = QStringLiteral("%1:%2").arg(quint64(status.st_dev)).arg(quint64(status.st_ino));
    if (environment.value(QStringLiteral("JOURNAL_STREAM")) == expected)
        return StderrKind::Journal;
    return ::isatty(STDERR_FILENO) ? StderrKind::Terminal : StderrKind::Other;
}

void writeToStderr(const QByteArray &line) noexcept
{
    const char *data = line.constData();
    auto left = std::size_t(line.size());
    while (left > 0) {
        const ssize_t written = ::write(STDERR_FILENO, data, left);
        if (written >= 0) {
            data += written;
            left -= std::size_t(written);
        } else if (errno == EAGAIN) {
            pollfd waited{STDERR_FILENO, POLLOUT, 0};
            if (::poll(&waited, 1, kPatienceMs) <= 0)
                return;
        } else if (errno != EINTR) {
            return;
        }
    }
}

} // namespace fairlead::core
