// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>

#include <fairlead/bytes.h>
#include <fairlead/export.h>
#include <fairlead/result.h>

namespace fairlead {

/// The longest topic name or filter, in bytes.
inline constexpr std::size_t kMaxTopicBytes = 65535;

/// Whether @p topic may name a message: well-formed UTF-8, 1 to kMaxTopicBytes bytes, no U+0000,
/// no wildcard. Source: MQTT 5.0, 4.7.
FAIRLEAD_SDK_EXPORT bool isValidTopicName(ByteSpan topic) noexcept;

/// Whether @p filter may select messages; `+` fills a level, `#` is last. The `$share/` form is
/// judged by TopicFilter. Source: MQTT 5.0, 4.7.1.
FAIRLEAD_SDK_EXPORT bool isValidTopicFilter(ByteSpan filter) noexcept;

/// Whether @p filter selects @p topic; both must be valid. A filter that starts with a wildcard
/// does not select topics that start with `$`. Source: MQTT 5.0, 4.7.
FAIRLEAD_SDK_EXPORT bool topicMatches(ByteSpan filter, ByteSpan topic) noexcept;

/// A validated topic name. Thread: a value, implicitly shared. @since 0.1
class FAIRLEAD_SDK_EXPORT TopicName
{
public:
    TopicName() = default;
    static Result<TopicName> parse(ByteSpan text);

    ByteSpan bytes() const noexcept { return {m_text.constData(), std::size_t(m_text.size())}; }

    bool isEmpty() const noexcept { return m_text.isEmpty(); }

    friend bool operator==(const TopicName &a, const TopicName &b) { return a.m_text == b.m_text; }

private:
    QByteArray m_text;
};

/// A validated topic filter, with the name of its shared group when it has the form
/// `$share/<group>/<filter>`. Thread: a value, implicitly shared. Source: MQTT 5.0, 4.7 and 4.8.2.
/// @since 0.1
class FAIRLEAD_SDK_EXPORT TopicFilter
{
public:
    TopicFilter() = default;
    static Result<TopicFilter> parse(ByteSpan text);

    /// The whole text, group included.
    ByteSpan bytes() const noexcept { return {m_text.constData(), std::size_t(m_text.size())}; }

    /// The part that selects topics.
    ByteSpan pattern() const noexcept { return bytes().substr(m_patternOffset); }

    /// The shared group; empty when the filter is not shared.
    ByteSpan group() const noexcept;

    bool isShared() const noexcept { return m_patternOffset != 0; }

    bool hasWildcard() const noexcept;

    bool matches(ByteSpan topic) const noexcept { return topicMatches(pattern(), topic); }

    friend bool operator==(const TopicFilter &a, const TopicFilter &b)
    {
        return a.m_text == b.m_text;
    }

private:
    QByteArray m_text;
    quint32 m_patternOffset = 0;
};

} // namespace fairlead
