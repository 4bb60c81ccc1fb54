// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/registry/negotiation.h"

#include <algorithm>

namespace fairlead::core {

namespace {

Error checkOffer(const ProtocolOffer &offer, const char *whose)
{
    if (offer.lowest > offer.highest) {
        return {ErrorCode::InvalidArgument,
                QStringLiteral("the %1 range of protocol versions ends before it begins: %2 to %3")
                    .arg(QLatin1String(whose))
                    .arg(offer.lowest)
                    .arg(offer.highest)};
    }
    if ((offer.required & ~offer.capabilities) != 0) {
        return {ErrorCode::InvalidArgument,
                QStringLiteral("the %1 side requires capabilities that it lacks itself")
                    .arg(QLatin1String(whose))};
    }
    return {};
}

Error refusal(const QString &text, const ProtocolOffer &own, const ProtocolOffer &peer)
{
    Error error(ErrorCode::VersionRefused, text);
    error.setDetail(QStringLiteral("ownLowest"), own.lowest);
    error.setDetail(QStringLiteral("ownHighest"), own.highest);
    error.setDetail(QStringLiteral("peerLowest"), peer.lowest);
    error.setDetail(QStringLiteral("peerHighest"), peer.highest);
    return error;
}

} // namespace

Result<ProtocolAgreement> negotiate(const ProtocolOffer &own, const ProtocolOffer &peer)
{
    if (const Error error = checkOffer(own, "own"); !error.isNull())
        return error;
    if (const Error error = checkOffer(peer, "peer's"); !error.isNull())
        return error;
    const quint32 lowest = std::max(own.lowest, peer.lowest);
    const quint32 highest = std::min(own.highest, peer.highest);
    if (lowest > highest) {
        return refusal(QStringLiteral("no common protocol version: we speak %1 to %2, "
                                      "the peer %3 to %4")
                           .arg(own.lowest)
                           .arg(own.highest)
                           .arg(peer.lowest)
                           .arg(peer.highest),
                       own,
                       peer);
    }
    const quint64 common = own.capabilities & peer.capabilities;
    const quint64 missing = (own.required | peer.required) & ~common;
    if (missing != 0) {
        return refusal(QStringLiteral("required capabilities are missing: bits 0x%1")
                           .arg(missing, 0, 16),
                       own,
                       peer)
            .setDetail(QStringLiteral("missing"), missing);
    }
    return ProtocolAgreement{highest, common};
}

} // namespace fairlead::core
