// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "announcing.h"

#include "discovery/announcedlistener.h"
#include "discovery/avahi/avahimdns.h"
#include "discovery/windowbell.h"
#include "link/shipoptions.h"
#include "link/trustkeeper.h"

#include <fairlead/clock.h>
#include <fairlead/hostservices.h>
#include <fairlead/peerdials.h>
#include <fairlead/publisher.h>

#include <utility>

namespace fairlead::ship {

namespace {

template <typename Service>
Service *serviceOf(HostServices &host, const char *iid)
{
    return static_cast<Service *>(host.service(iid));
}

} // namespace

std::unique_ptr<Listener> announced(std::unique_ptr<Listener> listener,
                                    const ShipOptions &options,
                                    const DiscoveryOptions &discovery,
                                    HostServices &host,
                                    TrustKeeper &keeper,
                                    WindowBell &bell)
{
    const auto *const clock = serviceOf<const Clock>(host, FAIRLEAD_CLOCK_IID);
    auto *const timers = serviceOf<Timers>(host, FAIRLEAD_TIMERS_IID);
    if (!discovery.isOn || !clock || !timers)
        return listener;
    const std::shared_ptr<TrustDesk> desk = keeper.desk();
    Discovery::Parts parts{
        discovery.own,
        options.root + "/$discovered/" + options.endpoint,
        discovery.announces,
        [desk](const Ski &ski) { return desk->isTrusted(ski); },
        [desk, clock] { return desk->isWindowOpen(clock->now()); },
        [desk, clock](const Ski &ski, const Announcement &claims) {
            // The SHIP ID is learned from the peer itself.
            (void)desk->learn(ski, {{}, claims.brand, claims.model, claims.type}, clock->utcMs());
        },
        *clock,
        *timers,
        host.logger(),
        serviceOf<PeerDials>(host, FAIRLEAD_PEERDIALS_IID),
        serviceOf<Publisher>(host, FAIRLEAD_PUBLISHER_IID)};
    auto finder = std::make_unique<Discovery>(std::make_unique<AvahiMdns>(*clock, *timers),
                                              std::move(parts));
    std::shared_ptr<void> trust
        = keeper.follow([raw = finder.get()](const Ski &ski, bool) { raw->trustChanged(ski); });
    std::shared_ptr<void> window = bell.follow([raw = finder.get()] { raw->windowChanged(); });
    auto both = std::make_shared<std::pair<std::shared_ptr<void>, std::shared_ptr<void>>>(
        std::move(trust), std::move(window));
    return std::make_unique<AnnouncedListener>(
        std::move(listener), std::move(finder), std::move(both));
}

} // namespace fairlead::ship
