// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/reactor/lingering.h"

#include <fairlead/clock.h>

namespace fairlead::core {

Reactor::Lingering::Lingering(Reactor &reactor,
                              std::unique_ptr<LinkStream> stream,
                              LinkPlace place,
                              bool inputEnded)
    : m_reactor(reactor)
    , m_place(std::move(place))
    , m_stream(std::move(stream))
    , m_deadline([](void *self) noexcept { static_cast<Lingering *>(self)->finish(); }, this)
    , m_inputEnded(inputEnded)
{
    m_stream->setOwner(this);
    reactor.m_timers.arm(m_deadline, reactor.clock().now() + kLingerNs);
}

void Reactor::Lingering::due() noexcept
{
    m_due = true;
    m_reactor.m_lingeringDue = true;
}

void Reactor::Lingering::finish() noexcept
{
    if (m_done)
        return;
    m_done = true;
    m_reactor.m_timers.disarm(m_deadline);
    m_reactor.m_lingeringDue = true;
    m_stream->abandon();
}

void Reactor::Lingering::step()
{
    if (m_done || !m_due)
        return;
    m_due = false;
    if (!m_stream->isOutputEmpty()) {
        const std::size_t before = m_stream->outputSize();
        const LinkStream::IoResult sent = m_stream->flush();
        m_reactor.m_traffic.bytesSent.add(before - m_stream->outputSize());
        if (sent.status == LinkStream::Io::Failed) {
            finish();
            return;
        }
        if (!m_stream->isOutputEmpty() && !m_stream->isBlocked())
            due();
    }
    if (m_stream->isOutputEmpty() && !m_outputFinished) {
        m_outputFinished = true;
        m_stream->finishOutput();
    }
    // What the peer still sends is read and dropped: unread input would turn the close into a reset.
    while (!m_inputEnded) {
        const LinkStream::IoResult got = m_stream->read(m_reactor.receiveBuffer(), kReceiveBytes);
        if (got.status == LinkStream::Io::Ended || got.status == LinkStream::Io::Failed)
            m_inputEnded = true;
        else if (got.status == LinkStream::Io::WouldBlock)
            break;
        else {
            due();
            break;
        }
    }
    if (m_outputFinished && m_inputEnded && m_stream->isFlushed())
        finish();
}

} // namespace fairlead::core
