// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/reactor/epolldispatcher.h"
#include "core/reactor/linkstream.h"

namespace fairlead::core {

/// A stream over a connected, non-blocking socket, registered once and edge-triggered: no
/// epoll_ctl per message. Thread: its reactor. Ownership: of the descriptor.
class SocketStream final : public LinkStream, private FdHandler
{
public:
    SocketStream(ChunkPool &pool, EpollDispatcher &dispatcher, int fd, QByteArray peerAddress);
    ~SocketStream() override;

    QByteArray peerAddress() const override { return m_peerAddress; }

    IoResult read(char *buffer, std::size_t size) noexcept override;
    void finishOutput() noexcept override;
    void abandon() noexcept override;

private:
    IoResult write(const iovec *parts, int count) noexcept override;
    void handleFdEvents(quint32 events) noexcept override;

    EpollDispatcher &m_dispatcher;
    QByteArray m_peerAddress;
    int m_fd;
    bool m_registered;
    bool m_ending = false; ///< the peer hung up: a short read is not yet the end
};

} // namespace fairlead::core
