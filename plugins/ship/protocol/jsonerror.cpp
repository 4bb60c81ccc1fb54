// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "protocol/jsonerror.h"

namespace fairlead::ship {

const char *toText(JsonErrorKind kind) noexcept
{
    switch (kind) {
    case JsonErrorKind::None:
        return "none";
    case JsonErrorKind::TooLarge:
        return "too-large";
    case JsonErrorKind::TooDeep:
        return "too-deep";
    case JsonErrorKind::TooManyValues:
        return "too-many-values";
    case JsonErrorKind::UnexpectedEnd:
        return "unexpected-end";
    case JsonErrorKind::UnexpectedCharacter:
        return "unexpected-character";
    case JsonErrorKind::BadNumber:
        return "bad-number";
    case JsonErrorKind::BadEscape:
        return "bad-escape";
    case JsonErrorKind::ControlCharacter:
        return "control-character";
    case JsonErrorKind::BadUtf8:
        return "bad-utf8";
    case JsonErrorKind::TrailingBytes:
        return "trailing-bytes";
    }
    return "unknown";
}

} // namespace fairlead::ship
