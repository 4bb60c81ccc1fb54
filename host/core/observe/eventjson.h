// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QJsonObject>

#include <fairlead/events.h>

namespace fairlead::core {

/// @p event as the control API shows it: number, kind, time (UTC, ISO 8601), monotonicNs and,
/// where they mean something, key, endpoint, generation, attempt, from, to, reason, details. A key
/// that is not UTF-8 is shown as "hex:" and its octets.
QJsonObject eventToJson(const Event &event);

} // namespace fairlead::core
