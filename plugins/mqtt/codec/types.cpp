// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "codec/error.h"

#include <array>

namespace fairlead::mqtt {

namespace {

constexpr std::array<const char *, 16> kPacketNames{"RESERVED",
                                                    "CONNECT",
                                                    "CONNACK",
                                                    "PUBLISH",
                                                    "PUBACK",
                                                    "PUBREC",
                                                    "PUBREL",
                                                    "PUBCOMP",
                                                    "SUBSCRIBE",
                                                    "SUBACK",
                                                    "UNSUBSCRIBE",
                                                    "UNSUBACK",
                                                    "PINGREQ",
                                                    "PINGRESP",
                                                    "DISCONNECT",
                                                    "AUTH"};

constexpr std::array<const char *, kErrorKindCount> kErrorNames{"none",
                                                                "bad-packet-type",
                                                                "reserved-flags",
                                                                "bad-varint",
                                                                "packet-too-large",
                                                                "truncated",
                                                                "trailing-bytes",
                                                                "bad-utf8",
                                                                "bad-protocol-name",
                                                                "bad-protocol-version",
                                                                "bad-connect-flags",
                                                                "bad-qos",
                                                                "bad-dup",
                                                                "bad-packet-id",
                                                                "bad-topic",
                                                                "bad-topic-alias",
                                                                "bad-topic-filter",
                                                                "bad-subscription-options",
                                                                "no-filters",
                                                                "bad-reason-code",
                                                                "bad-property-length",
                                                                "unknown-property",
                                                                "forbidden-property",
                                                                "duplicate-property",
                                                                "bad-property-value",
                                                                "bad-authentication",
                                                                "bad-session-present"};
static_assert(static_cast<std::size_t>(ErrorKind::BadSessionPresent) + 1 == kErrorKindCount);

} // namespace

const char *toText(PacketType type) noexcept
{
    const auto index = static_cast<std::size_t>(type);
    return index < kPacketNames.size() ? kPacketNames[index] : "RESERVED";
}

const char *toText(ErrorKind kind) noexcept
{
    const auto index = static_cast<std::size_t>(kind);
    return index < kErrorNames.size() ? kErrorNames[index] : "unknown";
}

bool maySend(Sender sender, PacketType type, Version version) noexcept
{
    switch (type) {
    case PacketType::Reserved:
        return false;
    case PacketType::Connect:
    case PacketType::Subscribe:
    case PacketType::Unsubscribe:
    case PacketType::Pingreq:
        return sender == Sender::Client;
    case PacketType::Connack:
    case PacketType::Suback:
    case PacketType::Unsuback:
    case PacketType::Pingresp:
        return sender == Sender::Server;
    case PacketType::Publish:
    case PacketType::Puback:
    case PacketType::Pubrec:
    case PacketType::Pubrel:
    case PacketType::Pubcomp:
        return true;
    case PacketType::Disconnect:
        return sender == Sender::Client || version == Version::V5;
    case PacketType::Auth:
        return version == Version::V5;
    }
    return false;
}

} // namespace fairlead::mqtt
