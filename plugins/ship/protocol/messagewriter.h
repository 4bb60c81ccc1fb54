// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/message.h"

namespace fairlead::ship {

/// The message's bytes: its type, then compact JSON with its members in the order of the schema, which
/// some peers insist on. A Data's payload is passed on untouched, so it must be JSON in EEBUS form.
[[nodiscard]] QByteArray encode(const Message &message);

/// What comes before and after the payload of a message without extension: size to reckon with.
inline constexpr std::size_t kDataOverhead = 60;

} // namespace fairlead::ship
