// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/properties.h"

#include <fairlead/lease.h>
#include <fairlead/position.h>

#include <array>

namespace fairlead::mqtt {

/// What a client asks of this broker beyond the standard, in user properties of CONNECT or SUBSCRIBE.
struct ClientWishes
{
    OverflowChoice overflow; ///< `overflow`
    Bytes replayFrom; ///< `replay-from`, as written: the host reads it
    bool showPositions = false; ///< `stream-positions`
    const char *problem = nullptr; ///< what is not understood
};

/// Of a property that is repeated the last one counts.
ClientWishes readWishes(const PropertyBlock &properties);

/// The user properties `stream-epoch` and `stream-seq`, encoded.
class PositionProperties
{
public:
    /// The encoded properties, good as long as this lives.
    Bytes write(Position position);

    /// No position takes more.
    static constexpr std::size_t kMostBytes = 72;

private:
    std::array<char, kMostBytes> m_bytes;
};

} // namespace fairlead::mqtt
