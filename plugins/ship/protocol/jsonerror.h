// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

namespace fairlead::ship {

/// What is wrong with a JSON text.
enum class JsonErrorKind : quint8 {
    None,
    TooLarge,
    TooDeep,
    TooManyValues,
    UnexpectedEnd,
    UnexpectedCharacter,
    BadNumber,
    BadEscape,
    ControlCharacter, ///< unescaped inside a string
    BadUtf8,
    TrailingBytes ///< something after the outermost value
};

inline constexpr int kJsonErrorKindCount = 11;

/// The outcome of reading; converts to true when there IS an error.
struct JsonError
{
    JsonErrorKind kind = JsonErrorKind::None;
    quint32 offset = 0; ///< of the byte that is wrong

    explicit constexpr operator bool() const noexcept { return kind != JsonErrorKind::None; }
};

/// Lower-case words with dashes: "bad-number".
[[nodiscard]] const char *toText(JsonErrorKind kind) noexcept;

} // namespace fairlead::ship
