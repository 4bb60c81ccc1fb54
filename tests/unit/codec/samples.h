// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/codec.h"

#include <string>
#include <vector>

namespace fairlead::mqtt::samples {

/// One well-formed packet, in the form in which the codec itself writes it.
struct Sample
{
    std::string name;
    Version version = Version::V5;
    Sender sender = Sender::Client;
    std::string packet;
};

/// Packets of every type in every version that has it, plain and with all they may carry.
[[nodiscard]] std::vector<Sample> all();

} // namespace fairlead::mqtt::samples
