// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/bytes.h>

namespace fairlead {

/// Well-formed UTF-8 without U+0000: no overlong form, no surrogate, nothing above U+10FFFF.
bool isPlainUtf8(ByteSpan text) noexcept;

} // namespace fairlead
