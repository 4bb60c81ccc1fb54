// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

#include <fairlead/bytes.h>
#include <fairlead/export.h>

#include <optional>

namespace fairlead {

/// The nanoseconds that a text like `500ms`, `30s`, `5min`, `1.5h` or `1h30m` means; units: ms, s
/// (sec), m (min), h, d, w, in either case. More than 292 years count as 292. Empty when it is
/// something else, a number without unit or sign included. @since 0.1
FAIRLEAD_SDK_EXPORT std::optional<qint64> parseDuration(ByteSpan text) noexcept;

} // namespace fairlead
