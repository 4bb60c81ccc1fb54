// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QtGlobal>

#include <fairlead/bytes.h>
#include <fairlead/export.h>

namespace fairlead {

/// The properties that travel with a message, whatever protocol brought it.
/// The numbers and encodings are those of MQTT 5.0, 2.2.2, so that a block passes from one MQTT 5
/// link to another as it is. Expiry, topic alias and subscription identifiers are not in it: they
/// belong to a hop. @since 0.1
enum class PropertyId : quint8 {
    PayloadFormat = 0x01, ///< one byte: 0 bytes, 1 UTF-8 text
    ContentType = 0x03, ///< text
    ResponseTopic = 0x08, ///< text
    CorrelationData = 0x09, ///< bytes
    UserProperty = 0x26, ///< two texts: name and value; may repeat, the order is kept
};

/// One entry of a property block; the spans point into the block.
struct Property
{
    PropertyId id = PropertyId::UserProperty;
    ByteSpan name; ///< of a user property, else empty
    ByteSpan value; ///< of PayloadFormat: its one byte
};

/// Reads a property block from front to back. Thread: any, one reader each. Errors: a malformed
/// block ends the reading and isValid() turns false. @since 0.1
class FAIRLEAD_SDK_EXPORT PropertyReader
{
public:
    explicit PropertyReader(ByteSpan block) noexcept
        : m_rest(block)
    { }

    /// The next entry into @p out; false at the end.
    bool next(Property *out) noexcept;

    bool isValid() const noexcept { return m_valid; }

private:
    ByteSpan m_rest;
    bool m_valid = true;
};

/// Builds a property block. Refused, with false: values longer than 65535 bytes, text that is not
/// well-formed UTF-8, a payload format other than 0 and 1, a response topic that is no topic name,
/// and a second entry of an identifier that does not repeat. @since 0.1
class FAIRLEAD_SDK_EXPORT PropertyWriter
{
public:
    /// @p id is not UserProperty.
    bool append(PropertyId id, ByteSpan value);
    bool appendUserProperty(ByteSpan name, ByteSpan value);

    ByteSpan block() const noexcept { return {m_block.constData(), std::size_t(m_block.size())}; }

private:
    QByteArray m_block;
};

} // namespace fairlead
