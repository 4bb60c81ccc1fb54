// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "announcing.h"

#include "discovery/announcedlistener.h"
#include "discovery/avahi/avahimdns.h"
#include "discovery/foundboard.h"
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

/// The SHIP ID is learned from the peer itself.
PeerClaims claimsOf(const FoundPeer &peer)
{
    const Announcement &claims = peer.claims;
    return {{}, claims.brand, claims.model, claims.type, claims.path, placesText(peer.addresses)};
}

std::vector<FoundPeer> rememberedBy(const TrustDesk &desk)
{
    std::vector<FoundPeer> list;
    const std::vector<TrustedPeer> peers = desk.peers();
    for (const TrustedPeer &peer : peers) {
        const PeerClaims &claims = peer.claims;
        const QList<PeerAddress> places = placesFromText(claims.places);
        if (places.isEmpty())
            continue;
        const Announcement known
            = {peer.ski, {}, claims.path, false, claims.brand, claims.type, claims.model, {}, {}};
        list.push_back({known, places, false});
    }
    return list;
}

} // namespace

std::unique_ptr<Listener> announced(std::unique_ptr<Listener> listener,
                                    const ShipOptions &options,
                                    const DiscoveryOptions &discovery,
                                    HostServices &host,
                                    TrustKeeper &keeper,
                                    const Announcing &with)
{
    const auto *const clock = serviceOf<const Clock>(host, FAIRLEAD_CLOCK_IID);
    auto *const timers = serviceOf<Timers>(host, FAIRLEAD_TIMERS_IID);
    if (!discovery.isOn || !clock || !timers)
        return listener;
    const std::shared_ptr<TrustDesk> desk = keeper.desk();
    Discovery::Parts parts{discovery.own,
                           options.root + "/$discovered/" + options.endpoint,
                           discovery.announces,
                           [desk](const Ski &ski) { return desk->isTrusted(ski); },
                           [desk, clock] { return desk->isWindowOpen(clock->now()); },
                           [desk, clock](const FoundPeer &peer) {
                               (void)desk->learn(peer.claims.ski, claimsOf(peer), clock->utcMs());
                           },
                           [desk] { return rememberedBy(*desk); },
                           *clock,
                           *timers,
                           host.logger(),
                           serviceOf<PeerDials>(host, FAIRLEAD_PEERDIALS_IID),
                           serviceOf<Publisher>(host, FAIRLEAD_PUBLISHER_IID)};
    auto finder = std::make_unique<Discovery>(std::make_unique<AvahiMdns>(*clock, *timers),
                                              std::move(parts));
    std::shared_ptr<void> trust
        = keeper.follow([raw = finder.get()](const Ski &ski, bool) { raw->trustChanged(ski); });
    std::shared_ptr<void> window = with.bell.follow([raw = finder.get()] { raw->windowChanged(); });
    std::shared_ptr<void> found = with.board.add([raw = finder.get(), desk] {
        return foundViews(raw->found(), [desk](const Ski &ski) { return desk->isTrusted(ski); });
    });
    return std::make_unique<AnnouncedListener>(
        std::move(listener),
        std::move(finder),
        std::vector{std::move(trust), std::move(window), std::move(found)});
}

} // namespace fairlead::ship
