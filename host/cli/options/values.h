// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QByteArray>

#include <optional>

namespace fairlead::cli {

/// A whole number within bounds, decimal or with 0x in front; nothing else before or after it.
[[nodiscard]] std::optional<qint64> parseInteger(const QByteArray &text, qint64 least, qint64 most);

/// A decimal fraction within bounds.
[[nodiscard]] std::optional<double> parseDecimal(const QByteArray &text, double least, double most);

} // namespace fairlead::cli
