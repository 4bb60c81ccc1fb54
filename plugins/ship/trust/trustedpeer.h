// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/ski.h"

#include <optional>

namespace fairlead::ship {

/// How a peer became trusted. The values are written to the store.
enum class TrustSource : quint8 {
    Configuration, ///< in the store it tells only who the peer said it is
    AutoAccept,
    Verified, ///< a user saw the SKI and said yes
    Entered ///< a user typed or scanned the SKI
};

inline constexpr int kTrustSourceCount = 4;

/// "configuration", "auto-accept", "verified", "entered".
[[nodiscard]] const char *toText(TrustSource source) noexcept;

/// The specification's trust level: 8 and more may communicate, 32 and more commission others.
[[nodiscard]] quint8 trustLevel(TrustSource source) noexcept;

/// What a peer says of itself, in mDNS and in its access methods: for people, proven by nothing.
struct PeerClaims
{
    QByteArray shipId;
    QByteArray brand;
    QByteArray model;
    QByteArray type;
    QByteArray path = {}; ///< of its WebSocket, as it was last announced
    QByteArray places = {}; ///< where it was last announced to be, as placesText() writes them
};

/// A peer that may connect, as it is kept.
struct TrustedPeer
{
    Ski ski;
    TrustSource source = TrustSource::Verified;
    QByteArray label; ///< given by a user
    PeerClaims claims; ///< the SHIP ID is the one of its first connection, and stays
    qint64 addedUtcMs = 0;
    qint64 seenUtcMs = 0; ///< 0: never
};

/// One JSON object for the store.
[[nodiscard]] QByteArray toRecord(const TrustedPeer &peer);

/// Nothing when the record is damaged. Members that later versions add are passed over.
[[nodiscard]] std::optional<TrustedPeer> fromRecord(Bytes record);

} // namespace fairlead::ship
