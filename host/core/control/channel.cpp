// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/channel.h"

#include "core/platform/socketio.h"
#include "core/reactor/epolldispatcher.h"

#include <algorithm>
#include <array>

namespace fairlead::core {

namespace {

constexpr qsizetype kChunk = 64 * 1024;
/// Sent output is forgotten in pieces of this size, not with every byte.
constexpr qsizetype kCompact = 256 * 1024;

} // namespace

Channel::Channel(const ControlLoop &loop, int fd, const Bounds &bounds, ChannelOwner &owner)
    : m_loop(loop)
    , m_fd(fd)
    , m_bounds(bounds)
    , m_owner(owner)
    , m_polled(kPollIn)
    , m_stall([](void *self) noexcept { static_cast<Channel *>(self)->handleStall(); }, this)
{
    m_loop.dispatcher.addFd(m_fd, this, m_polled);
}

Channel::~Channel()
{
    close();
}

void Channel::takeInput(qsizetype size)
{
    m_input.remove(0, size);
    poll();
}

void Channel::setReading(bool reading)
{
    m_reading = reading;
    poll();
}

void Channel::poll()
{
    if (m_fd < 0)
        return;
    const bool wantsInput
        = !m_inputEnded && (m_finishing || (m_reading && m_input.size() < m_bounds.input));
    const quint32 wanted = (wantsInput ? kPollIn : 0) | (unsent() > 0 ? kPollOut : 0);
    if (wanted == m_polled)
        return;
    m_polled = wanted;
    m_loop.dispatcher.modifyFd(m_fd, wanted);
}

bool Channel::write(const QByteArray &bytes)
{
    if (m_fd < 0 || m_finishing || unsent() + bytes.size() > m_bounds.output)
        return false;
    const bool wasIdle = unsent() == 0;
    m_output.append(bytes);
    if (wasIdle) {
        // Most answers fit the socket; a failure shows at the next turn, not inside this call.
        const SocketIo io = sendSome(m_fd, m_output.constData() + m_sent, unsent());
        m_sent += io.size;
        m_sentInAll += quint64(io.size);
        watchOutput();
    }
    poll();
    return true;
}

void Channel::watchOutput()
{
    if (unsent() == 0) {
        m_output.clear();
        m_sent = 0;
        if (!m_endSent)
            m_loop.timers.disarm(m_stall);
        return;
    }
    if (m_sent > kCompact) {
        m_output.remove(0, m_sent);
        m_sent = 0;
    }
    if (!m_stall.isArmed()) {
        m_mustBeSent = m_sentInAll + quint64(unsent());
        m_loop.timers.arm(m_stall, m_loop.clock.now() + m_bounds.stallNs);
    }
}

void Channel::finish()
{
    if (m_finishing || m_fd < 0)
        return;
    m_finishing = true;
    m_input.clear();
    if (unsent() == 0)
        flush();
    poll();
}

void Channel::close()
{
    if (m_fd < 0)
        return;
    m_loop.timers.disarm(m_stall);
    m_loop.dispatcher.removeFd(m_fd);
    closeSocket(m_fd);
    m_fd = -1;
}

void Channel::handleFdEvents(quint32 events) noexcept
{
    if (m_fd >= 0 && (events & kPollOut) != 0)
        flush();
    if (m_fd >= 0 && (events & kPollIn) != 0 && (m_polled & kPollIn) != 0)
        receive();
    // Hang-up and failure are told whether they are asked for or not; who is not read from any more
    // has nothing left to say.
    if (m_fd >= 0 && (events & ~(kPollIn | kPollOut)) != 0 && (m_polled & kPollIn) == 0) {
        close();
        m_owner.channelClosed();
    }
}

void Channel::receive()
{
    std::array<char, kChunk> chunk; // NOLINT(cppcoreguidelines-pro-type-member-init): is filled
    const qsizetype room = m_finishing ? kChunk : std::min(kChunk, m_bounds.input - m_input.size());
    const SocketIo io = receiveSome(m_fd, chunk.data(), room);
    switch (io.status) {
    case SocketIo::Status::Done:
        if (m_finishing)
            return; // nobody wants it; taken so that our end reaches the peer
        m_input.append(chunk.data(), io.size);
        break;
    case SocketIo::Status::WouldBlock:
        return;
    case SocketIo::Status::Ended:
        m_inputEnded = true;
        if (!m_endSent)
            break;
        [[fallthrough]];
    case SocketIo::Status::Failed:
        close();
        m_owner.channelClosed();
        return;
    }
    poll();
    if (!m_finishing)
        m_owner.channelInput();
}

void Channel::flush()
{
    if (unsent() > 0) {
        const SocketIo io = sendSome(m_fd, m_output.constData() + m_sent, unsent());
        if (io.status == SocketIo::Status::Failed) {
            close();
            m_owner.channelClosed();
            return;
        }
        m_sent += io.size;
        m_sentInAll += quint64(io.size);
        watchOutput();
    }
    if (m_finishing && unsent() == 0 && !m_endSent) {
        m_endSent = true;
        endSending(m_fd);
        if (m_inputEnded) {
            close();
            m_owner.channelClosed();
            return;
        }
        m_loop.timers.arm(m_stall, m_loop.clock.now() + m_bounds.stallNs);
    }
    poll();
    if (!m_finishing)
        m_owner.channelSent();
}

void Channel::handleStall() noexcept
{
    if (!m_endSent && m_sentInAll >= m_mustBeSent) {
        watchOutput();
        return;
    }
    close();
    m_owner.channelClosed();
}

} // namespace fairlead::core
