// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/endpoint/launchconnector.h"

namespace fairlead::core {

/// Launches the peer, whose standard input and output are the connection. Thread: main.
class ProcessConnector final : public LaunchConnector
{
public:
    ProcessConnector(MainLoop &loop, std::shared_ptr<HostEndpoint> endpoint, const Host &host)
        : LaunchConnector(loop, std::move(endpoint), host)
    { }

private:
    void complete(ChildCommand &) const override { }

    void reach(ChildProcess &process, qint64) override
    {
        adopt(process.takeSocket(), "pid:" + QByteArray::number(process.pid()));
    }
};

} // namespace fairlead::core
