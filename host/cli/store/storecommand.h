// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

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
    [[nodiscard]] Failure choosePath();
    int check(core::StoreReport &report);
    int stats(core::StoreReport &report);
    int exportRows(core::StoreReport &report);
    int end(int exitCode);
    int complain(const Failure &failure);
    int complain(const Error &error);

    StoreWish m_wish;
    Console m_console;
};

} // namespace fairlead::cli
