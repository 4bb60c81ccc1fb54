// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "control/controlclient.h"
#include "output/console.h"
#include "store/storeoptions.h"

#include <fairlead/error.h>

namespace fairlead::core {
class StoreReport;
}

namespace fairlead::cli {

/// One run of "fairlead store".
class StoreCommand
{
public:
    explicit StoreCommand(StoreWish wish);

    /// The exit code.
    int run();

private:
    int readFile();
    [[nodiscard]] Failure choosePath();
    int exportFile(core::StoreReport &report);

    int askHost();
    [[nodiscard]] Failure exportOfHost();

    /// What a file or a host says, in the same words.
    int showCheck(const QJsonObject &result);
    int showStats(const QJsonObject &stats);
    void showStreams(const QJsonObject &streams);

    int end(int exitCode);
    int complain(const Failure &failure);
    int complain(const Error &error);

    StoreWish m_wish;
    ControlClient m_client;
    Console m_console;
};

} // namespace fairlead::cli
