// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "link/endcode.h"

#include "protocol/dialgate.h"

namespace fairlead::ship {

namespace {

ErrorCode codeOf(EndReason reason) noexcept
{
    switch (reason) {
    case EndReason::None:
    case EndReason::PeerClosed:
    case EndReason::ConnectionLost:
    case EndReason::NotAcceptedYet:
        return ErrorCode::ConnectionClosed;
    case EndReason::LocalClose:
    case EndReason::UserAbort:
        return ErrorCode::Cancelled;
    case EndReason::Duplicate:
        return ErrorCode::Superseded;
    case EndReason::TrustRemovedHere:
    case EndReason::RejectedHere:
    case EndReason::TrustRemovedByPeer:
    case EndReason::RejectedByPeer:
    case EndReason::PinNotSupported:
        return ErrorCode::NotAuthorized;
    case EndReason::Timeout:
        return ErrorCode::HandshakeTimeout;
    case EndReason::InitFailed:
    case EndReason::ProtocolError:
    case EndReason::PeerReportedError:
        return ErrorCode::ProtocolViolation;
    case EndReason::VersionMismatch:
        return ErrorCode::VersionRefused;
    case EndReason::IdentityMismatch:
        return ErrorCode::IdentityMismatch;
    case EndReason::TooLarge:
        return ErrorCode::PacketTooLarge;
    }
    return ErrorCode::Internal;
}

} // namespace

Error errorFor(const End &end)
{
    Error error(codeOf(end.reason), QLatin1String(end.text));
    error.setDetail(QStringLiteral("ship"), QLatin1String(toText(end.reason)));
    const Redial redial = redialAfter(end.reason);
    error.setRetryable(redial != Redial::Never);
    if (redial != Redial::Never) {
        error.setDetail(QStringLiteral("retryAfterMs"),
                        redial == Redial::Slowly ? kSlowRedialMs : kRedialPauseMs);
    }
    return error;
}

} // namespace fairlead::ship
