// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "codec/properties.h"

#include "codec/encode_p.h"
#include "codec/frame_p.h"
#include "codec/properties_p.h"

#include <array>

namespace fairlead::mqtt {

namespace {

constexpr std::size_t kIdLimit
    = static_cast<std::size_t>(PropertyId::SharedSubscriptionAvailable) + 1;

constexpr auto kTypes = [] {
    std::array<PropertyType, kIdLimit> types{};
    const auto set = [&types](PropertyType type, auto... ids) {
        ((types[static_cast<std::size_t>(ids)] = type), ...);
    };
    using enum PropertyId;
    set(PropertyType::Byte,
        PayloadFormatIndicator,
        RequestProblemInformation,
        RequestResponseInformation,
        MaximumQos,
        RetainAvailable,
        WildcardSubscriptionAvailable,
        SubscriptionIdentifierAvailable,
        SharedSubscriptionAvailable);
    set(PropertyType::TwoByte, ServerKeepAlive, ReceiveMaximum, TopicAliasMaximum, TopicAlias);
    set(PropertyType::FourByte,
        MessageExpiryInterval,
        SessionExpiryInterval,
        WillDelayInterval,
        MaximumPacketSize);
    set(PropertyType::Varint, SubscriptionIdentifier);
    set(PropertyType::String,
        ContentType,
        ResponseTopic,
        AssignedClientIdentifier,
        AuthenticationMethod,
        ResponseInformation,
        ServerReference,
        ReasonString);
    set(PropertyType::Binary, CorrelationData, AuthenticationData);
    set(PropertyType::Pair, UserProperty);
    return types;
}();

constexpr PropertyMask kNonZero = maskOf(
    PropertyId::ReceiveMaximum, PropertyId::MaximumPacketSize, PropertyId::SubscriptionIdentifier);

enum class Split : std::uint8_t {
    Ok,
    UnknownId,
    BadVarint,
    Truncated
};

constexpr Split splitOf(bool fits) noexcept
{
    return fits ? Split::Ok : Split::Truncated;
}

/// Takes the value that @p out.type announces; its content is not judged.
Split splitValue(Reader &in, Property &out) noexcept
{
    switch (out.type) {
    case PropertyType::None:
        return Split::UnknownId;
    case PropertyType::Byte: {
        std::uint8_t number = 0;
        const bool fits = in.u8(number);
        out.number = number;
        return splitOf(fits);
    }
    case PropertyType::TwoByte: {
        std::uint16_t number = 0;
        const bool fits = in.u16(number);
        out.number = number;
        return splitOf(fits);
    }
    case PropertyType::FourByte:
        return splitOf(in.u32(out.number));
    case PropertyType::Varint: {
        const VarintStatus status = in.varint(out.number);
        return status == VarintStatus::Bad ? Split::BadVarint : splitOf(status == VarintStatus::Ok);
    }
    case PropertyType::String:
    case PropertyType::Binary:
        return splitOf(in.string(out.value));
    case PropertyType::Pair:
        return splitOf(in.string(out.name) && in.string(out.value));
    }
    return Split::UnknownId;
}

Split split(Reader &in, Property &out) noexcept
{
    const Bytes start = in.rest();
    std::uint8_t id = 0;
    if (!in.u8(id)) {
        return Split::Truncated;
    }
    out.id = static_cast<PropertyId>(id);
    out.type = typeOf(out.id);
    const Split result = splitValue(in, out);
    out.raw = start.substr(0, start.size() - in.left());
    return result;
}

DecodeError checkValue(const Property &property) noexcept
{
    switch (property.type) {
    case PropertyType::Byte:
        if (property.number > 1) {
            return protocolError(ErrorKind::BadPropertyValue,
                                 "a property has a value other than 0 and 1");
        }
        break;
    case PropertyType::TwoByte:
    case PropertyType::FourByte:
    case PropertyType::Varint:
        if (property.number == 0 && property.id == PropertyId::TopicAlias) {
            return {"topic alias is zero", ReasonCode::TopicAliasInvalid, ErrorKind::BadTopicAlias};
        }
        if (property.number == 0 && (maskOf(property.id) & kNonZero) != 0) {
            return protocolError(ErrorKind::BadPropertyValue, "a property must not be zero");
        }
        break;
    case PropertyType::String:
        if (property.id == PropertyId::ResponseTopic) {
            return topicNameError(checkTopicName(property.value));
        }
        if (!isValidUtf8(property.value)) {
            return badUtf8();
        }
        break;
    case PropertyType::Pair:
        if (!isValidUtf8(property.name) || !isValidUtf8(property.value)) {
            return badUtf8();
        }
        break;
    case PropertyType::Binary:
    case PropertyType::None:
        break;
    }
    return {};
}

} // namespace

PropertyType typeOf(PropertyId id) noexcept
{
    const auto index = static_cast<std::size_t>(id);
    return index < kTypes.size() ? kTypes[index] : PropertyType::None;
}

DecodeError readProperty(Reader &in,
                         PropertyMask allowed,
                         const char *forbiddenText,
                         Property &out) noexcept
{
    switch (split(in, out)) {
    case Split::Ok:
        break;
    case Split::UnknownId:
        return malformed(ErrorKind::UnknownProperty, "a property identifier is unknown");
    case Split::BadVarint:
        return malformed(ErrorKind::BadVarint, "a property's variable byte integer is malformed");
    case Split::Truncated:
        return malformed(ErrorKind::BadPropertyLength,
                         "a property reaches beyond the end of the properties");
    }
    if ((maskOf(out.id) & allowed) == 0) {
        return malformed(ErrorKind::ForbiddenProperty, forbiddenText);
    }
    return checkValue(out);
}

DecodeError readPropertyOctets(Reader &in, Bytes &out) noexcept
{
    std::uint32_t size = 0;
    switch (in.varint(size)) {
    case VarintStatus::Ok:
        break;
    case VarintStatus::Truncated:
        return truncated();
    case VarintStatus::Bad:
        return malformed(ErrorKind::BadVarint, "the property length is malformed");
    }
    if (!in.take(size, out)) {
        return malformed(ErrorKind::BadPropertyLength,
                         "the property length reaches beyond the end of the packet");
    }
    return {};
}

void PropertyIterator::step() noexcept
{
    m_current = {};
    if (m_rest.empty()) {
        return;
    }
    Reader in(m_rest);
    if (split(in, m_current) == Split::Ok) {
        m_rest = in.rest();
    } else {
        m_rest = {};
        m_current = {};
    }
}

std::size_t forwardableSize(const PropertyBlock &block) noexcept
{
    if (isForwardable(block)) {
        return block.raw().size();
    }
    std::size_t size = 0;
    for (const Property &property : block) {
        if ((maskOf(property.id) & kForwardableProperties) != 0) {
            size += property.raw.size();
        }
    }
    return size;
}

void copyForwardable(Writer &out, const PropertyBlock &block) noexcept
{
    putSelected(out, block, kForwardableProperties);
}

void writeProperty(Writer &out, PropertyId id, std::uint32_t number) noexcept
{
    putProperty(out, id, number);
}

void writeProperty(Writer &out, PropertyId id, Bytes value) noexcept
{
    const PropertyType type = typeOf(id);
    if (type != PropertyType::String && type != PropertyType::Binary) {
        out.fail();
        return;
    }
    putProperty(out, id, value);
}

void writeUserProperty(Writer &out, Bytes name, Bytes value) noexcept
{
    if (name.size() > kMaxStringSize || value.size() > kMaxStringSize
        || out.room() < name.size() + value.size() + 5) {
        out.fail();
        return;
    }
    out.u8(static_cast<std::uint8_t>(PropertyId::UserProperty));
    out.string(name);
    out.string(value);
}

} // namespace fairlead::mqtt
