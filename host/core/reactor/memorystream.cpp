// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/reactor/memorystream.h"

#include "core/reactor/reactor.h"

#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <string>

namespace fairlead::core {

/// One direction. The ends are told of each other through their reactors, never called.
struct MemoryStream::Pipe
{
    static constexpr std::size_t kCapacity = 256 * 1024;

    std::mutex lock;
    std::string bytes;
    Reactor *writerReactor = nullptr;
    Reactor *readerReactor = nullptr;
    MemoryStream *writer = nullptr;
    MemoryStream *reader = nullptr;
    bool ended = false;
    bool writerWaits = false;
    bool readerWaits = true;
};

MemoryStream::MemoryStream(Reactor &reactor,
                           QByteArray name,
                           std::shared_ptr<Pipe> in,
                           std::shared_ptr<Pipe> out)
    : LinkStream(reactor.chunks())
    , m_name(std::move(name))
    , m_in(std::move(in))
    , m_out(std::move(out))
{
    m_in->reader = this;
    m_in->readerReactor = &reactor;
    m_out->writer = this;
    m_out->writerReactor = &reactor;
}

std::pair<std::unique_ptr<MemoryStream>, std::unique_ptr<MemoryStream>> MemoryStream::makePair(
    Reactor &first, Reactor &second, const QByteArray &name)
{
    const auto there = std::make_shared<Pipe>();
    const auto back = std::make_shared<Pipe>();
    return {std::unique_ptr<MemoryStream>(new MemoryStream(first, name, back, there)),
            std::unique_ptr<MemoryStream>(new MemoryStream(second, name, there, back))};
}

MemoryStream::~MemoryStream()
{
    abandon();
}

LinkStream::IoResult MemoryStream::read(char *buffer, std::size_t size) noexcept
{
    if (!m_in)
        return {Io::Failed, 0, EBADF};
    const std::shared_ptr<Pipe> pipe = m_in;
    const std::scoped_lock locked(pipe->lock);
    const std::size_t got = std::min(size, pipe->bytes.size());
    pipe->bytes.copy(buffer, got);
    pipe->bytes.erase(0, got);
    if (got > 0 && std::exchange(pipe->writerWaits, false) && pipe->writer) {
        pipe->writerReactor->post([pipe] {
            if (pipe->writer)
                pipe->writer->carrierWritable();
        });
    }
    if (got > 0 && !pipe->bytes.empty())
        return {Io::Done, got, 0};
    if (got > 0)
        return {pipe->ended ? Io::Done : (pipe->readerWaits = true, Io::WouldBlock), got, 0};
    if (pipe->ended)
        return {Io::Ended, 0, 0};
    pipe->readerWaits = true;
    return {Io::WouldBlock, 0, 0};
}

LinkStream::IoResult MemoryStream::write(const iovec *parts, int count) noexcept
{
    if (!m_out)
        return {Io::Failed, 0, EBADF};
    const std::shared_ptr<Pipe> pipe = m_out;
    const std::scoped_lock locked(pipe->lock);
    if (!pipe->reader)
        return {Io::Failed, 0, EPIPE};
    std::size_t sent = 0;
    for (int i = 0; i < count; ++i) {
        const std::size_t room = Pipe::kCapacity - pipe->bytes.size();
        const std::size_t step = std::min(room, parts[i].iov_len);
        pipe->bytes.append(static_cast<const char *>(parts[i].iov_base), step);
        sent += step;
        if (step < parts[i].iov_len) {
            pipe->writerWaits = true;
            break;
        }
    }
    if (sent > 0 && std::exchange(pipe->readerWaits, false)) {
        pipe->readerReactor->post([pipe] {
            if (pipe->reader)
                pipe->reader->carrierReadable();
        });
    }
    return {Io::Done, sent, 0};
}

void MemoryStream::finishOutput() noexcept
{
    if (!m_out)
        return;
    const std::shared_ptr<Pipe> pipe = m_out;
    const std::scoped_lock locked(pipe->lock);
    pipe->ended = true;
    if (pipe->reader) {
        pipe->readerReactor->post([pipe] {
            if (pipe->reader)
                pipe->reader->carrierReadable();
        });
    }
}

void MemoryStream::abandon() noexcept
{
    if (!m_out)
        return;
    finishOutput();
    {
        const std::scoped_lock locked(m_out->lock);
        m_out->writer = nullptr;
    }
    const std::shared_ptr<Pipe> pipe = m_in;
    {
        const std::scoped_lock locked(pipe->lock);
        pipe->reader = nullptr;
        pipe->bytes.clear();
        if (pipe->writer) {
            // Its next write fails, as on a socket whose peer is gone.
            pipe->writerReactor->post([pipe] {
                if (pipe->writer)
                    pipe->writer->carrierWritable();
            });
        }
    }
    m_in.reset();
    m_out.reset();
}

} // namespace fairlead::core
