// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/reactor/fdhandler.h"

#include <QtCore/QByteArray>

#include <fairlead/clock.h>
#include <fairlead/timers.h>

namespace fairlead::core {

class EpollDispatcher;

/// What the sockets of the control plane live on. Thread: main.
struct ControlLoop
{
    EpollDispatcher &dispatcher;
    Timers &timers;
    const Clock &clock;
};

/// Who a channel tells; it may close the channel in any call, and deletes it later.
class ChannelOwner
{
public:
    virtual ~ChannelOwner() = default;

    /// There is more input, or its end.
    virtual void channelInput() = 0;
    /// Output was sent.
    virtual void channelSent() = 0;
    /// It is closed: the peer went or was too slow, or all was said. The last call.
    virtual void channelClosed() = 0;
};

/// The bytes of one accepted socket, bounded in memory both ways and in time outwards: what waits
/// to be sent at one moment has gone `stallNs` later, or the channel closes.
/// Thread: main. Ownership: of the descriptor.
class Channel final : private FdHandler
{
public:
    struct Bounds
    {
        qsizetype input = 0;
        qsizetype output = 0;
        qint64 stallNs = 0;
    };

    Channel(const ControlLoop &loop, int fd, const Bounds &bounds, ChannelOwner &owner);
    ~Channel() override;

    bool isOpen() const noexcept { return m_fd >= 0; }

    /// What came and was not taken; when it reaches the bound, nothing more is read.
    const QByteArray &input() const noexcept { return m_input; }

    void takeInput(qsizetype size);

    bool isInputEnded() const noexcept { return m_inputEnded; }

    void setReading(bool reading);

    qsizetype unsent() const noexcept { return m_output.size() - m_sent; }

    /// Takes all of @p bytes; false, with nothing taken, beyond the bound or after the end.
    bool write(const QByteArray &bytes);
    /// What is to be sent is sent, then the peer has some time to read it and close.
    void finish();
    void close();

private:
    void handleFdEvents(quint32 events) noexcept override;
    void receive();
    void flush();
    void poll();
    void watchOutput();
    void handleStall() noexcept;

    const ControlLoop m_loop;
    int m_fd;
    const Bounds m_bounds;
    ChannelOwner &m_owner;
    QByteArray m_input;
    QByteArray m_output;
    qsizetype m_sent = 0; ///< of m_output
    quint64 m_sentInAll = 0;
    quint64 m_mustBeSent = 0; ///< by the time the timer fires
    quint32 m_polled = 0;
    Timer m_stall;
    bool m_reading = true;
    bool m_inputEnded = false;
    bool m_finishing = false;
    bool m_endSent = false;
};

} // namespace fairlead::core
