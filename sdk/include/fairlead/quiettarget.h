// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/export.h>
#include <fairlead/operations.h>

#include <atomic>

namespace fairlead {

/// An endpoint's part in the host's operations when it has no files open and all that quiet means for
/// it is to take no new links.
///
/// Thread: main for the operations, any for isQuiet(). @since 0.1
class FAIRLEAD_SDK_EXPORT QuietTarget final : public OperationTarget
{
public:
    QuietTarget() noexcept;
    ~QuietTarget() override;

    /// ReleaseHandles is done at once. Errors: InvalidArgument for a Quiesce without a reason,
    /// NotSupported for an operation of a later release.
    void handleOperation(const Operation &operation, OperationReply reply) override;
    void handleResume() override;

    bool isQuiet() const noexcept { return m_quiet.load(std::memory_order_acquire); }

private:
    std::atomic<bool> m_quiet = false;
};

} // namespace fairlead
