// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <unistd.h>

#include <utility>

namespace fairlead::core {

/// Owns an open file descriptor; -1 is none.
class Descriptor
{
public:
    explicit Descriptor(int fd) noexcept
        : m_fd(fd)
    { }

    ~Descriptor()
    {
        if (m_fd >= 0)
            ::close(m_fd);
    }

    Descriptor(const Descriptor &) = delete;
    Descriptor &operator=(const Descriptor &) = delete;

    int get() const noexcept { return m_fd; }

    int release() noexcept { return std::exchange(m_fd, -1); }

private:
    int m_fd;
};

} // namespace fairlead::core
