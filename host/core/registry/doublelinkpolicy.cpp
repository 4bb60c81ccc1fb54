// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "doublelinkpolicy.h"

#include <algorithm>
#include <optional>

namespace fairlead::core {

namespace {

constexpr DoubleLinkDecision kKeepCandidate = {DoubleLinkVerdict::KeepCandidate, 0, false};
constexpr DoubleLinkDecision kKeepPresent = {DoubleLinkVerdict::KeepPresent, 0, false};

/// A link that is dead or draining gives way without a further question.
std::optional<DoubleLinkDecision> decideByLife(const DoubleLinkCase &links) noexcept
{
    if (!links.candidate.live)
        return kKeepPresent;
    if (!links.present.live || links.present.phase == Link::State::Draining)
        return kKeepCandidate;
    return std::nullopt;
}

bool isCandidateNewer(const DoubleLinkCase &links) noexcept
{
    if (links.candidate.ageNs != links.present.ageNs)
        return links.candidate.ageNs < links.present.ageNs;
    return links.candidate.generation > links.present.generation;
}

DoubleLinkDecision keepNewer(const DoubleLinkCase &links) noexcept
{
    return isCandidateNewer(links) ? kKeepCandidate : kKeepPresent;
}

} // namespace

DoubleLinkDecision newestWins(const DoubleLinkCase &) noexcept
{
    return kKeepCandidate;
}

DoubleLinkDecision rejectNew(const DoubleLinkCase &links) noexcept
{
    return decideByLife(links).value_or(kKeepPresent);
}

DoubleLinkDecision biggerIdInitiator(const DoubleLinkCase &links) noexcept
{
    if (const auto decision = decideByLife(links))
        return *decision;
    if (links.ownId == links.peerId)
        return kKeepPresent; // ourselves
    if (links.candidate.direction == links.present.direction)
        return keepNewer(links);
    const Link::Direction kept
        = links.ownId > links.peerId ? Link::Direction::Dialled : Link::Direction::Accepted;
    return links.candidate.direction == kept ? kKeepCandidate : kKeepPresent;
}

DoubleLinkDecision specRecency(const DoubleLinkCase &links, const RecencyTimes &times) noexcept
{
    if (const auto decision = decideByLife(links))
        return *decision;
    if (links.ownId == links.peerId)
        return kKeepPresent; // ourselves
    // The peer restarted, and its earlier connection is half open.
    if (links.candidate.direction == links.present.direction)
        return keepNewer(links);

    const qint64 since = std::max<qint64>(0, std::min(links.candidate.ageNs, links.present.ageNs));
    if (links.ownId > links.peerId) {
        if (since < times.graceNs)
            return {DoubleLinkVerdict::Wait, times.graceNs - since, false};
        return keepNewer(links);
    }
    if (since < times.probeNs)
        return {DoubleLinkVerdict::Wait, times.probeNs - since, true};
    if (since < times.settleNs)
        return {DoubleLinkVerdict::Wait, times.settleNs - since, true};
    return keepNewer(links);
}

} // namespace fairlead::core
