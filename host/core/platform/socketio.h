// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

namespace fairlead::core {

// Non-blocking stream sockets of the control plane, without Qt's devices. Thread: any.

/// The bits of epoll, for FdHandler.
extern const quint32 kPollIn;
extern const quint32 kPollOut;

struct SocketIo
{
    enum class Status : quint8 {
        Done,
        WouldBlock,
        Ended, ///< the peer sends no more
        Failed,
    };

    Status status = Status::Done;
    qsizetype size = 0;
    int systemError = 0;
};

SocketIo receiveSome(int fd, char *to, qsizetype room) noexcept;
SocketIo sendSome(int fd, const char *from, qsizetype size) noexcept;
/// The peer reads the end after what was sent.
void endSending(int fd) noexcept;
void closeSocket(int fd) noexcept;

} // namespace fairlead::core
