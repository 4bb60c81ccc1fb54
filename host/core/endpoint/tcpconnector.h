// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/endpoint/dialconnector.h"
#include "core/endpoint/hostdial.h"

#include <memory>

namespace fairlead::core {

/// Dials a peer over TCP. Thread: main.
class TcpConnector final : public DialConnector
{
public:
    /// @p loop outlives it.
    TcpConnector(MainLoop &loop, std::shared_ptr<HostEndpoint> endpoint, const Host &host);

private:
    void startDial(qint64 deadline) override;
    void abortDial() noexcept override;

    MainLoop &m_loop;
    std::unique_ptr<HostDial> m_dial;
};

} // namespace fairlead::core
