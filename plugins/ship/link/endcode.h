// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/action.h"

#include <fairlead/error.h>

namespace fairlead::ship {

/// Why a connection ended, as the host counts and shows it. Says also whether and how soon a dialled
/// peer is dialled again.
[[nodiscard]] Error errorFor(const End &end);

} // namespace fairlead::ship
