// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/jsontree.h"

namespace fairlead::ship {

/// EEBUS writes JSON in a form of its own, which keeps the order of members in every parser: each
/// object below the outermost becomes an array of objects with one member each, and a list of objects
/// a list of such arrays. {"a":{"b":1,"c":[{"d":2}]}} is {"a":[{"b":1},{"c":[[{"d":2}]]}]}.
///
/// Both ways keep the spelling of strings and numbers, the order of members and their duplicates, and
/// drop the white space between values. Back and forth gives the same text, with one exception that
/// the form leaves no choice in: it writes an empty object and an empty list alike, as [], and [] is
/// read as an empty object.

/// Converts one plain JSON text, appending to @p out, which stays as it was on an error. The limits
/// hold for what is read and for what is written.
[[nodiscard]] JsonError toEebusJson(Bytes plain,
                                    QByteArray &out,
                                    const JsonLimits &limits = JsonLimits());

/// Converts one text in EEBUS form. What is not in that form is accepted where its meaning is clear:
/// objects with several members, {} for [], lists of plain objects.
[[nodiscard]] JsonError toPlainJson(Bytes eebus,
                                    QByteArray &out,
                                    const JsonLimits &limits = JsonLimits());

/// Copies @p text without the white space between its values.
[[nodiscard]] JsonError toCompactJson(Bytes text,
                                      QByteArray &out,
                                      const JsonLimits &limits = JsonLimits());

} // namespace fairlead::ship
