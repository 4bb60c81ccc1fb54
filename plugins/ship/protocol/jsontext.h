// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/jsontree.h"

namespace fairlead::ship {

/// Appends @p text as a JSON string with its quotes. Only what must be escaped is.
void appendQuoted(QByteArray &out, Bytes text);

/// The text between the quotes with its escapes resolved to UTF-8. @p raw must come from a JsonTree.
/// Half of a surrogate pair becomes U+FFFD, for UTF-8 has no form of it.
[[nodiscard]] QByteArray unescaped(Bytes raw);

/// What a string value says; @p value must be of the kind String.
[[nodiscard]] QByteArray stringOf(const JsonValue &value);

/// Whether the member's name is @p name, however it is spelled.
[[nodiscard]] bool hasKey(const JsonValue &member, Bytes name);

} // namespace fairlead::ship
