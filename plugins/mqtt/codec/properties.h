// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/error.h"
#include "codec/writer.h"

#include <iterator>
#include <optional>

namespace fairlead::mqtt {

enum class PropertyId : std::uint8_t {
    PayloadFormatIndicator = 0x01,
    MessageExpiryInterval = 0x02,
    ContentType = 0x03,
    ResponseTopic = 0x08,
    CorrelationData = 0x09,
    SubscriptionIdentifier = 0x0B,
    SessionExpiryInterval = 0x11,
    AssignedClientIdentifier = 0x12,
    ServerKeepAlive = 0x13,
    AuthenticationMethod = 0x15,
    AuthenticationData = 0x16,
    RequestProblemInformation = 0x17,
    WillDelayInterval = 0x18,
    RequestResponseInformation = 0x19,
    ResponseInformation = 0x1A,
    ServerReference = 0x1C,
    ReasonString = 0x1F,
    ReceiveMaximum = 0x21,
    TopicAliasMaximum = 0x22,
    TopicAlias = 0x23,
    MaximumQos = 0x24,
    RetainAvailable = 0x25,
    UserProperty = 0x26,
    MaximumPacketSize = 0x27,
    WildcardSubscriptionAvailable = 0x28,
    SubscriptionIdentifierAvailable = 0x29,
    SharedSubscriptionAvailable = 0x2A
};

enum class PropertyType : std::uint8_t {
    None, ///< not a property of MQTT 5
    Byte,
    TwoByte,
    FourByte,
    Varint,
    String,
    Binary,
    Pair
};

/// A set of property ids, one bit each.
using PropertyMask = std::uint64_t;

template <typename... Ids>
[[nodiscard]] constexpr PropertyMask maskOf(Ids... ids) noexcept
{
    return ((PropertyMask{1} << static_cast<unsigned>(ids)) | ... | PropertyMask{0});
}

/// What a PUBLISH hands on to its receivers unaltered and in order.
inline constexpr PropertyMask kForwardableProperties = maskOf(PropertyId::PayloadFormatIndicator,
                                                              PropertyId::ContentType,
                                                              PropertyId::ResponseTopic,
                                                              PropertyId::CorrelationData,
                                                              PropertyId::UserProperty);

[[nodiscard]] PropertyType typeOf(PropertyId id) noexcept;

/// One property, taken apart.
struct Property
{
    PropertyId id{};
    PropertyType type = PropertyType::None;
    std::uint32_t number = 0; ///< of the numeric types
    Bytes name; ///< of a user property
    Bytes value; ///< of strings, binary data and user properties
    Bytes raw; ///< the property as encoded, with its identifier
};

/// Walks over encoded properties; stops at the end, and at anything that is not well-formed.
class PropertyIterator
{
public:
    using value_type = Property;
    using difference_type = std::ptrdiff_t;

    PropertyIterator() = default;

    explicit PropertyIterator(Bytes raw) noexcept
        : m_rest(raw)
    {
        step();
    }

    [[nodiscard]] const Property &operator*() const noexcept { return m_current; }

    [[nodiscard]] const Property *operator->() const noexcept { return &m_current; }

    PropertyIterator &operator++() noexcept
    {
        step();
        return *this;
    }

    void operator++(int) noexcept { step(); }

    [[nodiscard]] friend bool operator==(const PropertyIterator &it,
                                         std::default_sentinel_t) noexcept
    {
        return it.m_current.type == PropertyType::None;
    }

private:
    void step() noexcept;

    Bytes m_rest;
    Property m_current;
};

/// The properties of one packet as they stand on the wire, without their length prefix; in arrival
/// order and, when a decoder made it, validated.
class PropertyBlock
{
public:
    constexpr PropertyBlock() = default;

    /// @p raw is known to be well-formed and to hold exactly the ids in @p present.
    constexpr PropertyBlock(Bytes raw, PropertyMask present) noexcept
        : m_raw(raw)
        , m_present(present)
    { }

    /// A block for sending that writeUserProperty() filled.
    [[nodiscard]] static constexpr PropertyBlock ofUserProperties(Bytes raw) noexcept
    {
        return {raw, raw.empty() ? PropertyMask{0} : maskOf(PropertyId::UserProperty)};
    }

    [[nodiscard]] constexpr Bytes raw() const noexcept { return m_raw; }

    [[nodiscard]] constexpr bool isEmpty() const noexcept { return m_raw.empty(); }

    [[nodiscard]] constexpr PropertyMask present() const noexcept { return m_present; }

    [[nodiscard]] constexpr bool has(PropertyId id) const noexcept
    {
        return (m_present & maskOf(id)) != 0;
    }

    [[nodiscard]] constexpr bool hasOnly(PropertyMask ids) const noexcept
    {
        return (m_present & ~ids) == 0;
    }

    [[nodiscard]] PropertyIterator begin() const noexcept { return PropertyIterator(m_raw); }

    [[nodiscard]] static std::default_sentinel_t end() noexcept { return {}; }

private:
    Bytes m_raw;
    PropertyMask m_present = 0;
};

/// Whether the block of a PUBLISH can be forwarded octet for octet.
[[nodiscard]] constexpr bool isForwardable(const PropertyBlock &block) noexcept
{
    return block.hasOnly(kForwardableProperties);
}

/// How many octets copyForwardable() writes.
[[nodiscard]] std::size_t forwardableSize(const PropertyBlock &block) noexcept;

/// Writes the forwardable properties of @p block, in order, without a length prefix.
void copyForwardable(Writer &out, const PropertyBlock &block) noexcept;

/// Writes one property with its identifier. The id decides the width; a value that does not fit, or
/// an id of another type, fails the writer.
void writeProperty(Writer &out, PropertyId id, std::uint32_t number) noexcept;
void writeProperty(Writer &out, PropertyId id, Bytes value) noexcept;
void writeUserProperty(Writer &out, Bytes name, Bytes value) noexcept;

} // namespace fairlead::mqtt
