// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/bytes.h"

namespace fairlead::ship {

/// 8 to 16 hex digits; leading zeros count.
[[nodiscard]] bool isPin(Bytes text) noexcept;

/// Whether both are the same PIN, in whatever case. Takes as long for every wrong one of a length.
[[nodiscard]] bool isSamePin(Bytes pin, Bytes expected) noexcept;

} // namespace fairlead::ship
