// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/codec.h"

#include <string>

/// Drives the codec through whole packets: shared by the unit tests and the fuzz target, so it is
/// standard C++ only.
namespace fairlead::mqtt::driver {

/// What became of one packet.
struct Outcome
{
    FrameStatus status = FrameStatus::NeedMore;
    DecodeError error;
    Version version = Version::Unknown; ///< CONNECT decides it, else the one given
    std::string again; ///< the packet encoded anew from what was decoded
};

/// Peeks, decodes, and encodes again what came out. @p input may hold more than one packet; the first
/// counts. For a CONNECT @p version is what peekFrame is told.
[[nodiscard]] Outcome run(Bytes input, Version version, Sender sender);

} // namespace fairlead::mqtt::driver
