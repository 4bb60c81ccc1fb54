// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "discovery/announcement.h"

namespace fairlead::ship {

inline constexpr qsizetype kMaxLabelSize = 63;

/// The name under which people see the service: type, brand and model, as far as there are any.
[[nodiscard]] QByteArray labelFor(const Announcement &announcement);

/// What to try when somebody else has @p label: "Pump", "Pump (2)", "Pump (3)".
[[nodiscard]] QByteArray labelAfter(const QByteArray &label);

} // namespace fairlead::ship
