// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/bytes.h>
#include <fairlead/export.h>
#include <fairlead/lease.h>

#include <optional>

namespace fairlead {

/// The choice that a text names: `disconnect`, `drop-oldest`, `drop-newest`, `latest-per-topic`,
/// `reject`, `block-up-to` (for as long as the endpoint allows), `block-up-to=500ms` or `default`.
/// Empty when it names none. @since 0.1
FAIRLEAD_SDK_EXPORT std::optional<OverflowChoice> parseOverflow(ByteSpan text) noexcept;

/// The name of @p policy as parseOverflow() takes it.
FAIRLEAD_SDK_EXPORT const char *overflowName(Overflow policy) noexcept;

} // namespace fairlead
