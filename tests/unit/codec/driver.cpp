// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "driver.h"

#include <vector>

namespace fairlead::mqtt::driver {

namespace {

constexpr std::size_t kSpare = 64;

/// Encodes with exactly the room that encodedSize() asks for, and proves that one octet less fails.
template <typename Encode>
std::string encodeExactly(std::size_t size, Encode encodeInto)
{
    std::string memory(size + kSpare, '\xA5');
    Writer out(memory.data(), size);
    const bool written = size != 0 && encodeInto(out) && out.size() == size;
    if (!written || memory.find_first_not_of('\xA5', size) != std::string::npos) {
        return "encoding failed";
    }
    std::string result(out.bytes());
    Writer narrow(memory.data(), size - 1);
    if (encodeInto(narrow) || !narrow.failed()) {
        return "encoding overflowed unnoticed";
    }
    return result;
}

template <typename Packet>
std::string encoded(const Packet &packet, Version version)
{
    return encodeExactly(encodedSize(packet, version),
                         [&](Writer &out) { return encode(out, packet, version); });
}

std::string encoded(const Connect &packet)
{
    return encodeExactly(encodedSize(packet), [&](Writer &out) { return encode(out, packet); });
}

std::string encoded(const Publish &packet, Version version)
{
    std::string forwardable(forwardableSize(packet.properties), '\0');
    Writer copy(forwardable.data(), forwardable.size());
    copyForwardable(copy, packet.properties);
    if (copy.failed() || copy.size() != forwardable.size()) {
        return "copying the properties failed";
    }
    std::vector<std::uint32_t> identifiers;
    for (const Property &property : packet.properties) {
        if (property.id == PropertyId::SubscriptionIdentifier) {
            identifiers.push_back(property.number);
        }
    }
    PublishHead head;
    head.topic = packet.topic;
    head.payloadSize = packet.payload.size();
    head.packetId = packet.packetId;
    head.topicAlias = packet.topicAlias;
    head.qos = packet.qos;
    head.dup = packet.dup;
    head.retain = packet.retain;
    head.hasMessageExpiry = packet.hasMessageExpiry;
    head.messageExpiry = packet.messageExpiry;
    head.subscriptionIdentifiers = identifiers;
    head.forwardable = forwardable;
    std::string result = encodeExactly(publishHeadSize(head, version), [&](Writer &out) {
        return writePublishHead(out, head, version).size == out.size() && !out.failed();
    });
    return result.append(packet.payload);
}

/// Builds the filters anew, one by one.
std::string encoded(Subscribe packet, Version version)
{
    std::string filters(packet.filters.size(), '\0');
    Writer out(filters.data(), filters.size());
    SubscriptionCursor cursor(packet, version);
    Subscription subscription;
    std::uint32_t count = 0;
    while (cursor.next(subscription)) {
        writeSubscription(out, subscription, version);
        ++count;
    }
    if (out.failed() || count != packet.filterCount) {
        return "encoding the filters failed";
    }
    packet.filters = out.bytes();
    return encoded<Subscribe>(packet, version);
}

std::string encoded(Unsubscribe packet, Version version)
{
    std::string filters(packet.filters.size(), '\0');
    Writer out(filters.data(), filters.size());
    FilterCursor cursor(packet);
    Bytes filter;
    std::uint32_t count = 0;
    while (cursor.next(filter)) {
        writeFilter(out, filter);
        ++count;
    }
    if (out.failed() || count != packet.filterCount) {
        return "encoding the filters failed";
    }
    packet.filters = out.bytes();
    return encoded<Unsubscribe>(packet, version);
}

template <typename Packet>
void settle(Outcome &outcome, const Packet &packet)
{
    if (!outcome.error) {
        outcome.again = encoded(packet, outcome.version);
    }
}

void runPing(Outcome &outcome, const Frame &frame)
{
    outcome.error = decodePing(frame, outcome.version);
    if (!outcome.error) {
        outcome.again = encodeExactly(kPingSize, [&](Writer &out) {
            return frame.type == PacketType::Pingreq ? encodePingreq(out) : encodePingresp(out);
        });
    }
}

void runConnect(Outcome &outcome, const Frame &frame)
{
    Connect packet;
    outcome.error = decodeConnect(frame, packet);
    outcome.version = packet.version;
    if (!outcome.error) {
        outcome.again = encoded(packet);
    }
}

void runFrame(Outcome &outcome, const Frame &frame, Sender sender)
{
    const Version version = outcome.version;
    switch (frame.type) {
    case PacketType::Reserved:
        break;
    case PacketType::Connect:
        runConnect(outcome, frame);
        break;
    case PacketType::Connack: {
        Connack packet;
        outcome.error = decodeConnack(frame, version, packet);
        settle(outcome, packet);
        break;
    }
    case PacketType::Publish: {
        Publish packet;
        outcome.error = decodePublish(frame, version, sender, packet);
        settle(outcome, packet);
        break;
    }
    case PacketType::Puback:
    case PacketType::Pubrec:
    case PacketType::Pubrel:
    case PacketType::Pubcomp: {
        Ack packet;
        outcome.error = decodeAck(frame, version, packet);
        settle(outcome, packet);
        break;
    }
    case PacketType::Subscribe: {
        Subscribe packet;
        outcome.error = decodeSubscribe(frame, version, packet);
        settle(outcome, packet);
        break;
    }
    case PacketType::Unsubscribe: {
        Unsubscribe packet;
        outcome.error = decodeUnsubscribe(frame, version, packet);
        settle(outcome, packet);
        break;
    }
    case PacketType::Suback:
    case PacketType::Unsuback: {
        Suback packet;
        outcome.error = decodeSuback(frame, version, packet);
        settle(outcome, packet);
        break;
    }
    case PacketType::Pingreq:
    case PacketType::Pingresp:
        runPing(outcome, frame);
        break;
    case PacketType::Disconnect: {
        Disconnect packet;
        outcome.error = decodeDisconnect(frame, version, sender, packet);
        settle(outcome, packet);
        break;
    }
    case PacketType::Auth: {
        Auth packet;
        outcome.error = decodeAuth(frame, version, sender, packet);
        settle(outcome, packet);
        break;
    }
    }
}

} // namespace

Outcome run(Bytes input, Version version, Sender sender)
{
    Outcome outcome;
    outcome.version = version;
    const FrameHeader header = peekFrame(input, kMaxPacketSize, version);
    outcome.status = header.status;
    outcome.error = header.error;
    if (header.status == FrameStatus::Complete) {
        runFrame(outcome, frameOf(input, header), sender);
    }
    return outcome;
}

} // namespace fairlead::mqtt::driver
