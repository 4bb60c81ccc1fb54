// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/filtercover.h"

#include <algorithm>

namespace fairlead::core {

namespace {

/// Takes the next level off @p rest; at the end @p rest has no data.
ByteSpan takeLevel(ByteSpan *rest) noexcept
{
    const std::size_t end = std::min(rest->find('/'), rest->size());
    const ByteSpan level = rest->substr(0, end);
    *rest = end < rest->size() ? rest->substr(end + 1) : ByteSpan();
    return level;
}

bool isDone(ByteSpan rest) noexcept
{
    return rest.data() == nullptr;
}

} // namespace

bool filterCovers(ByteSpan wide, ByteSpan narrow) noexcept
{
    if (wide.empty() || narrow.empty())
        return false;
    // Wildcards do not reach the topics that start with `$`.
    if (narrow.front() == '$' && (wide.front() == '+' || wide.front() == '#'))
        return false;
    // Every topic has a first level, so both select everything.
    if (narrow == "#" && wide == "+/#")
        return true;
    for (;;) {
        const ByteSpan level = takeLevel(&wide);
        if (level == "#")
            return true;
        const ByteSpan other = takeLevel(&narrow);
        if (other == "#" || (level != "+" && level != other))
            return false;
        if (isDone(narrow))
            return isDone(wide) || wide == "#"; // `#` includes the parent level
        if (isDone(wide))
            return false;
    }
}

bool filtersOverlap(ByteSpan one, ByteSpan other) noexcept
{
    const auto isWild = [](ByteSpan level) { return level == "+" || level == "#"; };
    if (one.empty() || other.empty())
        return false;
    // Wildcards do not reach the topics that start with `$`.
    if ((one.front() == '$' && isWild(other.substr(0, 1)))
        || (other.front() == '$' && isWild(one.substr(0, 1)))) {
        return false;
    }
    for (;;) {
        const ByteSpan level = takeLevel(&one);
        const ByteSpan its = takeLevel(&other);
        if (level == "#" || its == "#")
            return true;
        if (level != its && level != "+" && its != "+")
            return false;
        if (isDone(one) || isDone(other)) {
            // `#` includes the parent level
            return (isDone(one) && isDone(other)) || one == "#" || other == "#";
        }
    }
}

} // namespace fairlead::core
