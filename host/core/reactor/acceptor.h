// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/platform/descriptorreserve.h"
#include "core/reactor/epolldispatcher.h"
#include "core/reactor/mainloop.h"
#include "core/reactor/socketaddress.h"

#include <QHostAddress>

#include <fairlead/result.h>
#include <fairlead/timers.h>

#include <functional>
#include <memory>

namespace fairlead::core {

/// A connection that came in.
struct AcceptedSocket
{
    int fd = -1; ///< connected, non-blocking; the receiver's
    QHostAddress address;
    QByteArray peer; ///< address and port
    bool isSpare = false; ///< the host has no descriptor left for it: it is to be refused
};

/// A listening TCP socket: accepts on the main thread and hands the descriptors on.
/// Thread: main. Ownership: of the listening descriptor.
class Acceptor final : private FdHandler
{
public:
    using Accepted = std::function<void(const AcceptedSocket &)>;
    using Use = DescriptorReserve::Use;

    /// Binds and listens; port 0 lets the system choose. @p reserve outlives it. Errors: AddressInUse, PermissionDenied,
    /// AddressInvalid with address and port in the text.
    static Result<std::unique_ptr<Acceptor>> listen(MainLoop &loop,
                                                    DescriptorReserve &reserve,
                                                    Use use,
                                                    const QHostAddress &address,
                                                    quint16 port,
                                                    Accepted accepted);
    ~Acceptor() override;

    quint16 port() const noexcept { return m_port; }

    QHostAddress address() const { return m_address; }

private:
    Acceptor(MainLoop &loop, DescriptorReserve &reserve, Use use, int fd, Accepted accepted);
    void handleFdEvents(quint32 events) noexcept override;
    void pause();
    void resume() noexcept;

    MainLoop &m_loop;
    DescriptorReserve &m_reserve;
    const Use m_use;
    const int m_fd;
    Accepted m_accepted;
    QHostAddress m_address;
    quint16 m_port = 0;
    Timer m_retry;
};

} // namespace fairlead::core
