// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "simstream.h"

#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace fairlead::sim {

void SimStream::arrive(std::string_view bytes)
{
    m_arrived += bytes;
    carrierReadable();
}

void SimStream::endInput()
{
    m_ended = true;
    carrierReadable();
}

void SimStream::breakOff()
{
    m_broken = true;
    carrierReadable();
    carrierWritable();
}

void SimStream::setRoom(qint64 room)
{
    m_room = room;
    if (room != 0)
        carrierWritable();
}

core::LinkStream::IoResult SimStream::read(char *buffer, std::size_t size) noexcept
{
    if (m_broken)
        return {Io::Failed, 0, ECONNRESET};
    const std::size_t got = std::min(size, m_arrived.size());
    std::memcpy(buffer, m_arrived.data(), got);
    m_arrived.erase(0, got);
    if (got > 0 && m_arrived.empty() && m_ended && endsWithLastByte)
        return {Io::Ended, got, 0};
    if (got > 0)
        return {m_arrived.empty() && !m_ended ? Io::WouldBlock : Io::Done, got, 0};
    return {m_ended ? Io::Ended : Io::WouldBlock, 0, 0};
}

core::LinkStream::IoResult SimStream::write(const iovec *parts, int count) noexcept
{
    if (m_broken)
        return {Io::Failed, 0, ECONNRESET};
    std::size_t taken = 0;
    for (int i = 0; i < count; ++i) {
        std::size_t step = parts[i].iov_len;
        if (m_room >= 0)
            step = std::min(step, std::size_t(m_room));
        m_sent.append(static_cast<const char *>(parts[i].iov_base), step);
        taken += step;
        if (m_room >= 0)
            m_room -= qint64(step);
        if (step < parts[i].iov_len)
            break;
    }
    return {Io::Done, taken, 0};
}

} // namespace fairlead::sim
