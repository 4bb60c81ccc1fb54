// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/reasons.h"

#include <fairlead/error.h>
#include <fairlead/operations.h>

namespace fairlead::mqtt {

class LinkCore;

/// Writes the frame that ends the link: DISCONNECT once CONNACK was sent (MQTT 5), a refusing
/// CONNACK while CONNECT waits for it, nothing otherwise.
void writeFarewell(LinkCore &core, ReasonCode reason, const char *text);

/// Refuses a client at CONNECT, because the listener takes none now, and ends the link.
void refuseQuiesced(LinkCore &core, QuiesceReason reason);
/// Asks a client that is here to leave, and ends the link.
void askToLeave(LinkCore &core, QuiesceReason reason);
/// @p reason, or the one that sends clients to the configured server instead.
ReasonCode orRedirect(const LinkCore &core, ReasonCode reason) noexcept;

/// The reason code that tells a client why the host ends its link.
ReasonCode reasonFor(const Error &error) noexcept;

/// What the host is told when a link ends for @p reason.
ErrorCode errorCodeFor(ReasonCode reason) noexcept;

} // namespace fairlead::mqtt
