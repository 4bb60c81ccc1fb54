// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "frames.h"

namespace fairlead::tcp {

/// The framings under test: the first byte of an input chooses one.
inline const std::vector<Framing> &fuzzedFramings()
{
    static const std::vector<Framing> all = {
        lineFraming(64),
        lineFraming(64, LineEnding::CrLf),
        lengthFraming(1, ByteOrder::Big, false, 64),
        lengthFraming(2, ByteOrder::Big, true, 64),
        lengthFraming(2, ByteOrder::Little, false, 64),
        lengthFraming(4, ByteOrder::Big, false, 64),
        lengthFraming(4, ByteOrder::Little, true, 64),
        delimiterFraming("\2", "\3", 64),
        delimiterFraming("", "\r", 64),
        delimiterFraming("ab", "aab", 64),
        delimiterFraming("aba", "", 64),
        fixedFraming(7),
        rawFraming(16),
    };
    return all;
}

} // namespace fairlead::tcp
