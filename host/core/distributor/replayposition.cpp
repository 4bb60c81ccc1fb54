// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/replayposition.h"

#include <fairlead/duration.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace fairlead::core {

namespace {

Error replayError(const QString &text, ByteSpan shown)
{
    Error error(ErrorCode::InvalidArgument, text);
    constexpr std::size_t kShown = 256;
    const ByteSpan start = shown.substr(0, kShown);
    error.setDetail(QStringLiteral("replay"),
                    QString::fromUtf8(start.data(), qsizetype(start.size())));
    return error;
}

bool isNumber(ByteSpan text) noexcept
{
    return !text.empty()
        && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// False when it is none, or none that fits.
template <typename Number>
bool readNumber(ByteSpan text, Number *out) noexcept
{
    if (!isNumber(text))
        return false;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
    return error == std::errc() && end == text.data() + text.size();
}

} // namespace

Result<ReplayFrom> parseReplayFrom(ByteSpan text)
{
    ReplayFrom from;
    if (isNumber(text)) {
        if (!readNumber(text, &from.number))
            return replayError(QStringLiteral("no sequence is as large as that"), text);
        return from;
    }
    if (const std::size_t colon = text.find(':'); colon != ByteSpan::npos) {
        from.kind = ReplayFrom::Kind::Position;
        if (!readNumber(text.substr(0, colon), &from.epoch)
            || !readNumber(text.substr(colon + 1), &from.number)) {
            return replayError(QStringLiteral("a position is <epoch>:<sequence>"), text);
        }
        return from;
    }
    if (text.starts_with('-') && isNumber(text.substr(1))) {
        from.kind = ReplayFrom::Kind::Last;
        // More than any history holds is all of it.
        if (!readNumber(text.substr(1), &from.number))
            from.number = std::numeric_limits<quint64>::max();
        return from;
    }
    const std::optional<qint64> age = parseDuration(text);
    if (!age) {
        return replayError(
            QStringLiteral("history starts at a <sequence>, an <epoch>:<sequence>, the last "
                           "messages as -<count>, or a time ago as 30s, 5m, 2h or 1d"),
            text);
    }
    from.kind = ReplayFrom::Kind::Age;
    from.ageNs = *age;
    return from;
}

Result<std::optional<ReplayRequest>> parseReplayRequest(ByteSpan filter, ByteSpan replayFrom)
{
    const ByteSpan whole = filter;
    if (filter.starts_with(kReplayPrefix)) {
        const std::size_t end = filter.find('/', kReplayPrefix.size());
        if (end == ByteSpan::npos) {
            return replayError(QStringLiteral("a filter with history is $replay/<from>/<filter>"),
                               whole);
        }
        replayFrom = filter.substr(kReplayPrefix.size(), end - kReplayPrefix.size());
        filter = filter.substr(end + 1);
        if (replayFrom.empty())
            return replayError(QStringLiteral("$replay/ is followed by where to start"), whole);
    }
    const Result<TopicFilter> parsed = TopicFilter::parse(filter);
    if (!parsed)
        return parsed.error();
    if (parsed->pattern().starts_with(kReplayPrefix)) {
        return replayError(
            QStringLiteral("$replay/ comes first, once, and not in a shared subscription"), whole);
    }
    if (replayFrom.empty())
        return std::optional<ReplayRequest>();
    if (parsed->isShared()) {
        return replayError(QStringLiteral("a shared subscription has no history of its own"),
                           whole);
    }
    if (parsed->pattern().starts_with('$')) {
        return replayError(QStringLiteral("topics that start with $ have no history"), whole);
    }
    const Result<ReplayFrom> from = parseReplayFrom(replayFrom);
    if (!from)
        return from.error();
    return std::optional(ReplayRequest{*from, *parsed});
}

ReplayStart resolveReplay(const ReplayFrom &from, const ReplayHistory &history) noexcept
{
    ReplayStart start;
    switch (from.kind) {
    case ReplayFrom::Kind::Last:
        start.how = ReplayStart::How::Last;
        start.number = from.number;
        return start;
    case ReplayFrom::Kind::Age:
        start.how = ReplayStart::How::Age;
        start.ageNs = from.ageNs;
        return start;
    default:
        break;
    }
    const ReplayExtent &extent = history.extent;
    const quint64 lostUpTo
        = history.spansEpochs ? extent.lostUpTo : std::max(extent.lostUpTo, history.earlierUpTo);
    const bool named = from.kind == ReplayFrom::Kind::Position && from.epoch != history.epoch;
    const bool proven = !named
        || (history.spansEpochs && history.hasPosition && from.epoch < history.epoch
            && from.number <= history.earlierUpTo);
    // Where the place is unknown here, everything that is here may be new to the subscriber.
    start.number
        = proven ? std::clamp(from.number, lostUpTo, std::max(extent.newest, lostUpTo)) : lostUpTo;
    const quint64 missingUpTo = std::max(lostUpTo, history.unprovenUpTo);
    if (proven && from.number >= missingUpTo)
        return start;
    ReplayGap gap;
    gap.requested = {named ? from.epoch : history.epoch, from.number};
    gap.oldest = extent.oldest;
    if (from.number < missingUpTo) {
        gap.first = from.number + 1;
        gap.last = missingUpTo;
    }
    start.gap = gap;
    return start;
}

} // namespace fairlead::core
