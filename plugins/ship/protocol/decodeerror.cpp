// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "protocol/decodeerror.h"

namespace fairlead::ship {

const char *toText(DecodeErrorKind kind) noexcept
{
    switch (kind) {
    case DecodeErrorKind::None:
        return "none";
    case DecodeErrorKind::NoValue:
        return "no-value";
    case DecodeErrorKind::UnknownType:
        return "unknown-type";
    case DecodeErrorKind::TooLarge:
        return "too-large";
    case DecodeErrorKind::BadJson:
        return "bad-json";
    case DecodeErrorKind::NotOneElement:
        return "not-one-element";
    case DecodeErrorKind::UnknownElement:
        return "unknown-element";
    case DecodeErrorKind::MisplacedElement:
        return "misplaced-element";
    case DecodeErrorKind::BadShape:
        return "bad-shape";
    case DecodeErrorKind::DuplicateMember:
        return "duplicate-member";
    case DecodeErrorKind::MissingMember:
        return "missing-member";
    case DecodeErrorKind::BadValue:
        return "bad-value";
    case DecodeErrorKind::Unexpected:
        return "unexpected";
    }
    return "unknown";
}

} // namespace fairlead::ship
