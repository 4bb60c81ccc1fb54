// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/bytes.h>
#include <fairlead/clock.h>
#include <fairlead/link.h>

#include <functional>

namespace fairlead::core {

/// What a policy may know of one of two links to the same peer.
struct LinkFacts
{
    quint64 generation = 0;
    Link::Direction direction = Link::Direction::Accepted;
    Link::State phase = Link::State::New;
    qint64 ageNs = 0; ///< since the peer was known
    bool live = true;
};

/// Two links to one peer.
struct DoubleLinkCase
{
    ByteSpan ownId; ///< compared byte by byte with peerId; one spelling is the caller's duty
    ByteSpan peerId;
    LinkFacts present; ///< holds the slot
    LinkFacts candidate;
};

enum class DoubleLinkVerdict : quint8 {
    KeepCandidate, ///< the present one is evicted
    KeepPresent, ///< the candidate is rejected
    Wait, ///< neither yet: ask again when recheckNs are over
};

struct DoubleLinkDecision
{
    DoubleLinkVerdict verdict = DoubleLinkVerdict::KeepCandidate;
    qint64 recheckNs = 0; ///< with Wait
    bool probe = false; ///< with Wait: ask both peers for a sign of life now
};

/// A pure function (RG-06). The registry calls it without holding its lock.
using DoubleLinkPolicy = std::function<DoubleLinkDecision(const DoubleLinkCase &)>;

/// The candidate wins, always. MQTT: the latest CONNECT of a client identifier.
DoubleLinkDecision newestWins(const DoubleLinkCase &links) noexcept;

/// The present link stays as long as it is alive and not on its way out.
DoubleLinkDecision rejectNew(const DoubleLinkCase &links) noexcept;

/// Legacy rule of SHIP peers: the link that the bigger id dialled stays, seen alike from both ends.
/// Two links of one direction are a peer that came back: the newer one stays.
DoubleLinkDecision biggerIdInitiator(const DoubleLinkCase &links) noexcept;

/// The times of specRecency(), from the moment the younger link was known.
struct RecencyTimes
{
    qint64 graceNs = 1 * kNsPerSecond; ///< bigger id: wait for the peer to close one itself
    /// Smaller id: both are probed at once, and one that was silent until then is dead (RG-08).
    qint64 probeNs = 3 * kNsPerSecond;
    qint64 settleNs = 60 * kNsPerSecond; ///< smaller id: then keep the newer one
};

/// SHIP: the bigger id keeps the most recent link, the smaller one leaves the choice to its peer.
/// Deferred, so that it converges with peers that follow another rule (RG-07).
DoubleLinkDecision specRecency(const DoubleLinkCase &links,
                               const RecencyTimes &times = RecencyTimes()) noexcept;

} // namespace fairlead::core
