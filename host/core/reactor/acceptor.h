// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/reactor/epolldispatcher.h"
#include "core/reactor/mainloop.h"

#include <QHostAddress>

#include <fairlead/result.h>
#include <fairlead/timers.h>

#include <functional>
#include <memory>

namespace fairlead::core {

/// A listening TCP socket: accepts on the main thread and hands the descriptors on.
/// Thread: main. Ownership: of the listening descriptor.
class Acceptor final : private FdHandler
{
public:
    /// Takes over a connected, non-blocking descriptor.
    using Accepted = std::function<void(int fd, QByteArray peerAddress)>;

    /// Binds and listens; port 0 lets the system choose. Errors: AddressInUse, PermissionDenied,
    /// AddressInvalid with address and port in the text.
    static Result<std::unique_ptr<Acceptor>> listen(MainLoop &loop,
                                                    const QHostAddress &address,
                                                    quint16 port,
                                                    Accepted accepted);
    ~Acceptor() override;

    quint16 port() const noexcept { return m_port; }

    QHostAddress address() const { return m_address; }

    /// Accepts that failed for lack of descriptors.
    quint64 exhaustions() const noexcept { return m_exhaustions; }

private:
    Acceptor(MainLoop &loop, int fd, Accepted accepted);
    void handleFdEvents(quint32 events) noexcept override;
    void pause();
    void resume() noexcept;

    MainLoop &m_loop;
    const int m_fd;
    Accepted m_accepted;
    QHostAddress m_address;
    quint16 m_port = 0;
    Timer m_retry;
    quint64 m_exhaustions = 0;
};

} // namespace fairlead::core
