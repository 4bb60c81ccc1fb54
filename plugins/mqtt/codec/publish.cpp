// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "codec/publish.h"

#include "codec/frame_p.h"
#include "codec/properties_p.h"

#include <cstring>

namespace fairlead::mqtt {

namespace {

constexpr PropertyRules kFromServer{
    kForwardableProperties
        | maskOf(PropertyId::MessageExpiryInterval,
                 PropertyId::TopicAlias,
                 PropertyId::SubscriptionIdentifier),
    maskOf(PropertyId::UserProperty, PropertyId::SubscriptionIdentifier)};

/// Member by member: assigning an empty Publish would cost as much as all the rest of decoding.
void clear(Publish &out) noexcept
{
    out.properties = {};
    out.messageExpiry = 0;
    out.packetId = 0;
    out.topicAlias = 0;
    out.hasMessageExpiry = false;
    out.payloadFormat = 0;
    out.contentType.reset();
    out.responseTopic.reset();
    out.correlationData.reset();
}

void assign(Publish &out, const Property &property) noexcept
{
    switch (property.id) {
    case PropertyId::PayloadFormatIndicator:
        out.payloadFormat = static_cast<std::uint8_t>(property.number);
        break;
    case PropertyId::MessageExpiryInterval:
        out.messageExpiry = property.number;
        out.hasMessageExpiry = true;
        break;
    case PropertyId::TopicAlias:
        out.topicAlias = static_cast<std::uint16_t>(property.number);
        break;
    case PropertyId::ContentType:
        out.contentType = property.value;
        break;
    case PropertyId::ResponseTopic:
        out.responseTopic = property.value;
        break;
    case PropertyId::CorrelationData:
        out.correlationData = property.value;
        break;
    default:
        break;
    }
}

struct Layout
{
    std::uint32_t properties = 0;
    std::uint32_t remaining = 0;
    bool possible = false;
};

/// A subscription identifier of zero or beyond the limit makes the sum exceed every limit.
std::size_t identifiersSize(std::span<const std::uint32_t> identifiers) noexcept
{
    std::size_t size = 0;
    for (const std::uint32_t identifier : identifiers) {
        if (identifier == 0 || identifier > kMaxSubscriptionIdentifier) {
            return kMaxPacketSize;
        }
        size += 1 + varintSize(identifier);
    }
    return size;
}

Layout layoutOf(const PublishHead &head, Version version) noexcept
{
    Layout layout;
    const bool nameless = head.topic.empty() && (version != Version::V5 || head.topicAlias == 0);
    if (nameless || head.topic.size() > kMaxStringSize || head.qos > 2
        || (head.qos > 0 && head.packetId == 0) || head.payloadSize > kMaxRemainingLength) {
        return layout;
    }
    std::size_t remaining = 2 + head.topic.size() + (head.qos > 0 ? 2U : 0U) + head.payloadSize;
    if (version == Version::V5) {
        std::size_t properties
            = (head.hasMessageExpiry ? 5U : 0U) + (head.topicAlias != 0 ? 3U : 0U);
        if (head.forwardable.size() > kMaxRemainingLength
            || head.ownProperties.size() > kMaxRemainingLength) {
            return layout;
        }
        properties += head.ownProperties.size() + head.forwardable.size()
            + identifiersSize(head.subscriptionIdentifiers);
        if (properties > kMaxRemainingLength) {
            return layout;
        }
        layout.properties = static_cast<std::uint32_t>(properties);
        remaining += varintSize(layout.properties) + properties;
    }
    if (remaining > kMaxRemainingLength) {
        return layout;
    }
    layout.remaining = static_cast<std::uint32_t>(remaining);
    layout.possible = true;
    return layout;
}

std::size_t headSize(const Layout &layout, const PublishHead &head) noexcept
{
    return 1 + varintSize(layout.remaining) + layout.remaining - head.payloadSize;
}

/// Writes where the room was claimed already, hence without checks.
class Cursor
{
public:
    explicit Cursor(char *at) noexcept
        : m_at(at)
    { }

    [[nodiscard]] char *at() const noexcept { return m_at; }

    void u8(unsigned value) noexcept { *m_at++ = static_cast<char>(value); }

    void u16(unsigned value) noexcept
    {
        u8(value >> 8);
        u8(value & 0xFF);
    }

    void varint(std::uint32_t value) noexcept
    {
        for (; value >= 0x80; value >>= 7) {
            u8((value & 0x7F) | 0x80);
        }
        u8(value);
    }

    void raw(Bytes value) noexcept
    {
        if (!value.empty()) {
            std::memcpy(m_at, value.data(), value.size());
            m_at += value.size();
        }
    }

    void id(PropertyId id) noexcept { u8(static_cast<unsigned>(id)); }

private:
    char *m_at;
};

} // namespace

DecodeError decodePublish(const Frame &frame, Version version, Sender sender, Publish &out) noexcept
{
    if (const auto error = checkHeader(frame, PacketType::Publish, version)) {
        return error;
    }
    clear(out);
    out.qos = (frame.flags >> 1) & 0x03;
    out.dup = (frame.flags & 0x08) != 0;
    out.retain = (frame.flags & 0x01) != 0;

    Reader in(frame.body);
    if (!in.string(out.topic)) {
        return truncated();
    }
    if (out.qos > 0) {
        if (!in.u16(out.packetId)) {
            return truncated();
        }
        if (out.packetId == 0) {
            return zeroPacketId();
        }
    }
    if (!out.topic.empty() || version != Version::V5) {
        if (const auto check = checkTopicName(out.topic); check != TopicCheck::Ok) {
            return topicNameError(check);
        }
    }
    if (version == Version::V5) {
        if (const auto error
            = readProperties(in, kFromServer, out.properties, [&out](const Property &property) {
                  assign(out, property);
              })) {
            return error;
        }
        if (sender == Sender::Client && out.properties.has(PropertyId::SubscriptionIdentifier)) {
            return protocolError(ErrorKind::ForbiddenProperty,
                                 "a client must not send a subscription identifier in PUBLISH");
        }
        if (out.topic.empty() && out.topicAlias == 0) {
            return protocolError(ErrorKind::BadTopic, "PUBLISH with neither topic nor alias");
        }
    }
    out.payload = in.rest();
    return {};
}

std::size_t publishHeadSize(const PublishHead &head, Version version) noexcept
{
    const Layout layout = layoutOf(head, version);
    return layout.possible ? headSize(layout, head) : 0;
}

WrittenHead writePublishHead(Writer &out, const PublishHead &head, Version version) noexcept
{
    const Layout layout = layoutOf(head, version);
    if (!layout.possible) {
        out.fail();
        return {};
    }
    WrittenHead written;
    written.size = headSize(layout, head);
    char *const start = out.claim(written.size);
    if (start == nullptr) {
        return {};
    }
    Cursor to(start);
    to.u8((static_cast<unsigned>(PacketType::Publish) << 4) | (head.dup && head.qos > 0 ? 8U : 0U)
          | (static_cast<unsigned>(head.qos) << 1) | (head.retain ? 1U : 0U));
    to.varint(layout.remaining);
    to.u16(static_cast<unsigned>(head.topic.size()));
    to.raw(head.topic);
    if (head.qos > 0) {
        written.packetIdOffset = static_cast<std::size_t>(to.at() - start);
        to.u16(head.packetId);
    }
    if (version != Version::V5) {
        return written;
    }
    to.varint(layout.properties);
    if (head.topicAlias != 0) {
        to.id(PropertyId::TopicAlias);
        to.u16(head.topicAlias);
    }
    if (head.hasMessageExpiry) {
        to.id(PropertyId::MessageExpiryInterval);
        to.u16(head.messageExpiry >> 16);
        to.u16(head.messageExpiry & 0xFFFF);
    }
    for (const std::uint32_t identifier : head.subscriptionIdentifiers) {
        to.id(PropertyId::SubscriptionIdentifier);
        to.varint(identifier);
    }
    to.raw(head.ownProperties);
    to.raw(head.forwardable);
    return written;
}

} // namespace fairlead::mqtt
