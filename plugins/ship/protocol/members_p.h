// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/decodeerror.h"
#include "protocol/jsontext.h"

#include <limits>
#include <optional>

namespace fairlead::ship {

/// One member that an element may have.
struct Member
{
    Bytes name;
    JsonValue value; ///< null while it was not found

    [[nodiscard]] bool isPresent() const noexcept { return !value.isNull(); }
};

[[nodiscard]] constexpr DecodeError missingMember(const char *text) noexcept
{
    return {DecodeErrorKind::MissingMember, text};
}

[[nodiscard]] constexpr DecodeError badValue(const char *text) noexcept
{
    return {DecodeErrorKind::BadValue, text};
}

/// Finds an element's members: in the elements of an array, as EEBUS writes them, or in one object.
/// Others are passed over.
template <std::size_t Count>
[[nodiscard]] DecodeError collect(const JsonValue &element, Member (&members)[Count])
{
    const auto take = [&members](const JsonValue &found) {
        for (Member &member : members) {
            if (!hasKey(found, member.name))
                continue;
            if (member.isPresent())
                return false;
            member.value = found;
        }
        return true;
    };
    const auto takeAll = [&take](const JsonValue &object) {
        for (const JsonValue &found : object) {
            if (!take(found))
                return DecodeError{DecodeErrorKind::DuplicateMember, "a member is there twice"};
        }
        return DecodeError();
    };
    if (element.isObject())
        return takeAll(element);
    if (!element.isArray())
        return {DecodeErrorKind::BadShape, "an element is not a list of members"};
    for (const JsonValue &part : element) {
        if (!part.isObject())
            return {DecodeErrorKind::BadShape, "an element holds something that is no member"};
        if (const DecodeError error = takeAll(part))
            return error;
    }
    return {};
}

[[nodiscard]] inline std::optional<QByteArray> textOf(const JsonValue &value)
{
    if (value.kind() != JsonKind::String)
        return std::nullopt;
    return stringOf(value);
}

[[nodiscard]] inline std::optional<bool> boolOf(const JsonValue &value) noexcept
{
    if (value.kind() == JsonKind::True)
        return true;
    if (value.kind() == JsonKind::False)
        return false;
    return std::nullopt;
}

/// A whole number in digits, no sign, fraction or exponent.
template <typename T>
[[nodiscard]] std::optional<T> numberOf(const JsonValue &value) noexcept
{
    if (value.kind() != JsonKind::Number)
        return std::nullopt;
    quint64 number = 0;
    for (const char c : value.text()) {
        if (c < '0' || c > '9')
            return std::nullopt;
        number = number * 10 + static_cast<quint64>(c - '0');
        if (number > std::numeric_limits<T>::max())
            return std::nullopt;
    }
    return static_cast<T>(number);
}

} // namespace fairlead::ship
