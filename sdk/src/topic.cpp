// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "utf8_p.h"

#include <fairlead/topic.h>

#include <algorithm>

namespace fairlead {

namespace {

constexpr ByteSpan kSharePrefix = "$share/";
constexpr ByteSpan kWildcards = "+#";

bool isWithinSize(ByteSpan text) noexcept
{
    return !text.empty() && text.size() <= kMaxTopicBytes;
}

/// Whether each wildcard fills a level of its own and `#` is the last one.
bool hasWildcardsInPlace(ByteSpan filter) noexcept
{
    for (std::size_t at = filter.find_first_of(kWildcards); at != ByteSpan::npos;
         at = filter.find_first_of(kWildcards, at + 1)) {
        if (at > 0 && filter[at - 1] != '/')
            return false;
        const bool isLast = at + 1 == filter.size();
        if (!isLast && (filter[at] == '#' || filter[at + 1] != '/'))
            return false;
    }
    return true;
}

Error topicError(const char *what, ByteSpan text)
{
    Error error(ErrorCode::InvalidArgument, QString::fromLatin1(what));
    constexpr std::size_t kShown = 256;
    const ByteSpan shown = text.substr(0, kShown);
    error.setDetail(QStringLiteral("topic"),
                    QString::fromUtf8(shown.data(), qsizetype(shown.size())));
    return error;
}

} // namespace

bool isValidTopicName(ByteSpan topic) noexcept
{
    return isWithinSize(topic) && topic.find_first_of(kWildcards) == ByteSpan::npos
        && isPlainUtf8(topic);
}

bool isValidTopicFilter(ByteSpan filter) noexcept
{
    return isWithinSize(filter) && hasWildcardsInPlace(filter) && isPlainUtf8(filter);
}

bool topicMatches(ByteSpan filter, ByteSpan topic) noexcept
{
    if (filter.empty() || topic.empty())
        return false;
    if (topic.front() == '$' && (filter.front() == '+' || filter.front() == '#'))
        return false;

    std::size_t f = 0;
    std::size_t t = 0;
    for (;;) {
        const std::size_t filterEnd = std::min(filter.find('/', f), filter.size());
        const std::size_t topicEnd = std::min(topic.find('/', t), topic.size());
        const ByteSpan level = filter.substr(f, filterEnd - f);
        if (level == "#")
            return true;
        if (level != "+" && level != topic.substr(t, topicEnd - t))
            return false;

        const bool filterDone = filterEnd == filter.size();
        const bool topicDone = topicEnd == topic.size();
        if (topicDone)
            return filterDone || filter.substr(filterEnd) == "/#"; // `#` includes the parent level
        if (filterDone)
            return false;
        f = filterEnd + 1;
        t = topicEnd + 1;
    }
}

Result<TopicName> TopicName::parse(ByteSpan text)
{
    if (!isValidTopicName(text))
        return topicError("not a valid topic name", text);
    TopicName name;
    name.m_text = QByteArray(text.data(), qsizetype(text.size()));
    return name;
}

Result<TopicFilter> TopicFilter::parse(ByteSpan text)
{
    if (!isWithinSize(text))
        return topicError("a topic filter has 1 to 65535 bytes", text);

    std::size_t patternOffset = 0;
    if (text.substr(0, kSharePrefix.size()) == kSharePrefix) {
        const std::size_t groupEnd = text.find('/', kSharePrefix.size());
        if (groupEnd == ByteSpan::npos)
            return topicError("a shared filter has the form $share/<group>/<filter>", text);
        const ByteSpan group = text.substr(kSharePrefix.size(), groupEnd - kSharePrefix.size());
        if (group.empty() || group.find_first_of(kWildcards) != ByteSpan::npos
            || !isPlainUtf8(group))
            return topicError("not a valid group name in a shared filter", text);
        patternOffset = groupEnd + 1;
    }
    if (!isValidTopicFilter(text.substr(patternOffset)))
        return topicError("not a valid topic filter", text);

    TopicFilter filter;
    filter.m_text = QByteArray(text.data(), qsizetype(text.size()));
    filter.m_patternOffset = quint32(patternOffset);
    return filter;
}

ByteSpan TopicFilter::group() const noexcept
{
    if (!isShared())
        return {};
    return bytes().substr(kSharePrefix.size(), m_patternOffset - kSharePrefix.size() - 1);
}

bool TopicFilter::hasWildcard() const noexcept
{
    return pattern().find_first_of(kWildcards) != ByteSpan::npos;
}

} // namespace fairlead
