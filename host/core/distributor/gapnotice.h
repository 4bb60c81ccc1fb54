// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/replayposition.h"

#include <QByteArray>

#include <fairlead/message.h>
#include <fairlead/position.h>

#include <vector>

namespace fairlead::core {

/// Why a subscriber does not get what it asked for.
enum class LossReason : quint8 {
    QueueFull, ///< its queue was full and its policy chose this message
    Replaced, ///< latest-per-topic: a later one of the same topic took its place
    ReplayGap, ///< history that is not kept any more
    StoreLost, ///< the store could not be read
    Various, ///< more kinds than are told apart at once
};

/// The name as notices and metrics have it.
const char *lossName(LossReason reason) noexcept;

/// The topic of notices of loss.
inline constexpr ByteSpan kGapTopic = "$notice/gap";

/// Messages of one filter that were lost for one reason.
struct LossRange
{
    QByteArray filter;
    LossReason reason = LossReason::QueueFull;
    quint32 epoch = 0; ///< of last
    quint64 first = 0; ///< sequences; both 0: unknown
    quint64 last = 0;
    quint64 count = 0; ///< 0: unknown
    Position requested; ///< of a ReplayGap, if the subscriber named a place
    quint64 oldest = 0; ///< of a ReplayGap: the first that is left; 0: none

    bool operator==(const LossRange &) const = default;
};

/// @p range as the message that tells the subscriber, with a JSON object as payload.
Message makeGapNotice(const LossRange &range, quint8 qos);

/// What one session lost and was not told yet. Losses of the same filter and reason become one range,
/// which counts each of them; where there are more kinds than kMost, the rest share a range of all
/// filters, so that the counts add up whatever happens.
///
/// Thread: the session's. Order: the ranges come out as they began.
class LossLedger
{
public:
    static constexpr std::size_t kMost = 16;

    /// @p count messages of @p filter are lost, up to the one at @p last.
    void note(ByteSpan filter, LossReason reason, Position last, quint64 count = 1);
    /// A replay begins after what it was asked for.
    void noteGap(ByteSpan filter, const ReplayGap &gap, quint32 epoch);
    /// A replay was overtaken: messages from @p first to @p last went before they were read.
    void noteOvertaken(ByteSpan filter, quint64 first, quint64 last, quint32 epoch);
    /// Puts back what was taken or stored.
    void add(const LossRange &range);

    /// Whether a notice goes before the next message.
    bool hasDue() const noexcept { return !m_ranges.empty(); }

    /// The next notice; only if hasDue().
    Message takeNotice(quint8 qos);

    /// What is due, to be stored.
    const std::vector<LossRange> &ranges() const noexcept { return m_ranges; }

    /// Everything that was ever noted by count.
    quint64 total() const noexcept { return m_total; }

    void clear() { m_ranges.clear(); }

private:
    LossRange &rangeFor(ByteSpan filter, LossReason reason);

    std::vector<LossRange> m_ranges;
    std::size_t m_latest = 0; ///< where to look first: losses come in runs of one kind
    quint64 m_total = 0;
};

} // namespace fairlead::core
