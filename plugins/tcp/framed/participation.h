// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/operations.h>

#include <atomic>

namespace fairlead::tcp {

/// One endpoint's part in the host's operations: while it is quiet it takes no links.
///
/// Thread: main for the operations, any for isQuiet().
class Participation final : public OperationTarget
{
public:
    void handleOperation(const Operation &operation, OperationReply reply) override;
    void handleResume() override;

    bool isQuiet() const noexcept { return m_quiet.load(std::memory_order_acquire); }

private:
    std::atomic<bool> m_quiet = false; ///< createDriver() asks on reactors
};

} // namespace fairlead::tcp
