// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/endpoint/linkend.h"

namespace fairlead::core {

EndCause endCauseOf(const LinkReport &ended) noexcept
{
    if (ended.gaveWay)
        return EndCause::GaveWay;
    if (ended.wasRefused)
        return EndCause::Refused;
    if (ended.hasCrashed)
        return EndCause::Crashed;
    if (ended.wasShutDown)
        return EndCause::Deliberate;
    // A link that could be dialled again and does not ask for it was ended on purpose.
    if (!ended.asksReconnect && ended.reason.isRetryable())
        return EndCause::Deliberate;
    return EndCause::Lost;
}

EndCause causeOf(const Error &notPrepared) noexcept
{
    return notPrepared.code() == ErrorCode::PluginFailed ? EndCause::Crashed : EndCause::Lost;
}

} // namespace fairlead::core
