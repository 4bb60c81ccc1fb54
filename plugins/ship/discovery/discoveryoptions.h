// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "discovery/announcement.h"

#include <fairlead/result.h>
#include <fairlead/transport.h>

namespace fairlead::ship {

/// What an operator may set about how a listener is seen in the network.
struct DiscoveryOptions
{
    bool isOn = true;
    bool announces = true; ///< false: it listens where nobody else could reach it
    Announcement own;
};

/// @p own and @p id: who we are. Errors: ConfigRange, ConfigType, with the key as the detail "key".
[[nodiscard]] Result<DiscoveryOptions> parseDiscoveryOptions(const EndpointConfig &config,
                                                             const Ski &own,
                                                             const QByteArray &id);

} // namespace fairlead::ship
