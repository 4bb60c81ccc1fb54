// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/frame.h"
#include "codec/properties.h"

namespace fairlead::mqtt {

/// One filter of a SUBSCRIBE with its options. 3.x knows filter and QoS.
struct Subscription
{
    Bytes filter; ///< as sent, "$share/..." included: see parseSharedFilter()
    std::uint8_t qos = 0;
    bool noLocal = false;
    bool retainAsPublished = false;
    std::uint8_t retainHandling = 0; ///< 0 always, 1 if the subscription is new, 2 never
};

/// SUBSCRIBE. The filters stay encoded; walk them with SubscriptionCursor, build them with
/// writeSubscription().
struct Subscribe
{
    std::uint16_t packetId = 0;
    std::uint32_t subscriptionIdentifier = 0; ///< 0 = none
    Bytes filters;
    std::uint32_t filterCount = 0; ///< set by the decoder, ignored when encoding
    PropertyBlock properties; ///< encoding takes only its user properties
};

/// Visits the filters of a SUBSCRIBE without allocating.
class SubscriptionCursor
{
public:
    SubscriptionCursor(const Subscribe &packet, Version version) noexcept
        : m_rest(packet.filters)
        , m_version(version)
    { }

    /// Fetches the next one; false at the end.
    [[nodiscard]] bool next(Subscription &out) noexcept;

private:
    Bytes m_rest;
    Version m_version;
};

/// Decodes and fully checks a SUBSCRIBE, every filter included. In 3.x "$share/..." is judged as an
/// ordinary filter, since only MQTT 5 gives it a meaning.
[[nodiscard]] DecodeError decodeSubscribe(const Frame &frame,
                                          Version version,
                                          Subscribe &out) noexcept;
/// Appends one filter to what becomes Subscribe::filters.
void writeSubscription(Writer &out, const Subscription &subscription, Version version) noexcept;
/// The size of the encoded packet; 0 when it cannot be expressed in MQTT.
[[nodiscard]] std::size_t encodedSize(const Subscribe &packet, Version version) noexcept;
/// Writes the packet; false, and a failed writer, when it does not fit or cannot be expressed.
bool encode(Writer &out, const Subscribe &packet, Version version) noexcept;

/// UNSUBSCRIBE. The filters stay encoded; walk them with FilterCursor, build them with writeFilter().
struct Unsubscribe
{
    std::uint16_t packetId = 0;
    Bytes filters;
    std::uint32_t filterCount = 0; ///< set by the decoder, ignored when encoding
    PropertyBlock properties; ///< encoding takes only its user properties
};

/// Visits the filters of an UNSUBSCRIBE without allocating.
class FilterCursor
{
public:
    explicit FilterCursor(const Unsubscribe &packet) noexcept
        : m_rest(packet.filters)
    { }

    /// Fetches the next one; false at the end.
    [[nodiscard]] bool next(Bytes &filter) noexcept;

private:
    Bytes m_rest;
};

[[nodiscard]] DecodeError decodeUnsubscribe(const Frame &frame,
                                            Version version,
                                            Unsubscribe &out) noexcept;
/// Appends one filter to what becomes Unsubscribe::filters.
void writeFilter(Writer &out, Bytes filter) noexcept;
[[nodiscard]] std::size_t encodedSize(const Unsubscribe &packet, Version version) noexcept;
bool encode(Writer &out, const Unsubscribe &packet, Version version) noexcept;

/// SUBACK or UNSUBACK.
struct Suback
{
    PacketType type = PacketType::Suback;
    std::uint16_t packetId = 0;
    Bytes codes; ///< one octet per filter, in order; a 3.x UNSUBACK has none
    std::optional<Bytes> reasonString;
    PropertyBlock properties; ///< encoding takes only its user properties

    [[nodiscard]] ReasonCode code(std::size_t index) const noexcept
    {
        return static_cast<ReasonCode>(static_cast<std::uint8_t>(codes[index]));
    }
};

/// Decodes either; `out.type` is the frame's.
[[nodiscard]] DecodeError decodeSuback(const Frame &frame, Version version, Suback &out) noexcept;
[[nodiscard]] std::size_t encodedSize(const Suback &packet, Version version) noexcept;
/// Writes the packet. 3.x SUBACK knows one failure: every code from 0x80 on is written as 0x80.
bool encode(Writer &out, const Suback &packet, Version version) noexcept;

} // namespace fairlead::mqtt
