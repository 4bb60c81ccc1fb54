// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "framing/frameerror.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fairlead::tcp {

using Bytes = std::string_view;

/// What one look at the input came to.
struct Step
{
    enum class Status : std::uint8_t {
        NeedMore, ///< all of the input was used, no frame is complete
        Frame,
        Failed ///< and every later look fails too: the place of the next frame is unknown
    };
    std::size_t used = 0; ///< of the input
    Status status = Status::NeedMore;
    FrameError error = FrameError::None;
    /// The content, without what delimits it. It lies in the input or in the framer, and is valid
    /// until either changes.
    Bytes frame;
};

/// What goes before and after a payload on the wire. The payload itself is never changed.
struct Envelope
{
    FrameError error = FrameError::None;
    Bytes head; ///< valid as long as the framer, or as this object when it is a length
    Bytes tail;
};

/// Cuts a stream of bytes into frames, whatever pieces it arrives in, and makes frames.
///
/// A frame that arrives in one piece is not copied; of others the piece that came is kept, and
/// memory grows with what came, to the longest frame allowed.
class Framer
{
public:
    virtual ~Framer() = default;

    /// The next frame of @p input, which follows on what was used before.
    virtual Step decode(Bytes input) = 0;

    /// The peer was silent for the idle gap: Frame if that ends one, else NeedMore.
    virtual Step handleGap() { return {}; }

    /// The input is at its end: Frame if that ends one, NeedMore, or Failed inside a frame.
    virtual Step finish() = 0;

    /// Whether silence would end a frame now, so that it is worth waiting for.
    virtual bool awaitsGap() const noexcept { return false; }

    /// How @p payload is sent. @p scratch holds a head that is made for this payload.
    virtual Envelope encode(Bytes payload, std::array<char, 4> &scratch) const = 0;

    /// Bytes that belonged to no frame.
    std::uint64_t skipped() const noexcept { return m_skipped; }

protected:
    /// Every later step fails alike.
    Step fail(FrameError error) noexcept
    {
        m_failure = error;
        return failed();
    }

    bool hasFailed() const noexcept { return m_failure != FrameError::None; }

    Step failed() const noexcept { return {0, Step::Status::Failed, m_failure, {}}; }

    void skip(std::size_t bytes) noexcept { m_skipped += bytes; }

private:
    std::uint64_t m_skipped = 0;
    FrameError m_failure = FrameError::None;
};

} // namespace fairlead::tcp
