// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "utf8_p.h"

#include <fairlead/properties.h>
#include <fairlead/topic.h>

namespace fairlead {

namespace {

constexpr std::size_t kMaxValueBytes = 65535;

/// Takes a value with a length of two bytes, high byte first, off the front of @p rest.
bool takeSized(ByteSpan *rest, ByteSpan *out) noexcept
{
    if (rest->size() < 2)
        return false;
    const auto high = static_cast<unsigned char>((*rest)[0]);
    const auto low = static_cast<unsigned char>((*rest)[1]);
    const std::size_t size = (std::size_t(high) << 8U) | low;
    if (rest->size() - 2 < size)
        return false;
    *out = rest->substr(2, size);
    rest->remove_prefix(2 + size);
    return true;
}

void appendSized(QByteArray *block, ByteSpan value)
{
    block->append(char(value.size() >> 8U));
    block->append(char(value.size() & 0xFFU));
    block->append(value.data(), qsizetype(value.size()));
}

bool isAcceptable(PropertyId id, ByteSpan value) noexcept
{
    switch (id) {
    case PropertyId::PayloadFormat:
        return value.size() == 1 && (value[0] == 0 || value[0] == 1);
    case PropertyId::ContentType:
        return value.size() <= kMaxValueBytes && isPlainUtf8(value);
    case PropertyId::ResponseTopic:
        return isValidTopicName(value);
    case PropertyId::CorrelationData:
        return value.size() <= kMaxValueBytes;
    case PropertyId::UserProperty:
        break;
    }
    return false;
}

bool contains(ByteSpan block, PropertyId id) noexcept
{
    PropertyReader reader(block);
    Property property;
    while (reader.next(&property)) {
        if (property.id == id)
            return true;
    }
    return false;
}

} // namespace

bool PropertyReader::next(Property *out) noexcept
{
    if (m_rest.empty() || !m_valid)
        return false;

    ByteSpan rest = m_rest.substr(1);
    Property property;
    property.id = PropertyId(static_cast<unsigned char>(m_rest[0]));
    switch (property.id) {
    case PropertyId::PayloadFormat:
        m_valid = !rest.empty();
        if (m_valid) {
            property.value = rest.substr(0, 1);
            rest.remove_prefix(1);
        }
        break;
    case PropertyId::ContentType:
    case PropertyId::ResponseTopic:
    case PropertyId::CorrelationData:
        m_valid = takeSized(&rest, &property.value);
        break;
    case PropertyId::UserProperty:
        m_valid = takeSized(&rest, &property.name) && takeSized(&rest, &property.value);
        break;
    default:
        m_valid = false;
        break;
    }
    if (!m_valid)
        return false;
    m_rest = rest;
    *out = property;
    return true;
}

bool PropertyWriter::append(PropertyId id, ByteSpan value)
{
    if (!isAcceptable(id, value) || contains(block(), id))
        return false;
    m_block.append(char(id));
    if (id == PropertyId::PayloadFormat)
        m_block.append(value.front());
    else
        appendSized(&m_block, value);
    return true;
}

bool PropertyWriter::appendUserProperty(ByteSpan name, ByteSpan value)
{
    if (name.size() > kMaxValueBytes || value.size() > kMaxValueBytes || !isPlainUtf8(name)
        || !isPlainUtf8(value))
        return false;
    m_block.append(char(PropertyId::UserProperty));
    appendSized(&m_block, name);
    appendSized(&m_block, value);
    return true;
}

} // namespace fairlead
