// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/replayring.h"

#include <fairlead/position.h>
#include <fairlead/result.h>
#include <fairlead/topic.h>

#include <optional>

namespace fairlead::core {

/// From where on a subscriber wants history.
struct ReplayFrom
{
    enum class Kind : quint8 {
        Sequence, ///< what came after it; 0: from the beginning
        Position, ///< as Sequence, and it must be of the epoch that it names
        Last, ///< so many messages of those that the filter selects
        Age, ///< what came within that time
    };
    Kind kind = Kind::Sequence;
    quint32 epoch = 0; ///< of a Position
    quint64 number = 0; ///< sequence or count
    qint64 ageNs = 0;

    bool operator==(const ReplayFrom &) const = default;
};

/// Reads `<sequence>`, `<epoch>:<sequence>`, `-<count>` or a duration as in parseDuration().
/// Errors: InvalidArgument.
Result<ReplayFrom> parseReplayFrom(ByteSpan text);

/// What a filter begins with that asks for history.
inline constexpr ByteSpan kReplayPrefix = "$replay/";

/// A subscription that begins with history.
struct ReplayRequest
{
    ReplayFrom from;
    TopicFilter filter; ///< what is subscribed to once the history is read
};

/// What a subscription to @p filter asks for: `$replay/<from>/<filter>`, or @p replayFrom beside an
/// ordinary filter; where both are given, the filter's own counts. Empty: no history.
/// Errors: InvalidArgument; shared filters and topics that start with `$` have no history.
Result<std::optional<ReplayRequest>> parseReplayRequest(ByteSpan filter, ByteSpan replayFrom);

/// What is known of a stream when a subscriber comes.
struct ReplayHistory
{
    quint32 epoch = 0; ///< of this run
    quint64 earlierUpTo = 0; ///< sequences up to here belong to earlier epochs; 0: there were none
    ReplayExtent extent;
    /// The stream is durable: extent.lostUpTo counts earlier epochs too, so that nothing after it is
    /// missing whatever its epoch.
    bool spansEpochs = false;
    bool hasPosition
        = true; ///< the position of an earlier epoch that is asked for is one of its log
    /// Messages that came up to here may be missing, though those that are there are told.
    quint64 unprovenUpTo = 0;
};

/// What a subscriber asked for and will never get, as far as anyone knows.
struct ReplayGap
{
    Position requested; ///< the last it says it has; its epoch is this run's when it named none
    quint64 oldest = 0; ///< the first that there is; 0: nothing is there
    quint64 first = 0; ///< what is missing lies from here ...
    quint64 last = 0; ///< ... to here; both 0: nobody can tell

    bool operator==(const ReplayGap &) const = default;
};

/// Where a replay starts.
struct ReplayStart
{
    enum class How : quint8 {
        After, ///< at the first after sequence number
        Last, ///< at the last number messages: ReplayRing::seekLast()
        Age, ///< at the first that is not older than ageNs: ReplayRing::seekTime()
    };
    How how = How::After;
    quint64 number = 0;
    qint64 ageNs = 0;
    std::optional<ReplayGap> gap; ///< to be told before anything else
};

/// Where @p from leads in @p history. Who asks for the last messages or for a time has no place of
/// his own yet, and so no gap.
ReplayStart resolveReplay(const ReplayFrom &from, const ReplayHistory &history) noexcept;

} // namespace fairlead::core
