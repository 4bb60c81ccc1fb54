// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/descriptorreserve.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace fairlead::core {

namespace {

bool meansExhausted(int systemError) noexcept
{
    return systemError == EMFILE || systemError == ENFILE || systemError == ENOBUFS
        || systemError == ENOMEM;
}

} // namespace

DescriptorCalls DescriptorCalls::system()
{
    return {[](int listener, sockaddr *peer, socklen_t *size) {
                return ::accept4(listener, peer, size, SOCK_NONBLOCK | SOCK_CLOEXEC);
            },
            [] { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); },
            [](int fd) { ::close(fd); }};
}

DescriptorReserve::DescriptorReserve(int size, DescriptorCalls calls)
    : m_calls(std::move(calls))
    , m_size(std::size_t(std::max(size, 0)))
{
    refill();
}

DescriptorReserve::~DescriptorReserve()
{
    for (const int fd : m_spare)
        m_calls.close(fd);
}

void DescriptorReserve::refill()
{
    while (m_spare.size() < m_size) {
        const int fd = m_calls.open();
        if (fd < 0)
            return;
        m_spare.push_back(fd);
    }
}

int DescriptorReserve::acceptOnce(int listener, sockaddr *peer, socklen_t *size) const
{
    int fd = -1;
    do {
        fd = m_calls.accept(listener, peer, size);
    } while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
    return fd;
}

DescriptorReserve::Accepted DescriptorReserve::accept(int listener,
                                                      Use use,
                                                      sockaddr *peer,
                                                      socklen_t *size)
{
    // What came free meanwhile is kept first: whoever is served then does not take the last one.
    refill();
    const int fd = acceptOnce(listener, peer, size);
    if (fd >= 0) {
        noteGood();
        return {Outcome::Good, fd};
    }
    if (!meansExhausted(errno))
        return {};
    noteExhausted();
    return acceptOnSpare(listener, use, peer, size);
}

DescriptorReserve::Accepted DescriptorReserve::acceptOnSpare(int listener,
                                                             Use use,
                                                             sockaddr *peer,
                                                             socklen_t *size)
{
    if (m_spare.empty())
        return {Outcome::Exhausted, -1};
    const bool isLast = use == Use::Links && m_spare.size() <= kForOperators;
    m_calls.close(m_spare.back());
    m_spare.pop_back();
    const int fd = acceptOnce(listener, peer, size);
    if (fd < 0) {
        // Somebody else was faster, or it went away.
        const bool isWaiting = meansExhausted(errno);
        refill();
        return {isWaiting ? Outcome::Exhausted : Outcome::None, -1};
    }
    if (use == Use::Operators)
        return {Outcome::Good, fd};
    return {isLast ? Outcome::Close : Outcome::Refuse, fd};
}

void DescriptorReserve::noteGood()
{
    if (!m_isExhausted || m_spare.size() < m_size || ++m_good < kRecovery)
        return;
    m_isExhausted = false;
    if (m_observer)
        m_observer(false);
}

void DescriptorReserve::noteExhausted()
{
    ++m_exhaustions;
    m_good = 0;
    if (std::exchange(m_isExhausted, true))
        return;
    if (m_observer)
        m_observer(true);
}

} // namespace fairlead::core
