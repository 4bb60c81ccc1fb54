// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "framing/framer.h"

#include <memory>
#include <string>

namespace fairlead::tcp {

enum class FramingKind : std::uint8_t {
    Line,
    LengthPrefix,
    Delimiter,
    Fixed,
    Raw
};

enum class LineEnding : std::uint8_t {
    Lf,
    CrLf
};

enum class ByteOrder : std::uint8_t {
    Big,
    Little
};

/// How the frames of an endpoint look.
struct Framing
{
    /// The longest delimiter.
    static constexpr std::size_t kMaxDelimiter = 16;

    FramingKind kind = FramingKind::Line;
    std::size_t maxFrame = 65536; ///< bytes of content
    LineEnding lineEnding = LineEnding::Lf; ///< that is sent; both are read
    std::uint8_t lengthSize = 2; ///< 1, 2 or 4
    ByteOrder lengthOrder = ByteOrder::Big;
    bool lengthCountsItself = false;
    std::string start; ///< with Delimiter; one of the two may be empty
    std::string end;
    std::size_t fixedSize = 0; ///< with Fixed; at least 1
};

/// Whether silence can end a frame of such a framing.
bool endsByGap(const Framing &framing) noexcept;

/// A framer for one link. @p framing keeps to the bounds named above.
std::unique_ptr<Framer> makeFramer(const Framing &framing);

} // namespace fairlead::tcp
