// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/carrier/layerstream.h"

#include <sys/uio.h>

#include <cerrno>
#include <utility>

namespace fairlead::core {

LayerStream::LayerStream(ChunkPool &pool, std::unique_ptr<LinkStream> below)
    : LinkStream(pool)
    , m_below(std::move(below))
{
    m_below->setOwner(this);
}

LayerStream::~LayerStream() = default;

void LayerStream::abandon() noexcept
{
    m_below->abandon();
}

bool LayerStream::flushBelow() noexcept
{
    while (!m_below->isOutputEmpty() && !m_below->isBlocked()) {
        // What is wrong with it, the next read tells.
        if (m_below->flush().status == Io::Failed)
            return false;
    }
    return m_below->isOutputEmpty();
}

LinkStream::IoResult LayerStream::read(char *buffer, std::size_t size) noexcept
{
    if (m_phase == Phase::Fresh) {
        m_phase = Phase::Handshaking;
        begin();
    }
    IoResult got;
    if (m_phase == Phase::Closed) {
        if (!m_failure.isNull()) {
            // Told once and again, so that whoever lingers reads on until the peer is gone too.
            got = m_below->read(buffer, size);
            got.size = 0;
            if (!isClosed() && got.status != Io::Ended)
                got = {Io::Failed, 0, EPROTO};
            return got;
        }
        return {Io::Ended, 0, 0};
    }
    got = readLayer(buffer, size);
    flushBelow();
    if (m_phase == Phase::Closed) {
        // The end comes after what came before it.
        if (got.size > 0)
            got.status = Io::Done;
        else if (!m_failure.isNull() && got.status != Io::Ended)
            got = {Io::Failed, 0, EPROTO};
        else if (got.status != Io::Failed)
            got.status = Io::Ended;
    }
    return got;
}

LinkStream::IoResult LayerStream::write(const iovec *parts, int count) noexcept
{
    if (m_phase == Phase::Fresh) {
        m_phase = Phase::Handshaking;
        begin();
        flushBelow();
    }
    switch (m_phase) {
    case Phase::Fresh:
    case Phase::Handshaking:
        return {Io::WouldBlock, 0, 0};
    case Phase::Open:
        break;
    case Phase::Closing:
    case Phase::Closed: {
        // Nobody is there to take it.
        IoResult dropped;
        for (int i = 0; i < count; ++i)
            dropped.size += parts[i].iov_len;
        return dropped;
    }
    }
    if (!flushBelow())
        return {Io::WouldBlock, 0, 0};
    return writeLayer(parts, count);
}

void LayerStream::setOpen() noexcept
{
    m_phase = Phase::Open;
    carrierWritable();
}

void LayerStream::setClosed() noexcept
{
    m_phase = Phase::Closed;
    if (isOver())
        finishBelow();
}

void LayerStream::fail(const Error &error) noexcept
{
    if (m_failure.isNull())
        m_failure = error;
    m_phase = Phase::Closed;
}

void LayerStream::finishOutput() noexcept
{
    if (std::exchange(m_finished, true))
        return;
    // What waits for the layer below to open is for nobody, and would hold up the end.
    if (!m_below->isOpen())
        m_below->close(CloseMode::Drain);
    if (m_phase == Phase::Open)
        sayGoodbye();
    else if (m_phase != Phase::Closing)
        m_phase = Phase::Closed;
    flushBelow();
    if (isOver())
        finishBelow();
}

// Whether we have nothing more to send.
bool LayerStream::isOver() const noexcept
{
    return m_finished
        && (m_phase == Phase::Closed || (m_phase == Phase::Closing && endsWithGoodbye()));
}

void LayerStream::finishBelow() noexcept
{
    if (m_belowFinished || !flushBelow())
        return;
    m_belowFinished = true;
    m_below->finishOutput();
}

bool LayerStream::isFlushed() const noexcept
{
    return m_below->isOutputEmpty() && m_below->isFlushed();
}

void LayerStream::streamWritable() noexcept
{
    if (!flushBelow())
        return;
    handleBelowFlushed();
    if (isOver())
        finishBelow();
    if (m_finished && owner())
        owner()->streamWritable();
    carrierWritable();
}

} // namespace fairlead::core
