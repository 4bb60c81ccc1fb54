// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/lifecycle/supervisor/connector.h"
#include "core/reactor/endpointruntime.h"

namespace fairlead::core {

/// How the supervisor is to take the end of a link (LC-10): refusals and deliberate ends bring no
/// reconnect, whatever the error's own nature.
EndCause endCauseOf(const LinkReport &ended) noexcept;

/// How it is to take that an endpoint was not prepared.
EndCause causeOf(const Error &notPrepared) noexcept;

} // namespace fairlead::core
