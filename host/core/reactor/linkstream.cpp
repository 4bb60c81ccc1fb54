// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/reactor/linkstream.h"

#include <sys/uio.h>

#include <algorithm>
#include <cstring>

namespace fairlead::core {

namespace {

constexpr int kMaxParts = 64;

// Where a closed stream's writes go: the driver need not ask before each frame.
char *nowhere() noexcept
{
    static thread_local char bin[ByteStream::kMaxReserve];
    return bin;
}

} // namespace

char *LinkStream::reserve(std::size_t size) noexcept
{
    Q_ASSERT(size <= kMaxReserve);
    return m_closed ? nowhere() : m_output.reserve(size);
}

void LinkStream::commit(std::size_t size) noexcept
{
    if (m_closed || size == 0)
        return;
    const bool first = m_output.isEmpty();
    m_output.commit(size);
    if (first && m_owner)
        m_owner->streamFilled();
}

void LinkStream::append(const Message &message, std::size_t offset, std::size_t size) noexcept
{
    if (m_closed || size == 0)
        return;
    const bool first = m_output.isEmpty();
    m_output.append(message, offset, size);
    if (first && m_owner)
        m_owner->streamFilled();
}

void LinkStream::setReading(bool reading) noexcept
{
    if (m_reading == reading)
        return;
    m_reading = reading;
    if (m_owner)
        m_owner->streamReadingChanged(reading);
}

void LinkStream::close(CloseMode mode) noexcept
{
    m_closed = true;
    // Before the peer's side is open there is nobody to send it to.
    if (mode == CloseMode::Abort || !isOpen())
        m_output.clear();
}

LinkStream::IoResult LinkStream::flush() noexcept
{
    if (m_blocked || m_output.isEmpty())
        return {m_blocked ? Io::WouldBlock : Io::Done, 0, 0};
    iovec parts[kMaxParts];
    int count = m_output.gather(parts, kMaxParts);
    std::size_t total = 0;
    for (int i = 0; i < count; ++i) {
        if (i > 0 && total + parts[i].iov_len > kTurnBytes) {
            count = i;
            break;
        }
        total += parts[i].iov_len;
    }
    IoResult result = write(parts, count);
    if (result.size > 0)
        m_output.consume(result.size);
    if (result.status == Io::WouldBlock || (result.status == Io::Done && result.size < total)) {
        m_blocked = true;
        result.status = Io::WouldBlock;
    }
    return result;
}

LinkStream::IoResult LinkStream::send(const iovec *parts, int count) noexcept
{
    IoResult result;
    if (m_output.isEmpty() && !m_blocked) {
        result = write(parts, count);
        if (result.status == Io::Failed)
            return result;
    }
    std::size_t sent = result.size;
    for (int i = 0; i < count; ++i) {
        const std::size_t gone = std::min(sent, parts[i].iov_len);
        sent -= gone;
        const char *from = static_cast<const char *>(parts[i].iov_base) + gone;
        std::size_t left = parts[i].iov_len - gone;
        while (left > 0) {
            const std::size_t step = std::min(left, kMaxReserve);
            std::memcpy(m_output.reserve(step), from, step);
            m_output.commit(step);
            from += step;
            left -= step;
        }
    }
    m_blocked = m_blocked || !m_output.isEmpty();
    return {m_blocked ? Io::WouldBlock : Io::Done, result.size, 0};
}

void LinkStream::carrierReadable() noexcept
{
    if (m_owner)
        m_owner->streamReadable();
}

void LinkStream::carrierWritable() noexcept
{
    if (!m_blocked)
        return;
    m_blocked = false;
    if (m_owner)
        m_owner->streamWritable();
}

} // namespace fairlead::core
