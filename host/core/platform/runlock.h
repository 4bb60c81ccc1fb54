// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QString>

#include <fairlead/result.h>

#include <memory>

namespace fairlead::core {

/// Keeps two hosts from serving one state folder. The system releases it when the process ends,
/// however it ends. Thread: main.
class RunLock
{
public:
    /// Makes the folder if needed. Errors: AlreadyExists naming the process that holds it, or why
    /// the lock file cannot be written.
    static Result<std::unique_ptr<RunLock>> acquire(const QString &stateFolder);

    ~RunLock();
    RunLock(const RunLock &) = delete;
    RunLock &operator=(const RunLock &) = delete;

private:
    explicit RunLock(int fd) noexcept
        : m_fd(fd)
    { }

    int m_fd;
};

} // namespace fairlead::core
