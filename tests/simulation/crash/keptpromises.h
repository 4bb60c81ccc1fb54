// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/recovery.h"

#include <fairlead/message.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fairlead::sim {

/// What the retained messages of topics may be, each topic having one publisher.
class RetainedPromise
{
public:
    /// @p payload empty: the topic is cleared. Yields the number of this state of the topic.
    std::size_t publish(const std::string &topic, const std::string &payload);
    /// This state, or a later one, stays.
    void accept(const std::string &topic, std::size_t state);
    /// Empty, or what @p found has of it that it must not.
    std::string check(const std::map<std::string, std::string> &found) const;

private:
    struct Topic
    {
        std::vector<std::string> states = {std::string()};
        std::size_t accepted = 0;
    };

    std::map<std::string, Topic> m_topics;
};

/// What one peer's session is to look like, given what was acknowledged and what was only asked for.
class SubscriptionPromise
{
public:
    using Wanted = std::optional<quint8>; ///< QoS; none: no subscription

    void ask(const std::string &filter, Wanted wanted);
    /// A new session without anything.
    void askAnew();
    /// What was asked for is so.
    void accept();

    bool isAsking() const noexcept { return m_asked || m_anew; }

    /// Of @p recovered the session of @p peerKey; empty, or what is wrong with it.
    std::string check(const core::Recovered &recovered, const std::string &peerKey);

private:
    struct Asked
    {
        std::string filter;
        Wanted wanted;
    };

    bool m_exists = false;
    bool m_anew = false;
    std::optional<Asked> m_asked;
    std::map<std::string, quint8> m_accepted;
};

} // namespace fairlead::sim
