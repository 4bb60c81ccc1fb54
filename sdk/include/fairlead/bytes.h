// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <string_view>

namespace fairlead {

/// A borrowed run of bytes: not owned, not terminated, valid as long as the call that passed it
/// says. Text on the bus is UTF-8. @since 0.1
using ByteSpan = std::string_view;

} // namespace fairlead
