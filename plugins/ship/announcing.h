// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "discovery/discoveryoptions.h"

#include <memory>

namespace fairlead {
class HostServices;
} // namespace fairlead

namespace fairlead::ship {

class FoundBoard;
class TrustKeeper;
class WindowBell;
struct ShipOptions;

/// What the endpoints of the plugin share; outlives them.
struct Announcing
{
    WindowBell &bell;
    FoundBoard &board;
};

/// @p listener, found in the network and finding others, as far as @p discovery wants it and the host
/// can. The references outlive the result.
[[nodiscard]] std::unique_ptr<Listener> announced(std::unique_ptr<Listener> listener,
                                                  const ShipOptions &options,
                                                  const DiscoveryOptions &discovery,
                                                  HostServices &host,
                                                  TrustKeeper &keeper,
                                                  const Announcing &with);

} // namespace fairlead::ship
