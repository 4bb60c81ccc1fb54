// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/properties.h"

namespace fairlead::mqtt {

/// Stands in for a Writer where only the size is wanted.
class Sizer
{
public:
    [[nodiscard]] bool failed() const noexcept { return m_failed; }

    [[nodiscard]] std::size_t size() const noexcept { return m_size; }

    [[nodiscard]] static std::size_t room() noexcept { return kMaxPacketSize; }

    void fail() noexcept { m_failed = true; }

    void u8(std::uint8_t) noexcept { m_size += 1; }

    void u16(std::uint16_t) noexcept { m_size += 2; }

    void u32(std::uint32_t) noexcept { m_size += 4; }

    void varint(std::uint32_t value) noexcept
    {
        m_failed = m_failed || value > kMaxRemainingLength;
        m_size += varintSize(value);
    }

    void raw(Bytes value) noexcept { m_size += value.size(); }

    void string(Bytes value) noexcept
    {
        m_failed = m_failed || value.size() > kMaxStringSize;
        m_size += value.size() + 2;
    }

private:
    std::size_t m_size = 0;
    bool m_failed = false;
};

template <typename Sink>
void putProperty(Sink &out, PropertyId id, std::uint32_t number) noexcept
{
    std::size_t width = 1;
    std::uint32_t limit = kMaxRemainingLength;
    switch (typeOf(id)) {
    case PropertyType::Byte:
        limit = 0xFF;
        break;
    case PropertyType::TwoByte:
        limit = 0xFFFF;
        width = 2;
        break;
    case PropertyType::FourByte:
        limit = 0xFFFF'FFFF;
        width = 4;
        break;
    case PropertyType::Varint:
        width = varintSize(number);
        break;
    default:
        out.fail();
        return;
    }
    if (number > limit || out.room() < width + 1) {
        out.fail();
        return;
    }
    out.u8(static_cast<std::uint8_t>(id));
    switch (typeOf(id)) {
    case PropertyType::Byte:
        out.u8(static_cast<std::uint8_t>(number));
        break;
    case PropertyType::TwoByte:
        out.u16(static_cast<std::uint16_t>(number));
        break;
    case PropertyType::FourByte:
        out.u32(number);
        break;
    default:
        out.varint(number);
        break;
    }
}

template <typename Sink>
void putProperty(Sink &out, PropertyId id, Bytes value) noexcept
{
    if (value.size() > kMaxStringSize || out.room() < value.size() + 3) {
        out.fail();
        return;
    }
    out.u8(static_cast<std::uint8_t>(id));
    out.string(value);
}

template <typename Sink, typename Value>
void putProperty(Sink &out, PropertyId id, const std::optional<Value> &value) noexcept
{
    if (value) {
        putProperty(out, id, *value);
    }
}

/// A number that is left out where it says no more than its absence.
template <typename Sink>
void putUnlessDefault(Sink &out, PropertyId id, std::uint32_t number, std::uint32_t absent) noexcept
{
    if (number != absent) {
        putProperty(out, id, number);
    }
}

/// The properties of @p block whose ids are in @p ids, octet for octet and in order.
template <typename Sink>
void putSelected(Sink &out, const PropertyBlock &block, PropertyMask ids) noexcept
{
    if (block.hasOnly(ids)) {
        out.raw(block.raw());
        return;
    }
    for (const Property &property : block) {
        if ((maskOf(property.id) & ids) != 0) {
            out.raw(property.raw);
        }
    }
}

template <typename Sink>
void putUserProperties(Sink &out, const PropertyBlock &block) noexcept
{
    putSelected(out, block, maskOf(PropertyId::UserProperty));
}

/// A property block with its length, which is measured by writing the block twice.
template <typename Sink, typename Content>
void putPropertyBlock(Sink &out, const Content &content) noexcept
{
    Sizer sizer;
    content(sizer);
    if (sizer.failed() || sizer.size() > kMaxRemainingLength) {
        out.fail();
        return;
    }
    out.varint(static_cast<std::uint32_t>(sizer.size()));
    content(out);
}

/// The size of a packet whose body @p body puts into any sink; 0 when it cannot be expressed.
template <typename Body>
[[nodiscard]] std::size_t packetSize(const Body &body) noexcept
{
    Sizer sizer;
    body(sizer);
    if (sizer.failed() || sizer.size() > kMaxRemainingLength) {
        return 0;
    }
    return 1 + varintSize(static_cast<std::uint32_t>(sizer.size())) + sizer.size();
}

/// Writes a whole packet, or nothing.
template <typename Body>
bool putPacket(Writer &out, PacketType type, std::uint8_t flags, const Body &body) noexcept
{
    Sizer sizer;
    body(sizer);
    if (sizer.failed() || sizer.size() > kMaxRemainingLength) {
        out.fail();
        return false;
    }
    const auto remaining = static_cast<std::uint32_t>(sizer.size());
    if (out.room() < 1 + varintSize(remaining) + remaining) {
        out.fail();
        return false;
    }
    out.u8(static_cast<std::uint8_t>((static_cast<unsigned>(type) << 4) | flags));
    out.varint(remaining);
    body(out);
    return !out.failed();
}

} // namespace fairlead::mqtt
