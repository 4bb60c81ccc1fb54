// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/endpoint/hostdial.h"
#include "core/endpoint/launchconnector.h"

#include <fairlead/timers.h>

#include <memory>

namespace fairlead::core {

/// Launches the peer and dials it over TCP, again and again until it listens. It learns in
/// FAIRLEAD_URL where that is. Thread: main.
class LaunchedDial final : public LaunchConnector
{
public:
    LaunchedDial(MainLoop &loop, std::shared_ptr<HostEndpoint> endpoint, const Host &host);
    ~LaunchedDial() override;

private:
    void complete(ChildCommand &command) const override;
    void reach(ChildProcess &process, qint64 deadline) override;
    void abortReach() noexcept override;

    bool mayBeTaken() const noexcept override { return true; }

    void dial() noexcept;
    void handleDial(const Result<HostDial::Connection> &result);

    std::unique_ptr<HostDial> m_dial;
    Timer m_again;
    qint64 m_deadline = 0;
};

} // namespace fairlead::core
