// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/types.h"

namespace fairlead::mqtt {

/// Whether @p text is a string MQTT allows: well-formed UTF-8 without overlong forms, surrogates and
/// U+0000. Non-characters, control characters and the byte order mark are let through.
[[nodiscard]] bool isValidUtf8(Bytes text) noexcept;

enum class TopicCheck : std::uint8_t {
    Ok,
    Empty,
    TooLong, ///< more than 65 535 octets
    BadUtf8,
    BadWildcard, ///< a wildcard in a topic name, or a misplaced one in a filter
    BadShare ///< begins with "$share/" and has no name, a wildcard in the name, or no filter
};

/// One pass over a topic name as PUBLISH, will and response topic carry it.
[[nodiscard]] TopicCheck checkTopicName(Bytes topic) noexcept;

/// A topic filter, without looking for a shared subscription.
[[nodiscard]] TopicCheck checkTopicFilter(Bytes filter) noexcept;

/// A filter as SUBSCRIBE names it, taken apart.
struct SharedFilter
{
    TopicCheck check = TopicCheck::Ok;
    bool shared = false; ///< begins with "$share/"
    Bytes shareName; ///< empty unless shared
    Bytes filter; ///< the filter proper: what is to be matched
};

/// Splits "$share/<name>/<filter>"; any other filter comes back whole. The filter proper is checked.
[[nodiscard]] SharedFilter parseSharedFilter(Bytes filter) noexcept;

[[nodiscard]] constexpr bool isShared(Bytes filter) noexcept
{
    return filter.starts_with("$share/");
}

[[nodiscard]] constexpr bool hasWildcard(Bytes filter) noexcept
{
    return filter.find_first_of("+#") != Bytes::npos;
}

/// Whether the valid @p filter matches the valid @p topic; "$..." topics do not match a filter that
/// begins with a wildcard. For a few filters, as in a client: a broker wants an index.
[[nodiscard]] bool matches(Bytes filter, Bytes topic) noexcept;

} // namespace fairlead::mqtt
