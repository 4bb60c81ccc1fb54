// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "codec/subscribe.h"

#include "codec/encode_p.h"
#include "codec/frame_p.h"
#include "codec/properties_p.h"

namespace fairlead::mqtt {

namespace {

constexpr PropertyRules kSubscribeRules{
    maskOf(PropertyId::SubscriptionIdentifier, PropertyId::UserProperty)};
constexpr PropertyRules kUnsubscribeRules{maskOf(PropertyId::UserProperty)};

constexpr unsigned kOptionQosMask = 0x03;
constexpr unsigned kNoLocalFlag = 0x04;
constexpr unsigned kRetainAsPublishedFlag = 0x08;
constexpr unsigned kRetainHandlingMask = 0x30;
constexpr unsigned kRetainHandlingShift = 4;
constexpr unsigned kReservedMask = 0xC0;

DecodeError checkFilter(Bytes filter, Version version) noexcept
{
    const TopicCheck check
        = version == Version::V5 ? parseSharedFilter(filter).check : checkTopicFilter(filter);
    switch (check) {
    case TopicCheck::Ok:
        return {};
    case TopicCheck::BadUtf8:
        return badUtf8();
    case TopicCheck::Empty:
        return protocolError(ErrorKind::BadTopicFilter, "a topic filter is empty");
    case TopicCheck::BadShare:
        return malformed(ErrorKind::BadTopicFilter, "a shared subscription is ill-formed");
    case TopicCheck::TooLong:
    case TopicCheck::BadWildcard:
        break;
    }
    return malformed(ErrorKind::BadTopicFilter, "a topic filter has a misplaced wildcard");
}

DecodeError checkOptions(std::uint8_t options, Bytes filter, Version version) noexcept
{
    if ((options & kOptionQosMask) == kOptionQosMask) {
        return protocolError(ErrorKind::BadSubscriptionOptions, "a subscription asks for QoS 3");
    }
    if (version == Version::V31) {
        return {};
    }
    const unsigned reserved = version == Version::V5 ? kReservedMask : ~kOptionQosMask;
    if ((options & reserved) != 0) {
        return malformed(ErrorKind::BadSubscriptionOptions,
                         "reserved bits of a subscription's options are set");
    }
    if ((options & kRetainHandlingMask) == kRetainHandlingMask) {
        return protocolError(ErrorKind::BadSubscriptionOptions,
                             "a subscription has retain handling 3");
    }
    if ((options & kNoLocalFlag) != 0 && isShared(filter)) {
        return protocolError(ErrorKind::BadSubscriptionOptions,
                             "a shared subscription has the no-local option");
    }
    return {};
}

DecodeError checkSubscriptions(Subscribe &out, Version version) noexcept
{
    Reader in(out.filters);
    while (!in.atEnd()) {
        Bytes filter;
        std::uint8_t options = 0;
        if (!in.string(filter) || !in.u8(options)) {
            return truncated();
        }
        if (const auto error = checkFilter(filter, version)) {
            return error;
        }
        if (const auto error = checkOptions(options, filter, version)) {
            return error;
        }
        ++out.filterCount;
    }
    return {};
}

DecodeError checkFilters(Unsubscribe &out, Version version) noexcept
{
    Reader in(out.filters);
    while (!in.atEnd()) {
        Bytes filter;
        if (!in.string(filter)) {
            return truncated();
        }
        if (const auto error = checkFilter(filter, version)) {
            return error;
        }
        ++out.filterCount;
    }
    return {};
}

constexpr DecodeError noFilters() noexcept
{
    return protocolError(ErrorKind::NoFilters, "the packet names no topic filter");
}

auto bodyOf(const Subscribe &packet, Version version) noexcept
{
    return [&packet, version](auto &out) noexcept {
        if (packet.packetId == 0 || packet.filters.empty()) {
            out.fail();
            return;
        }
        out.u16(packet.packetId);
        if (version == Version::V5) {
            putPropertyBlock(out, [&packet](auto &sink) noexcept {
                putUnlessDefault(
                    sink, PropertyId::SubscriptionIdentifier, packet.subscriptionIdentifier, 0);
                putUserProperties(sink, packet.properties);
            });
        }
        out.raw(packet.filters);
    };
}

auto bodyOf(const Unsubscribe &packet, Version version) noexcept
{
    return [&packet, version](auto &out) noexcept {
        if (packet.packetId == 0 || packet.filters.empty()) {
            out.fail();
            return;
        }
        out.u16(packet.packetId);
        if (version == Version::V5) {
            putPropertyBlock(out, [&packet](auto &sink) noexcept {
                putUserProperties(sink, packet.properties);
            });
        }
        out.raw(packet.filters);
    };
}

} // namespace

bool SubscriptionCursor::next(Subscription &out) noexcept
{
    Reader in(m_rest);
    Bytes filter;
    std::uint8_t options = 0;
    if (!in.string(filter) || !in.u8(options)) {
        return false;
    }
    m_rest = in.rest();
    out = Subscription{};
    out.filter = filter;
    out.qos = options & kOptionQosMask;
    if (m_version == Version::V5) {
        out.noLocal = (options & kNoLocalFlag) != 0;
        out.retainAsPublished = (options & kRetainAsPublishedFlag) != 0;
        out.retainHandling = (options & kRetainHandlingMask) >> kRetainHandlingShift;
    }
    return true;
}

bool FilterCursor::next(Bytes &filter) noexcept
{
    Reader in(m_rest);
    if (!in.string(filter)) {
        return false;
    }
    m_rest = in.rest();
    return true;
}

DecodeError decodeSubscribe(const Frame &frame, Version version, Subscribe &out) noexcept
{
    if (const auto error = checkHeader(frame, PacketType::Subscribe, version)) {
        return error;
    }
    out = Subscribe{};
    Reader in(frame.body);
    if (!in.u16(out.packetId)) {
        return truncated();
    }
    if (out.packetId == 0) {
        return zeroPacketId();
    }
    if (version == Version::V5) {
        if (const auto error
            = readProperties(in, kSubscribeRules, out.properties, [&out](const Property &property) {
                  if (property.id == PropertyId::SubscriptionIdentifier) {
                      out.subscriptionIdentifier = property.number;
                  }
              })) {
            return error;
        }
    }
    out.filters = in.rest();
    return out.filters.empty() ? noFilters() : checkSubscriptions(out, version);
}

void writeSubscription(Writer &out, const Subscription &subscription, Version version) noexcept
{
    if (subscription.qos > 2 || subscription.retainHandling > 2
        || subscription.filter.size() > kMaxStringSize || subscription.filter.empty()
        || out.room() < subscription.filter.size() + 3) {
        out.fail();
        return;
    }
    unsigned options = subscription.qos;
    if (version == Version::V5) {
        options |= subscription.noLocal ? kNoLocalFlag : 0U;
        options |= subscription.retainAsPublished ? kRetainAsPublishedFlag : 0U;
        options |= static_cast<unsigned>(subscription.retainHandling) << kRetainHandlingShift;
    }
    out.string(subscription.filter);
    out.u8(static_cast<std::uint8_t>(options));
}

std::size_t encodedSize(const Subscribe &packet, Version version) noexcept
{
    return packetSize(bodyOf(packet, version));
}

bool encode(Writer &out, const Subscribe &packet, Version version) noexcept
{
    return putPacket(out, PacketType::Subscribe, 0x02, bodyOf(packet, version));
}

DecodeError decodeUnsubscribe(const Frame &frame, Version version, Unsubscribe &out) noexcept
{
    if (const auto error = checkHeader(frame, PacketType::Unsubscribe, version)) {
        return error;
    }
    out = Unsubscribe{};
    Reader in(frame.body);
    if (!in.u16(out.packetId)) {
        return truncated();
    }
    if (out.packetId == 0) {
        return zeroPacketId();
    }
    if (version == Version::V5) {
        if (const auto error
            = readProperties(in, kUnsubscribeRules, out.properties, [](const Property &) {})) {
            return error;
        }
    }
    out.filters = in.rest();
    return out.filters.empty() ? noFilters() : checkFilters(out, version);
}

void writeFilter(Writer &out, Bytes filter) noexcept
{
    if (filter.empty()) {
        out.fail();
        return;
    }
    out.string(filter);
}

std::size_t encodedSize(const Unsubscribe &packet, Version version) noexcept
{
    return packetSize(bodyOf(packet, version));
}

bool encode(Writer &out, const Unsubscribe &packet, Version version) noexcept
{
    return putPacket(out, PacketType::Unsubscribe, 0x02, bodyOf(packet, version));
}

} // namespace fairlead::mqtt
