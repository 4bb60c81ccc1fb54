// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "benchtypes.h"

#include <cstddef>
#include <span>
#include <string_view>

namespace fairlead::bench {

// The few MQTT packets a load needs, written apart from the product's codec on purpose: a fault
// there must not hide itself here.

enum class Protocol : std::uint8_t {
    V311 = 4,
    V5 = 5
};

enum PacketType : std::uint8_t {
    kConnect = 1,
    kConnAck = 2,
    kPublish = 3,
    kPubAck = 4,
    kSubscribe = 8,
    kSubAck = 9,
    kPingReq = 12,
    kPingResp = 13,
    kDisconnect = 14
};

// A PUBLISH with its payload left open, and where to write what differs from message to message.
struct PublishTemplate
{
    Bytes bytes;
    std::size_t packetIdAt = 0; // 0: QoS 0 has none
    std::size_t payloadAt = 0;
};

struct Publish
{
    std::span<const std::uint8_t> topic;
    std::span<const std::uint8_t> payload;
    std::uint16_t packetId = 0;
    std::uint8_t qos = 0;
    bool retain = false;
};

struct ConnAck
{
    std::uint8_t code = 0;
    std::uint8_t maximumQos = 2;
    std::uint16_t receiveMaximum = 65535;
    std::uint16_t serverKeepAlive = 0; // 0: the server takes the client's
    std::uint32_t maximumPacket = 0; // 0: no limit announced
};

enum class Length {
    Complete,
    Incomplete,
    Malformed
};

// Whether the server keeps the client's session when the connection is gone.
enum class SessionKind : bool {
    Clean,
    Persistent
};

Bytes connectFrame(Protocol protocol,
                   std::string_view clientId,
                   std::uint16_t keepAlive,
                   SessionKind session);
Bytes subscribeFrame(Protocol protocol,
                     std::uint16_t id,
                     std::string_view filter,
                     std::uint8_t qos);
PublishTemplate publishTemplate(Protocol protocol,
                                std::string_view topic,
                                std::uint8_t qos,
                                bool retain,
                                std::size_t payloadSize);

// Moves `at` behind a variable byte integer when it is complete.
inline Length decodeLength(const std::uint8_t *&at, const std::uint8_t *end, std::uint32_t &value)
{
    const std::uint8_t *next = at;
    std::uint32_t sum = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
        if (next == end) {
            return Length::Incomplete;
        }
        const std::uint8_t byte = *next++;
        sum |= static_cast<std::uint32_t>(byte & 0x7FU) << shift;
        if ((byte & 0x80U) == 0) {
            at = next;
            value = sum;
            return Length::Complete;
        }
    }
    return Length::Malformed;
}

inline std::uint16_t readU16(const std::uint8_t *at)
{
    return static_cast<std::uint16_t>((at[0] << 8) | at[1]);
}

inline void writeU16(std::uint8_t *at, std::uint16_t value)
{
    at[0] = static_cast<std::uint8_t>(value >> 8);
    at[1] = static_cast<std::uint8_t>(value & 0xFFU);
}

bool parsePublish(Protocol protocol,
                  std::uint8_t header,
                  std::span<const std::uint8_t> body,
                  Publish &publish);
bool parseConnAck(Protocol protocol, std::span<const std::uint8_t> body, ConnAck &connAck);

// The granted QoS or the failure code of a SUBACK for one filter; -1 when malformed.
int parseSubAck(Protocol protocol, std::span<const std::uint8_t> body);

} // namespace fairlead::bench
