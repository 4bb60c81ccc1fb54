// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/bytes.h>

namespace fairlead::core {

/// Whether @p wide selects every topic that @p narrow selects; both are valid filters without
/// `$share/`.
bool filterCovers(ByteSpan wide, ByteSpan narrow) noexcept;

/// Whether there is a topic that both select; both are valid filters without `$share/`.
bool filtersOverlap(ByteSpan one, ByteSpan other) noexcept;

} // namespace fairlead::core
