// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/reactor/linkstream.h"

#include <fairlead/random.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

/// Streams whose carrier is the test.
namespace fairlead::test {

/// The socket below the layers: bytes arrive and leave as the test says.
class WireStream final : public core::LinkStream
{
public:
    explicit WireStream(core::ChunkPool &pool)
        : LinkStream(pool)
    { }

    void arrive(std::string_view bytes)
    {
        m_arrived += bytes;
        carrierReadable();
    }

    void endInput()
    {
        m_ended = true;
        carrierReadable();
    }

    /// How many more bytes it takes; -1: any number.
    void setRoom(qint64 room)
    {
        m_room = room;
        if (room != 0)
            carrierWritable();
    }

    std::string takeSent() { return std::exchange(m_sent, {}); }

    bool isFinished() const noexcept { return m_finished; }

    bool isAbandoned() const noexcept { return m_abandoned; }

    QByteArray peerAddress() const override { return QByteArrayLiteral("wire:1"); }

    IoResult read(char *buffer, std::size_t size) noexcept override
    {
        const std::size_t got = std::min(size, m_arrived.size());
        std::memcpy(buffer, m_arrived.data(), got);
        m_arrived.erase(0, got);
        if (got > 0)
            return {m_arrived.empty() && !m_ended ? Io::WouldBlock : Io::Done, got, 0};
        return {m_ended ? Io::Ended : Io::WouldBlock, 0, 0};
    }

    void finishOutput() noexcept override { m_finished = true; }

    void abandon() noexcept override { m_abandoned = true; }

private:
    IoResult write(const iovec *parts, int count) noexcept override
    {
        IoResult result;
        for (int i = 0; i < count; ++i) {
            const std::size_t step
                = m_room < 0 ? parts[i].iov_len : std::min(parts[i].iov_len, std::size_t(m_room));
            m_sent.append(static_cast<const char *>(parts[i].iov_base), step);
            result.size += step;
            if (m_room >= 0)
                m_room -= qint64(step);
            if (step < parts[i].iov_len)
                break;
        }
        return result;
    }

    std::string m_arrived;
    std::string m_sent;
    qint64 m_room = -1;
    bool m_ended = false;
    bool m_finished = false;
    bool m_abandoned = false;
};

/// Reads and writes at the top as a link does.
class TopReader final : private core::StreamOwner
{
public:
    using Io = core::LinkStream::Io;

    explicit TopReader(core::LinkStream &stream)
        : m_stream(stream)
    {
        stream.setOwner(this);
    }

    ~TopReader() override { m_stream.setOwner(nullptr); }

    /// Until there is nothing more to read for now.
    void read()
    {
        while (status != Io::Ended && status != Io::Failed) {
            std::string buffer(readSize, '\0');
            const core::LinkStream::IoResult got = m_stream.read(buffer.data(), buffer.size());
            received.append(buffer, 0, got.size);
            if (got.size > 0)
                pieces.push_back(buffer.substr(0, got.size));
            status = got.status;
            if (status == Io::WouldBlock)
                break;
        }
    }

    void write(std::string_view bytes)
    {
        while (!bytes.empty()) {
            const std::size_t step = std::min(bytes.size(), std::size_t(60000));
            std::memcpy(m_stream.reserve(step), bytes.data(), step);
            m_stream.commit(step);
            bytes.remove_prefix(step);
        }
        flush();
    }

    void flush()
    {
        while (!m_stream.isOutputEmpty() && !m_stream.isBlocked())
            m_stream.flush();
    }

    std::string take() { return std::exchange(received, {}); }

    std::string received;
    std::vector<std::string> pieces;
    std::size_t readSize = 4096;
    Io status = Io::Done;

private:
    void streamReadable() noexcept override { read(); }

    void streamWritable() noexcept override { flush(); }

    void streamFilled() noexcept override { }

    void streamReadingChanged(bool) noexcept override { }

    core::LinkStream &m_stream;
};

/// The same in each run.
class CountingRandom final : public Random
{
public:
    quint64 next() noexcept override { return m_next += 0x9E3779B97F4A7C15; }

    void fill(char *out, std::size_t size) noexcept override
    {
        for (std::size_t i = 0; i < size; ++i)
            out[i] = char(next() >> 56);
    }

private:
    quint64 m_next = 0;
};

} // namespace fairlead::test
