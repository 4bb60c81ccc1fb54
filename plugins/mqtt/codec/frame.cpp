// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "codec/frame.h"

#include "codec/frame_p.h"

namespace fairlead::mqtt {

namespace {

constexpr std::uint8_t kQosMask = 0x06;
constexpr std::uint8_t kDupFlag = 0x08;

/// The flags the standard fixes for a type other than PUBLISH.
constexpr std::uint8_t fixedFlags(PacketType type) noexcept
{
    return type == PacketType::Pubrel || type == PacketType::Subscribe
            || type == PacketType::Unsubscribe
        ? 0x02
        : 0x00;
}

} // namespace

DecodeError checkHeader(PacketType type, std::uint8_t flags, Version version) noexcept
{
    if (type == PacketType::Publish) {
        if ((flags & kQosMask) == kQosMask) {
            return malformed(ErrorKind::BadQos, "PUBLISH with QoS 3");
        }
        if ((flags & (kQosMask | kDupFlag)) == kDupFlag && version != Version::V31) {
            return malformed(ErrorKind::BadDup, "PUBLISH with DUP at QoS 0");
        }
        return {};
    }
    if (type == PacketType::Reserved) {
        return malformed(ErrorKind::BadPacketType, "packet type 0 is reserved");
    }
    if (type == PacketType::Auth && (version == Version::V31 || version == Version::V311)) {
        return malformed(ErrorKind::BadPacketType, "packet type 15 is reserved before MQTT 5");
    }
    if (flags != fixedFlags(type) && version != Version::V31) {
        return malformed(ErrorKind::ReservedFlags, "reserved flags of the fixed header are wrong");
    }
    return {};
}

FrameHeader peekFrame(Bytes input, std::uint32_t maxPacketSize, Version version) noexcept
{
    FrameHeader header;
    if (input.empty()) {
        return header;
    }
    const auto octet
        = [input](std::size_t index) noexcept { return static_cast<std::uint8_t>(input[index]); };
    header.type = static_cast<PacketType>(octet(0) >> 4);
    header.flags = octet(0) & 0x0F;
    header.error = checkHeader(header.type, header.flags, version);
    if (header.error) {
        header.status = FrameStatus::Malformed;
        return header;
    }

    std::uint32_t remaining = 0;
    for (unsigned index = 1;; ++index) {
        if (index == kMaxHeaderSize) {
            header.status = FrameStatus::Malformed;
            header.error
                = malformed(ErrorKind::BadVarint, "the remaining length exceeds four octets");
            return header;
        }
        if (index == input.size()) {
            return header;
        }
        const std::uint8_t next = octet(index);
        remaining |= std::uint32_t{next & 0x7FU} << (7 * (index - 1));
        if (next < 0x80) {
            header.paddedLength = next == 0 && index > 1;
            header.headerSize = static_cast<std::uint8_t>(index + 1);
            header.totalSize = remaining + header.headerSize;
            break;
        }
    }
    if (header.paddedLength && version == Version::V5) {
        header.status = FrameStatus::Malformed;
        header.error
            = malformed(ErrorKind::BadVarint, "the remaining length is not in its shortest form");
    } else if (header.totalSize > maxPacketSize) {
        header.status = FrameStatus::TooLarge;
        header.error = {"the packet is larger than allowed",
                        ReasonCode::PacketTooLarge,
                        ErrorKind::PacketTooLarge};
    } else if (input.size() >= header.totalSize) {
        header.status = FrameStatus::Complete;
    }
    return header;
}

DecodeError topicNameError(TopicCheck check) noexcept
{
    switch (check) {
    case TopicCheck::Ok:
        return {};
    case TopicCheck::BadUtf8:
        return badUtf8();
    case TopicCheck::Empty:
        return protocolError(ErrorKind::BadTopic, "a topic name is empty");
    case TopicCheck::TooLong:
    case TopicCheck::BadWildcard:
    case TopicCheck::BadShare:
        break;
    }
    return malformed(ErrorKind::BadTopic, "a topic name contains a wildcard");
}

} // namespace fairlead::mqtt
