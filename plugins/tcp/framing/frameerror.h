// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>

namespace fairlead::tcp {

/// What is wrong with a frame that came in, or with a payload that is to go out as one.
enum class FrameError : std::uint8_t {
    None,
    TooLong, ///< more bytes than the endpoint allows, or than its length field can say
    BadLength, ///< a length that counts its own field and is smaller than it
    Unfinished, ///< the input ended inside a frame
    HoldsDelimiter, ///< the payload would be read as more than one frame, or as a shorter one
    WrongSize, ///< frames have one fixed size, and the payload another
    Empty, ///< nothing would be sent at all
};

/// The stable lower-case name of @p error ("too-long").
const char *frameErrorName(FrameError error) noexcept;

/// The same for people, to follow "the frame" or "the payload".
const char *frameErrorText(FrameError error) noexcept;

} // namespace fairlead::tcp
