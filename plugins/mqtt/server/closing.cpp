// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "server/closing.h"

#include "codec/codec.h"
#include "server/linkcore.h"

namespace fairlead::mqtt {

namespace {

bool isRedirect(ReasonCode reason)
{
    return reason == ReasonCode::UseAnotherServer || reason == ReasonCode::ServerMoved;
}

/// Writes the packet, with the reference that goes with its reason; a client whose limit leaves no
/// room for that gets the packet without.
template <typename Packet>
void writeLast(LinkCore &core, Packet &packet)
{
    const QByteArray &reference = core.options().serverReference;
    if (isRedirect(packet.reason) && !reference.isEmpty())
        packet.serverReference = Bytes(reference.constData(), std::size_t(reference.size()));
    if (!fitDiagnostics(packet, core.version, core.maxPacketSize, true)) {
        packet.serverReference.reset();
        if (!fitDiagnostics(packet, core.version, core.maxPacketSize, true))
            return;
    }
    core.send(packet);
}

Error quiesceError(QuiesceReason reason, const char *text)
{
    return Error(reason == QuiesceReason::HostShutdown ? ErrorCode::ShuttingDown
                                                       : ErrorCode::Cancelled,
                 QStringLiteral("%1: %2").arg(QLatin1String(text),
                                              QLatin1String(quiesceReasonName(reason))));
}

void writeRefusal(LinkCore &core, ReasonCode reason, const char *text)
{
    // CONNACK has no word for these; the client may come again.
    if (reason == ReasonCode::ServerShuttingDown || reason == ReasonCode::SessionTakenOver)
        reason = ReasonCode::ServerUnavailable;
    // 3.x has no word for many reasons: then the connection just closes.
    if (core.version == Version::Unknown || (!core.isV5() && !toReturnCode(reason)))
        return;
    Connack packet;
    packet.reason = reason;
    if (core.isV5()) {
        if (!isAllowed(reason, PacketType::Connack, Sender::Server))
            packet.reason = ReasonCode::UnspecifiedError;
        packet.reasonString = text;
    }
    writeLast(core, packet);
}

void writeDisconnect(LinkCore &core, ReasonCode reason, const char *text)
{
    if (!core.isV5())
        return;
    Disconnect packet;
    packet.reason = isAllowed(reason, PacketType::Disconnect, Sender::Server)
        ? reason
        : ReasonCode::UnspecifiedError;
    packet.reasonString = text;
    writeLast(core, packet);
}

} // namespace

void writeFarewell(LinkCore &core, ReasonCode reason, const char *text)
{
    switch (core.phase) {
    case Phase::AwaitConnect:
    case Phase::Ended:
        break;
    case Phase::Authenticating:
    case Phase::Acquiring:
        writeRefusal(core, reason, text);
        break;
    case Phase::Running:
        writeDisconnect(core, reason, text);
        break;
    }
}

ReasonCode orRedirect(const LinkCore &core, ReasonCode reason) noexcept
{
    if (core.options().serverReference.isEmpty())
        return reason;
    return core.options().serverMoved ? ReasonCode::ServerMoved : ReasonCode::UseAnotherServer;
}

void refuseQuiesced(LinkCore &core, QuiesceReason reason)
{
    const char *text = "no new clients are taken now";
    core.count(Event::QuiesceRefused);
    writeFarewell(core, orRedirect(core, ReasonCode::ServerUnavailable), text);
    core.finish(quiesceError(reason, text), true);
}

void askToLeave(LinkCore &core, QuiesceReason reason)
{
    const ReasonCode code
        = orRedirect(core,
                     reason == QuiesceReason::HostShutdown ? ReasonCode::ServerShuttingDown
                                                           : ReasonCode::AdministrativeAction);
    core.count(Event::AskedToLeave);
    writeFarewell(core, code, toText(code));
    core.finish(quiesceError(reason, "the client was asked to leave"), true);
}

ReasonCode reasonFor(const Error &error) noexcept
{
    switch (error.code()) {
    case ErrorCode::ShuttingDown:
        return ReasonCode::ServerShuttingDown;
    case ErrorCode::HeartbeatTimeout:
        return ReasonCode::KeepAliveTimeout;
    case ErrorCode::LimitReached:
    case ErrorCode::QueueOverflow:
    case ErrorCode::StorageFull:
    case ErrorCode::StorageFailed:
        return ReasonCode::QuotaExceeded;
    case ErrorCode::RateExceeded:
        return ReasonCode::ConnectionRateExceeded;
    case ErrorCode::DescriptorsExhausted:
        return ReasonCode::ServerBusy;
    case ErrorCode::Superseded:
        return ReasonCode::SessionTakenOver;
    case ErrorCode::NotAuthenticated:
    case ErrorCode::NotAuthorized:
    case ErrorCode::IdentityMismatch:
    case ErrorCode::PermissionDenied:
        return ReasonCode::NotAuthorized;
    case ErrorCode::ProtocolViolation:
        return ReasonCode::ProtocolError;
    case ErrorCode::PacketTooLarge:
        return ReasonCode::PacketTooLarge;
    case ErrorCode::VersionRefused:
        return ReasonCode::UnsupportedProtocolVersion;
    case ErrorCode::HandshakeTimeout:
        return ReasonCode::ServerUnavailable;
    case ErrorCode::Cancelled:
    case ErrorCode::None:
        return ReasonCode::AdministrativeAction;
    default:
        return ReasonCode::UnspecifiedError;
    }
}

ErrorCode errorCodeFor(ReasonCode reason) noexcept
{
    switch (reason) {
    case ReasonCode::UnspecifiedError:
    case ReasonCode::ImplementationSpecificError:
        return ErrorCode::Internal;
    case ReasonCode::UnsupportedProtocolVersion:
        return ErrorCode::VersionRefused;
    case ReasonCode::BadUserNameOrPassword:
    case ReasonCode::BadAuthenticationMethod:
        return ErrorCode::NotAuthenticated;
    case ReasonCode::NotAuthorized:
        return ErrorCode::NotAuthorized;
    case ReasonCode::ServerUnavailable:
    case ReasonCode::ServerBusy:
    case ReasonCode::QuotaExceeded:
        return ErrorCode::LimitReached;
    case ReasonCode::ServerShuttingDown:
        return ErrorCode::ShuttingDown;
    case ReasonCode::KeepAliveTimeout:
        return ErrorCode::HeartbeatTimeout;
    case ReasonCode::SessionTakenOver:
        return ErrorCode::Superseded;
    case ReasonCode::PacketTooLarge:
        return ErrorCode::PacketTooLarge;
    case ReasonCode::AdministrativeAction:
    case ReasonCode::UseAnotherServer:
    case ReasonCode::ServerMoved:
        return ErrorCode::Cancelled;
    default:
        return ErrorCode::ProtocolViolation;
    }
}

} // namespace fairlead::mqtt
