// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/replayring.h"
#include "core/distributor/subscriber.h"
#include "core/store/ticket.h"

#include <fairlead/message.h>

#include <limits>
#include <optional>
#include <vector>

namespace fairlead::core {

/// How a subscription gets what came before it.
struct WalkTerms
{
    SubscriptionOptions options;
    Matched by;
    bool isRetained = false; ///< retained messages, not history
};

/// Messages that were read and not given yet.
struct WalkPage
{
    std::vector<Message> messages;
    std::size_t next = 0;
    quint32 firstCopy = 0; ///< for a durable session
    Ticket ticket = 0; ///< of its QoS 2 messages
    Ticket shown = 0; ///< nothing of it is given before this is decided; see ReplayPage

    bool isDone() const noexcept { return next == messages.size(); }
};

/// The history that one subscription asked for, on its way to the session's link.
struct ReplayWalk
{
    ReplayCursor cursor;
    WalkTerms terms;
    WalkPage page;
    std::optional<ReplaySeek> seek; ///< set: its start is still looked for
    int stream = 0;
    bool more = true;
    bool wantsRetained = false; ///< also those from before its start

    /// Whether the subscription is in the index, so that the history has an end.
    bool isLive() const noexcept { return cursor.before != std::numeric_limits<quint64>::max(); }

    void setLiveFrom(quint64 sequence) noexcept
    {
        cursor.before = sequence;
        more = true;
    }
};

} // namespace fairlead::core
