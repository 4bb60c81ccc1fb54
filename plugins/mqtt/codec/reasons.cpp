// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "codec/reasons.h"

#include <algorithm>
#include <array>
#include <span>

namespace fairlead::mqtt {

namespace {

using enum ReasonCode;

constexpr std::array kConnackCodes{Success,
                                   UnspecifiedError,
                                   MalformedPacket,
                                   ProtocolError,
                                   ImplementationSpecificError,
                                   UnsupportedProtocolVersion,
                                   ClientIdentifierNotValid,
                                   BadUserNameOrPassword,
                                   NotAuthorized,
                                   ServerUnavailable,
                                   ServerBusy,
                                   Banned,
                                   BadAuthenticationMethod,
                                   TopicNameInvalid,
                                   PacketTooLarge,
                                   QuotaExceeded,
                                   PayloadFormatInvalid,
                                   RetainNotSupported,
                                   QosNotSupported,
                                   UseAnotherServer,
                                   ServerMoved,
                                   ConnectionRateExceeded};

constexpr std::array kReceivedCodes{Success,
                                    NoMatchingSubscribers,
                                    UnspecifiedError,
                                    ImplementationSpecificError,
                                    NotAuthorized,
                                    TopicNameInvalid,
                                    PacketIdentifierInUse,
                                    QuotaExceeded,
                                    PayloadFormatInvalid};

constexpr std::array kReleasedCodes{Success, PacketIdentifierNotFound};

constexpr std::array kSubackCodes{GrantedQos0,
                                  GrantedQos1,
                                  GrantedQos2,
                                  UnspecifiedError,
                                  ImplementationSpecificError,
                                  NotAuthorized,
                                  TopicFilterInvalid,
                                  PacketIdentifierInUse,
                                  QuotaExceeded,
                                  SharedSubscriptionsNotSupported,
                                  SubscriptionIdentifiersNotSupported,
                                  WildcardSubscriptionsNotSupported};

constexpr std::array kUnsubackCodes{Success,
                                    NoSubscriptionExisted,
                                    UnspecifiedError,
                                    ImplementationSpecificError,
                                    NotAuthorized,
                                    TopicFilterInvalid,
                                    PacketIdentifierInUse};

constexpr std::array kClientDisconnectCodes{NormalDisconnection,
                                            DisconnectWithWill,
                                            UnspecifiedError,
                                            MalformedPacket,
                                            ProtocolError,
                                            ImplementationSpecificError,
                                            TopicNameInvalid,
                                            ReceiveMaximumExceeded,
                                            TopicAliasInvalid,
                                            PacketTooLarge,
                                            MessageRateTooHigh,
                                            QuotaExceeded,
                                            AdministrativeAction,
                                            PayloadFormatInvalid};

constexpr std::array kServerDisconnectCodes{NormalDisconnection,
                                            UnspecifiedError,
                                            MalformedPacket,
                                            ProtocolError,
                                            ImplementationSpecificError,
                                            NotAuthorized,
                                            ServerBusy,
                                            ServerShuttingDown,
                                            BadAuthenticationMethod,
                                            KeepAliveTimeout,
                                            SessionTakenOver,
                                            TopicFilterInvalid,
                                            TopicNameInvalid,
                                            ReceiveMaximumExceeded,
                                            TopicAliasInvalid,
                                            PacketTooLarge,
                                            MessageRateTooHigh,
                                            QuotaExceeded,
                                            AdministrativeAction,
                                            PayloadFormatInvalid,
                                            RetainNotSupported,
                                            QosNotSupported,
                                            UseAnotherServer,
                                            ServerMoved,
                                            SharedSubscriptionsNotSupported,
                                            ConnectionRateExceeded,
                                            MaximumConnectTime,
                                            SubscriptionIdentifiersNotSupported,
                                            WildcardSubscriptionsNotSupported};

constexpr std::array kClientAuthCodes{ContinueAuthentication, ReAuthenticate};
constexpr std::array kServerAuthCodes{Success, ContinueAuthentication};

std::span<const ReasonCode> codesOf(PacketType type, Sender sender) noexcept
{
    const bool client = sender == Sender::Client;
    switch (type) {
    case PacketType::Connack:
        return kConnackCodes;
    case PacketType::Puback:
    case PacketType::Pubrec:
        return kReceivedCodes;
    case PacketType::Pubrel:
    case PacketType::Pubcomp:
        return kReleasedCodes;
    case PacketType::Suback:
        return kSubackCodes;
    case PacketType::Unsuback:
        return kUnsubackCodes;
    case PacketType::Disconnect:
        return client ? std::span<const ReasonCode>(kClientDisconnectCodes)
                      : kServerDisconnectCodes;
    case PacketType::Auth:
        return client ? std::span<const ReasonCode>(kClientAuthCodes) : kServerAuthCodes;
    default:
        return {};
    }
}

} // namespace

bool isAllowed(ReasonCode code, PacketType type, Sender sender) noexcept
{
    const auto codes = codesOf(type, sender);
    return std::find(codes.begin(), codes.end(), code) != codes.end();
}

std::optional<ConnectReturnCode> toReturnCode(ReasonCode code) noexcept
{
    switch (code) {
    case Success:
        return ConnectReturnCode::Accepted;
    case UnsupportedProtocolVersion:
        return ConnectReturnCode::UnacceptableProtocolVersion;
    case ClientIdentifierNotValid:
        return ConnectReturnCode::IdentifierRejected;
    case BadUserNameOrPassword:
        return ConnectReturnCode::BadUserNameOrPassword;
    case NotAuthorized:
    case Banned:
        return ConnectReturnCode::NotAuthorized;
    case ServerUnavailable:
    case ServerBusy:
    case ServerShuttingDown:
    case QuotaExceeded:
    case UseAnotherServer:
    case ServerMoved:
    case ConnectionRateExceeded:
        return ConnectReturnCode::ServerUnavailable;
    default:
        return std::nullopt;
    }
}

ReasonCode toReasonCode(ConnectReturnCode code) noexcept
{
    switch (code) {
    case ConnectReturnCode::Accepted:
        return Success;
    case ConnectReturnCode::UnacceptableProtocolVersion:
        return UnsupportedProtocolVersion;
    case ConnectReturnCode::IdentifierRejected:
        return ClientIdentifierNotValid;
    case ConnectReturnCode::ServerUnavailable:
        return ServerUnavailable;
    case ConnectReturnCode::BadUserNameOrPassword:
        return BadUserNameOrPassword;
    case ConnectReturnCode::NotAuthorized:
        return NotAuthorized;
    }
    return UnspecifiedError;
}

const char *toText(ConnectReturnCode code) noexcept
{
    switch (code) {
    case ConnectReturnCode::Accepted:
        return "accepted";
    case ConnectReturnCode::UnacceptableProtocolVersion:
        return "protocol version not accepted";
    case ConnectReturnCode::IdentifierRejected:
        return "client identifier rejected";
    case ConnectReturnCode::ServerUnavailable:
        return "server unavailable";
    case ConnectReturnCode::BadUserNameOrPassword:
        return "bad user name or password";
    case ConnectReturnCode::NotAuthorized:
        return "not authorized";
    }
    return "unknown return code";
}

const char *toText(ReasonCode code) noexcept
{
    switch (code) {
    case Success:
        return "success";
    case GrantedQos1:
        return "granted QoS 1";
    case GrantedQos2:
        return "granted QoS 2";
    case DisconnectWithWill:
        return "disconnect with will message";
    case NoMatchingSubscribers:
        return "no matching subscribers";
    case NoSubscriptionExisted:
        return "no subscription existed";
    case ContinueAuthentication:
        return "continue authentication";
    case ReAuthenticate:
        return "re-authenticate";
    case UnspecifiedError:
        return "unspecified error";
    case MalformedPacket:
        return "malformed packet";
    case ProtocolError:
        return "protocol error";
    case ImplementationSpecificError:
        return "implementation specific error";
    case UnsupportedProtocolVersion:
        return "protocol version not supported";
    case ClientIdentifierNotValid:
        return "client identifier not valid";
    case BadUserNameOrPassword:
        return "bad user name or password";
    case NotAuthorized:
        return "not authorized";
    case ServerUnavailable:
        return "server unavailable";
    case ServerBusy:
        return "server busy";
    case Banned:
        return "banned";
    case ServerShuttingDown:
        return "server shutting down";
    case BadAuthenticationMethod:
        return "bad authentication method";
    case KeepAliveTimeout:
        return "keep alive timeout";
    case SessionTakenOver:
        return "session taken over";
    case TopicFilterInvalid:
        return "topic filter invalid";
    case TopicNameInvalid:
        return "topic name invalid";
    case PacketIdentifierInUse:
        return "packet identifier in use";
    case PacketIdentifierNotFound:
        return "packet identifier not found";
    case ReceiveMaximumExceeded:
        return "receive maximum exceeded";
    case TopicAliasInvalid:
        return "topic alias invalid";
    case PacketTooLarge:
        return "packet too large";
    case MessageRateTooHigh:
        return "message rate too high";
    case QuotaExceeded:
        return "quota exceeded";
    case AdministrativeAction:
        return "administrative action";
    case PayloadFormatInvalid:
        return "payload format invalid";
    case RetainNotSupported:
        return "retain not supported";
    case QosNotSupported:
        return "QoS not supported";
    case UseAnotherServer:
        return "use another server";
    case ServerMoved:
        return "server moved";
    case SharedSubscriptionsNotSupported:
        return "shared subscriptions not supported";
    case ConnectionRateExceeded:
        return "connection rate exceeded";
    case MaximumConnectTime:
        return "maximum connect time";
    case SubscriptionIdentifiersNotSupported:
        return "subscription identifiers not supported";
    case WildcardSubscriptionsNotSupported:
        return "wildcard subscriptions not supported";
    }
    return "unknown reason";
}

} // namespace fairlead::mqtt
