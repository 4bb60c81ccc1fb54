// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/error_p.h"
#include "codec/properties.h"
#include "codec/reader_p.h"

namespace fairlead::mqtt {

/// What a packet may carry.
struct PropertyRules
{
    PropertyMask allowed = 0;
    PropertyMask repeatable = maskOf(PropertyId::UserProperty);
    const char *forbiddenText = "a property that this packet must not carry";
};

inline constexpr PropertyMask kAckProperties
    = maskOf(PropertyId::ReasonString, PropertyId::UserProperty);

/// Takes the next property off @p in and checks everything but repetition.
[[nodiscard]] DecodeError readProperty(Reader &in,
                                       PropertyMask allowed,
                                       const char *forbiddenText,
                                       Property &out) noexcept;

/// Takes the property length and the octets it announces off @p in.
[[nodiscard]] DecodeError readPropertyOctets(Reader &in, Bytes &out) noexcept;

/// Takes a whole property block off @p in, validates it, and hands each property to @p assign.
template <typename Assign>
[[nodiscard]] DecodeError readProperties(Reader &in,
                                         const PropertyRules &rules,
                                         PropertyBlock &out,
                                         Assign assign) noexcept
{
    if (in.skipZero()) {
        out = {};
        return {};
    }
    Bytes raw;
    if (const auto error = readPropertyOctets(in, raw)) {
        return error;
    }
    PropertyMask present = 0;
    Reader properties(raw);
    while (!properties.atEnd()) {
        Property property;
        if (const auto error
            = readProperty(properties, rules.allowed, rules.forbiddenText, property)) {
            return error;
        }
        const PropertyMask bit = maskOf(property.id);
        if ((present & bit & ~rules.repeatable) != 0) {
            return protocolError(ErrorKind::DuplicateProperty,
                                 "a property that may stand once is repeated");
        }
        present |= bit;
        assign(property);
    }
    out = PropertyBlock(raw, present);
    return {};
}

} // namespace fairlead::mqtt
