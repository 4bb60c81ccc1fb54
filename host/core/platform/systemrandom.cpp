// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/systemrandom.h"

#include <QtCore/QRandomGenerator>

#include <sys/random.h>

#include <bit>
#include <cerrno>
#include <cstring>

namespace fairlead::core {

SystemRandom::SystemRandom() noexcept
{
    do {
        std::array<char, sizeof(m_state)> seed;
        fill(seed.data(), seed.size());
        std::memcpy(m_state.data(), seed.data(), seed.size());
        // The generator would stay at zero for ever.
    } while (m_state == std::array<quint64, 4>{});
}

quint64 SystemRandom::next() noexcept
{
    const quint64 result = std::rotl(m_state[0] + m_state[3], 23) + m_state[0];
    const quint64 shifted = m_state[1] << 17;
    m_state[2] ^= m_state[0];
    m_state[3] ^= m_state[1];
    m_state[1] ^= m_state[2];
    m_state[0] ^= m_state[3];
    m_state[2] ^= shifted;
    m_state[3] = std::rotl(m_state[3], 45);
    return result;
}

void SystemRandom::fill(char *out, std::size_t size) noexcept
{
    while (size > 0) {
        const ssize_t got = ::getrandom(out, size, 0);
        if (got > 0) {
            out += got;
            size -= std::size_t(got);
        } else if (errno != EINTR) {
            break;
        }
    }
    // Where the call is forbidden, Qt still has other ways to the system's generator.
    for (; size > 0; --size)
        *out++ = char(QRandomGenerator::system()->generate() & 0xff);
}

} // namespace fairlead::core
