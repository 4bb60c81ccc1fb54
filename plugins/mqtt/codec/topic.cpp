// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "codec/topic.h"

#include <cstring>

namespace fairlead::mqtt {

namespace {

constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101ULL;
constexpr std::uint64_t kHighs = 0x8080'8080'8080'8080ULL;

std::uint64_t load8(const char *at) noexcept
{
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    return word;
}

/// Non-zero if one of the eight octets is zero.
constexpr std::uint64_t hasZero(std::uint64_t word) noexcept
{
    return (word - kOnes) & ~word & kHighs;
}

/// Non-zero if one of the eight octets is zero or not ASCII.
constexpr std::uint64_t hasNonText(std::uint64_t word) noexcept
{
    return ((word - kOnes) | word) & kHighs;
}

/// Non-zero if one of the eight octets is zero, not ASCII, or a wildcard. '#' and '+' differ in one
/// bit, so one comparison finds both.
constexpr std::uint64_t hasNonTopic(std::uint64_t word) noexcept
{
    static_assert(('#' | 0x08) == '+');
    return hasNonText(word) | hasZero((word | (kOnes * 0x08)) ^ (kOnes * '+'));
}

/// Whether @p special sees nothing in @p text. The last word overlaps the one before; a text shorter
/// than a word is padded with a harmless letter.
template <typename Special>
bool isPlain(Bytes text, Special special) noexcept
{
    const char *at = text.data();
    const std::size_t size = text.size();
    if (size < 8) {
        std::uint64_t word = kOnes * 'a';
        if (size != 0) {
            std::memcpy(&word, at, size);
        }
        return special(word) == 0;
    }
    std::size_t index = 0;
    for (; index + 8 <= size; index += 8) {
        if (special(load8(at + index)) != 0) {
            return false;
        }
    }
    return special(load8(at + size - 8)) == 0;
}

constexpr bool isContinuation(unsigned char octet) noexcept
{
    return (octet & 0xC0U) == 0x80U;
}

/// The length of the multi-octet character at the front of @p text, or 0 if it is ill-formed.
std::size_t characterSize(Bytes text) noexcept
{
    const auto octet = [text](std::size_t index) noexcept {
        return index < text.size() ? static_cast<unsigned char>(text[index])
                                   : static_cast<unsigned char>(0);
    };
    const unsigned char lead = octet(0);
    const unsigned char second = octet(1);
    if (lead < 0xC2) {
        return 0;
    }
    if (lead < 0xE0) {
        return isContinuation(second) ? 2 : 0;
    }
    if (lead < 0xF0) {
        const bool overlong = lead == 0xE0 && second < 0xA0;
        const bool surrogate = lead == 0xED && second >= 0xA0;
        return isContinuation(second) && !overlong && !surrogate && isContinuation(octet(2)) ? 3
                                                                                             : 0;
    }
    if (lead < 0xF5) {
        const bool overlong = lead == 0xF0 && second < 0x90;
        const bool beyond = lead == 0xF4 && second >= 0x90;
        return isContinuation(second) && !overlong && !beyond && isContinuation(octet(2))
                && isContinuation(octet(3))
            ? 4
            : 0;
    }
    return 0;
}

bool isValidMixed(Bytes text) noexcept
{
    while (!text.empty()) {
        if (text.size() >= 8 && hasNonText(load8(text.data())) == 0) {
            text.remove_prefix(8);
            continue;
        }
        const auto lead = static_cast<unsigned char>(text.front());
        if (lead < 0x80) {
            if (lead == 0) {
                return false;
            }
            text.remove_prefix(1);
            continue;
        }
        const std::size_t size = characterSize(text);
        if (size == 0) {
            return false;
        }
        text.remove_prefix(size);
    }
    return true;
}

/// Cuts the first level off @p rest, with its separator; false once nothing is left.
bool nextLevel(Bytes &rest, bool &more, Bytes &level) noexcept
{
    if (!more) {
        return false;
    }
    const std::size_t slash = rest.find('/');
    level = rest.substr(0, slash);
    more = slash != Bytes::npos;
    rest = more ? rest.substr(slash + 1) : Bytes{};
    return true;
}

} // namespace

bool isValidUtf8(Bytes text) noexcept
{
    return isPlain(text, hasNonText) || isValidMixed(text);
}

TopicCheck checkTopicName(Bytes topic) noexcept
{
    if (topic.empty()) {
        return TopicCheck::Empty;
    }
    if (topic.size() > kMaxStringSize) {
        return TopicCheck::TooLong;
    }
    if (isPlain(topic, hasNonTopic)) {
        return TopicCheck::Ok;
    }
    if (!isValidMixed(topic)) {
        return TopicCheck::BadUtf8;
    }
    return hasWildcard(topic) ? TopicCheck::BadWildcard : TopicCheck::Ok;
}

TopicCheck checkTopicFilter(Bytes filter) noexcept
{
    if (filter.empty()) {
        return TopicCheck::Empty;
    }
    if (filter.size() > kMaxStringSize) {
        return TopicCheck::TooLong;
    }
    if (!isValidUtf8(filter)) {
        return TopicCheck::BadUtf8;
    }
    Bytes rest = filter;
    Bytes level;
    bool more = true;
    while (nextLevel(rest, more, level)) {
        if (level.size() > 1 && hasWildcard(level)) {
            return TopicCheck::BadWildcard;
        }
        if (level == "#" && more) {
            return TopicCheck::BadWildcard;
        }
    }
    return TopicCheck::Ok;
}

SharedFilter parseSharedFilter(Bytes filter) noexcept
{
    constexpr Bytes kPrefix = "$share/";
    SharedFilter result;
    if (!isShared(filter)) {
        result.filter = filter;
        result.check = checkTopicFilter(filter);
        return result;
    }
    result.shared = true;
    if (filter.size() > kMaxStringSize) {
        result.check = TopicCheck::TooLong;
        return result;
    }
    if (!isValidUtf8(filter)) {
        result.check = TopicCheck::BadUtf8;
        return result;
    }
    const Bytes rest = filter.substr(kPrefix.size());
    const std::size_t slash = rest.find('/');
    if (slash == Bytes::npos || slash == 0 || slash + 1 == rest.size()
        || hasWildcard(rest.substr(0, slash))) {
        result.check = TopicCheck::BadShare;
        return result;
    }
    result.shareName = rest.substr(0, slash);
    result.filter = rest.substr(slash + 1);
    result.check = checkTopicFilter(result.filter);
    return result;
}

bool matches(Bytes filter, Bytes topic) noexcept
{
    if (filter.empty() || topic.empty()) {
        return false;
    }
    if (topic.front() == '$' && (filter.front() == '+' || filter.front() == '#')) {
        return false;
    }
    Bytes filterLevel;
    Bytes topicLevel;
    bool moreFilter = true;
    bool moreTopic = true;
    while (nextLevel(filter, moreFilter, filterLevel)) {
        if (filterLevel == "#") {
            return true;
        }
        if (!nextLevel(topic, moreTopic, topicLevel)) {
            return false;
        }
        if (filterLevel != "+" && filterLevel != topicLevel) {
            return false;
        }
    }
    return !moreTopic;
}

} // namespace fairlead::mqtt
