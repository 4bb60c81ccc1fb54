// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/decodeerror.h"
#include "protocol/jsontree.h"
#include "protocol/message.h"

namespace fairlead::ship {

/// Reads one whole message. Tolerant where peers differ: members in any order, white space, unknown
/// members, objects where EEBUS wants arrays, {} for [], and zero bytes after the text. On an error
/// @p out is left as it was. A Data's payload points into @p bytes.
[[nodiscard]] DecodeError decode(Bytes bytes,
                                 Message &out,
                                 const JsonLimits &limits = JsonLimits());

} // namespace fairlead::ship
