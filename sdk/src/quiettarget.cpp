// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include <fairlead/quiettarget.h>

namespace fairlead {

QuietTarget::QuietTarget() noexcept = default;
QuietTarget::~QuietTarget() = default;

void QuietTarget::handleOperation(const Operation &operation, OperationReply reply)
{
    switch (operation.kind) {
    case OperationKind::ReleaseHandles:
        reply.done(); // no file is open here, ever
        return;
    case OperationKind::Quiesce:
        if (operation.reason == QuiesceReason::None) {
            reply.fail(Error(ErrorCode::InvalidArgument, QStringLiteral("a quiesce has a reason")));
            return;
        }
        m_quiet.store(true, std::memory_order_release);
        reply.done();
        return;
    }
    reply.fail(Error(ErrorCode::NotSupported,
                     QStringLiteral("operation %1 is not known here").arg(int(operation.kind))));
}

void QuietTarget::handleResume()
{
    m_quiet.store(false, std::memory_order_release);
}

} // namespace fairlead
