// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/reactor/fdhandler.h"
#include "core/reactor/socketaddress.h"

#include <fairlead/result.h>

#include <functional>

namespace fairlead::core {

class MainLoop;

/// One attempt to connect to one address. Destroying it interrupts the attempt at once (SH-04); it
/// has no deadline of its own.
///
/// Thread: main.
class TcpDial final : private FdHandler
{
public:
    /// A connected, non-blocking descriptor, taken over by the receiver, or why there is none. Called
    /// once, never from inside the constructor; the dial may be destroyed in it.
    using Done = std::function<void(Result<int>)>;

    TcpDial(MainLoop &loop, const SocketAddress &address, Done done);
    ~TcpDial() override;

private:
    void handleFdEvents(quint32 events) noexcept override;
    void finish(int systemError);

    MainLoop &m_loop;
    const SocketAddress m_address;
    Done m_done;
    std::shared_ptr<bool> m_alive; ///< false once destroyed, for what was posted
    int m_fd = -1;
};

} // namespace fairlead::core
