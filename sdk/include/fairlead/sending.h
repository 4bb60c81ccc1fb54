// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/lease.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace fairlead {

/// The most that sendSome() takes. @since 0.1
inline constexpr int kSendBatch = 32;

/// Takes at most @p most of what waits for the peer and fits @p window, and passes one after the other
/// to @p send, which gets the Delivery. Its answer ends the delivery: a Settle::How, or nothing while
/// the peer's own is awaited. How many were taken; 0: nothing waits, or the next does not fit.
///
/// Thread: the link's reactor, inside LinkDriver::handlePull(). @since 0.1
template <typename Send>
int sendSome(Lease &lease, const Window &window, int most, Send &&send)
{
    std::array<Delivery, kSendBatch> deliveries;
    const int count = lease.take(deliveries.data(), std::clamp(most, 0, kSendBatch), window);
    std::array<Settle, kSendBatch> settles;
    int settled = 0;
    for (int i = 0; i < count; ++i) {
        const Delivery &delivery = deliveries[std::size_t(i)];
        const std::optional<Settle::How> how = send(delivery);
        if (how && delivery.handle != 0)
            settles[std::size_t(settled++)] = {delivery.handle, *how};
    }
    if (settled > 0)
        lease.settle(settles.data(), settled);
    return count;
}

} // namespace fairlead
