// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/types.h"

#include <QByteArray>

#include <optional>

namespace fairlead::cli {

/// Appends @p text as a JSON string; what is not UTF-8 in it becomes U+FFFD.
void appendJsonString(QByteArray &out, mqtt::Bytes text);

enum class JsonLayout : quint8 {
    Compact,
    Indented
};

/// Checks that @p text is one JSON value and lays it out anew. Order of names, repeated names and
/// the digits of numbers stay as they are. Nothing when it is not JSON, or nested beyond 500 levels.
[[nodiscard]] std::optional<QByteArray> reformatJson(mqtt::Bytes text, JsonLayout layout);

} // namespace fairlead::cli
