// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/bus.h>
#include <fairlead/export.h>
#include <fairlead/result.h>

namespace fairlead {

/// Publishes what a plugin has to say of itself, with no link to say it, from
/// HostServices::service(FAIRLEAD_PUBLISHER_IID). For state: it is no way for what peers send.
///
/// Thread: main. Ownership: the host's; lives until the host ended and the last HostServices it came
/// from is gone. Order: as the calls. @since 0.1
class FAIRLEAD_SDK_EXPORT Publisher
{
public:
    static constexpr std::size_t kMaxPayload = 256 * 1024; ///< bytes

    virtual ~Publisher();

    /// @p view is borrowed for the call; its receive key and completion tag are not used. Errors:
    /// InvalidArgument (no topic name, or one that begins with $), PacketTooLarge, ShuttingDown.
    virtual Result<> publish(const PublishView &view) = 0;
};

} // namespace fairlead

#define FAIRLEAD_PUBLISHER_IID "org.fairlead.Publisher/1"
