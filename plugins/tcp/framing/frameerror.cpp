// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "framing/frameerror.h"

namespace fairlead::tcp {

const char *frameErrorName(FrameError error) noexcept
{
    switch (error) {
    case FrameError::None:
        break;
    case FrameError::TooLong:
        return "too-long";
    case FrameError::BadLength:
        return "bad-length";
    case FrameError::Unfinished:
        return "unfinished";
    case FrameError::HoldsDelimiter:
        return "holds-delimiter";
    case FrameError::WrongSize:
        return "wrong-size";
    case FrameError::Empty:
        return "empty";
    }
    return "none";
}

const char *frameErrorText(FrameError error) noexcept
{
    switch (error) {
    case FrameError::None:
        break;
    case FrameError::TooLong:
        return "is longer than allowed";
    case FrameError::BadLength:
        return "says a length that is shorter than its own length field";
    case FrameError::Unfinished:
        return "was cut off by the end of the connection";
    case FrameError::HoldsDelimiter:
        return "holds what ends a frame";
    case FrameError::WrongSize:
        return "does not have the fixed size of a frame";
    case FrameError::Empty:
        return "is empty";
    }
    return "is good";
}

} // namespace fairlead::tcp
