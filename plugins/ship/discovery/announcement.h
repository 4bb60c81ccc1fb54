// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/ski.h"

#include <QtCore/QByteArrayList>

#include <optional>

namespace fairlead::ship {

/// What a node says of itself in the TXT record of its mDNS service. Of others: claims, proven by
/// nothing but the TLS handshake that follows.
struct Announcement
{
    Ski ski;
    QByteArray id; ///< the SHIP ID
    QByteArray path; ///< of the WebSocket, encoded
    bool registers = false; ///< it accepts the first stranger now
    QByteArray brand;
    QByteArray type;
    QByteArray model;
    QByteArray serial;
    QByteArray categories; ///< numbers with commas between them

    bool operator==(const Announcement &) const = default;
};

inline constexpr char kServiceType[] = "_ship._tcp";

inline constexpr qsizetype kMaxTxtSize = 400; ///< of the whole record, with the lengths
inline constexpr qsizetype kMaxIdSize = 63;
inline constexpr qsizetype kMaxTextSize = 32; ///< of brand, type, model and serial
inline constexpr qsizetype kMaxPathSize = 32;

/// At most @p size bytes of @p text, and no half of a character.
[[nodiscard]] QByteArray clipped(const QByteArray &text, qsizetype size);

/// The strings of the record. Texts that are too long are cut, equals signs left out of those for
/// people since there are parsers that stumble over them; what does not fit any more is left out, the
/// serial number first.
[[nodiscard]] QByteArrayList writeTxt(const Announcement &announcement);

/// Keys in any case and order, the first of each counts, unknown ones are passed over, texts that are
/// too long cut. Nothing without the one known version and a valid SKI. A path that no request can
/// name counts as missing, and is then the customary one.
[[nodiscard]] std::optional<Announcement> readTxt(const QByteArrayList &strings);

} // namespace fairlead::ship
