// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "wire.h"

namespace fairlead::bench {

namespace {

void putU16(Bytes &out, std::size_t value)
{
    out.push_back(static_cast<std::uint8_t>(value >> 8));
    out.push_back(static_cast<std::uint8_t>(value & 0xFFU));
}

void putLength(Bytes &out, std::size_t value)
{
    do {
        const auto low = static_cast<std::uint8_t>(value & 0x7FU);
        value >>= 7;
        out.push_back(value > 0 ? static_cast<std::uint8_t>(low | 0x80U) : low);
    } while (value > 0);
}

void putText(Bytes &out, std::string_view text)
{
    putU16(out, text.size());
    out.insert(out.end(), text.begin(), text.end());
}

Bytes frame(std::uint8_t header, const Bytes &body)
{
    Bytes out{header};
    putLength(out, body.size());
    out.insert(out.end(), body.begin(), body.end());
    return out;
}

// How many bytes the value of a CONNACK property takes; 0 when it is none or cut short.
std::size_t propertySize(std::uint8_t id, std::span<const std::uint8_t> value)
{
    const auto text = [value](std::size_t from) -> std::size_t {
        return value.size() < from + 2 ? 0 : from + 2 + readU16(value.data() + from);
    };
    switch (id) {
    case 0x24:
    case 0x25:
    case 0x28:
    case 0x29:
    case 0x2A:
        return 1;
    case 0x13:
    case 0x21:
    case 0x22:
        return 2;
    case 0x11:
    case 0x27:
        return 4;
    case 0x12:
    case 0x15:
    case 0x16:
    case 0x1A:
    case 0x1C:
    case 0x1F:
        return text(0);
    case 0x26: {
        const std::size_t name = text(0);
        return name == 0 ? 0 : text(name);
    }
    default:
        return 0;
    }
}

} // namespace

Bytes connectFrame(Protocol protocol,
                   std::string_view clientId,
                   std::uint16_t keepAlive,
                   SessionKind session)
{
    Bytes body;
    putText(body, "MQTT");
    body.push_back(static_cast<std::uint8_t>(protocol));
    const bool persistent = session == SessionKind::Persistent;
    body.push_back(persistent ? 0x00 : 0x02); // clean session, clean start
    putU16(body, keepAlive);
    if (protocol == Protocol::V5 && persistent) {
        body.insert(body.end(), {5, 0x11, 0x00, 0x00, 0x0E, 0x10}); // session expiry: an hour
    } else if (protocol == Protocol::V5) {
        body.push_back(0);
    }
    putText(body, clientId);
    return frame(kConnect << 4, body);
}

Bytes subscribeFrame(Protocol protocol, std::uint16_t id, std::string_view filter, std::uint8_t qos)
{
    Bytes body;
    putU16(body, id);
    if (protocol == Protocol::V5) {
        body.push_back(0);
    }
    putText(body, filter);
    body.push_back(qos);
    return frame((kSubscribe << 4) | 0x02, body);
}

PublishTemplate publishTemplate(Protocol protocol,
                                std::string_view topic,
                                std::uint8_t qos,
                                bool retain,
                                std::size_t payloadSize)
{
    Bytes body;
    putText(body, topic);
    const std::size_t packetIdAt = body.size();
    if (qos > 0) {
        putU16(body, 1);
    }
    if (protocol == Protocol::V5) {
        body.push_back(0);
    }
    const std::size_t payloadAt = body.size();
    body.resize(payloadAt + payloadSize, 0xA5);
    PublishTemplate out;
    out.bytes
        = frame(static_cast<std::uint8_t>((kPublish << 4) | (qos << 1) | (retain ? 1 : 0)), body);
    const std::size_t head = out.bytes.size() - body.size();
    out.packetIdAt = qos > 0 ? head + packetIdAt : 0;
    out.payloadAt = head + payloadAt;
    return out;
}

bool parsePublish(Protocol protocol,
                  std::uint8_t header,
                  std::span<const std::uint8_t> body,
                  Publish &publish)
{
    const std::uint8_t *at = body.data();
    const std::uint8_t *const end = at + body.size();
    if (body.size() < 2) {
        return false;
    }
    const std::size_t topicSize = readU16(at);
    publish.qos = (header >> 1) & 0x03U;
    publish.retain = (header & 0x01U) != 0;
    const std::size_t idSize = publish.qos > 0 ? 2 : 0;
    if (body.size() < 2 + topicSize + idSize) {
        return false;
    }
    publish.topic = {at + 2, topicSize};
    at += 2 + topicSize;
    publish.packetId = idSize > 0 ? readU16(at) : std::uint16_t{0};
    at += idSize;
    if (protocol == Protocol::V5) {
        std::uint32_t properties = 0;
        if (decodeLength(at, end, properties) != Length::Complete
            || static_cast<std::size_t>(end - at) < properties) {
            return false;
        }
        at += properties;
    }
    publish.payload = {at, static_cast<std::size_t>(end - at)};
    return true;
}

bool parseConnAck(Protocol protocol, std::span<const std::uint8_t> body, ConnAck &connAck)
{
    connAck = ConnAck{};
    if (body.size() < 2) {
        return false;
    }
    connAck.code = body[1];
    if (protocol == Protocol::V311 || connAck.code != 0) {
        return true;
    }
    const std::uint8_t *at = body.data() + 2;
    std::uint32_t size = 0;
    if (decodeLength(at, body.data() + body.size(), size) != Length::Complete) {
        return false;
    }
    auto rest = body.subspan(static_cast<std::size_t>(at - body.data()));
    if (rest.size() != size) {
        return false;
    }
    while (!rest.empty()) {
        const std::uint8_t id = rest[0];
        rest = rest.subspan(1);
        const std::size_t valueSize = propertySize(id, rest);
        if (valueSize == 0 || valueSize > rest.size()) {
            return false;
        }
        if (id == 0x21) {
            connAck.receiveMaximum = readU16(rest.data());
        } else if (id == 0x13) {
            connAck.serverKeepAlive = readU16(rest.data());
        } else if (id == 0x24) {
            connAck.maximumQos = rest[0];
        } else if (id == 0x27) {
            connAck.maximumPacket
                = static_cast<std::uint32_t>(readU16(rest.data())) << 16 | readU16(rest.data() + 2);
        }
        rest = rest.subspan(valueSize);
    }
    return true;
}

int parseSubAck(Protocol protocol, std::span<const std::uint8_t> body)
{
    if (body.size() < 3) {
        return -1;
    }
    const std::uint8_t *at = body.data() + 2;
    const std::uint8_t *const end = body.data() + body.size();
    std::uint32_t properties = 0;
    if (protocol == Protocol::V5
        && (decodeLength(at, end, properties) != Length::Complete
            || static_cast<std::size_t>(end - at) < properties)) {
        return -1;
    }
    at += properties;
    return end - at == 1 ? *at : -1;
}

} // namespace fairlead::bench
