// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

namespace fairlead::ship {

/// What is wrong with a message.
enum class DecodeErrorKind : quint8 {
    None,
    NoValue, ///< nothing at all, or a type byte alone
    UnknownType, ///< a type byte that SHIP does not have
    TooLarge,
    BadJson,
    NotOneElement, ///< the outermost value is not an object with one member
    UnknownElement,
    MisplacedElement, ///< known, but not in a message of this type
    BadShape, ///< an element that is neither a list of members nor an object
    DuplicateMember,
    MissingMember,
    BadValue,
    Unexpected ///< well-formed, but nothing to be said in this state
};

inline constexpr int kDecodeErrorKindCount = 13;

/// The outcome of decoding; converts to true when there IS an error.
struct DecodeError
{
    DecodeErrorKind kind = DecodeErrorKind::None;
    const char *text = nullptr; ///< static English text for logs

    explicit constexpr operator bool() const noexcept { return kind != DecodeErrorKind::None; }

    /// Whether the message is one to pass over without a word, in every phase but the first: later
    /// versions may send such.
    [[nodiscard]] constexpr bool isIgnorable() const noexcept
    {
        return kind == DecodeErrorKind::NoValue || kind == DecodeErrorKind::UnknownType;
    }
};

/// Lower-case words with dashes: "missing-member".
[[nodiscard]] const char *toText(DecodeErrorKind kind) noexcept;

} // namespace fairlead::ship
