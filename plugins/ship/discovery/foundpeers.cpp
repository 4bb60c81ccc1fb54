// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "discovery/foundpeers.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace fairlead::ship {

bool operator<(const ServiceRef &a, const ServiceRef &b)
{
    return std::tie(a.name, a.domain, a.interface, a.family)
        < std::tie(b.name, b.domain, b.interface, b.family);
}

FoundPeers::FoundPeers(const Ski &own,
                       std::function<bool(const Ski &)> isWanted,
                       const FoundLimits &limits)
    : m_own(own)
    , m_isWanted(std::move(isWanted))
    , m_limits(limits)
{ }

std::vector<Ski> FoundPeers::report(const ServiceRef &service, const ServiceReport &report)
{
    std::vector<Ski> changed;
    const Name name = {service.name, service.domain};
    const std::optional<Announcement> claims = readTxt(report.txt);
    auto known = m_services.find(name);
    // The record of before stands until there is another; one that is not for us ends the service.
    if (!claims && (known == m_services.end() || !report.txt.isEmpty()))
        return remove(service);
    const Ski ski = claims ? claims->ski : known->second.claims.ski;
    if (ski == m_own)
        return remove(service);
    if (known != m_services.end() && known->second.claims.ski != ski) {
        const Ski before = known->second.claims.ski;
        m_services.erase(known);
        known = m_services.end();
        update(before, changed);
    }
    if (known == m_services.end()) {
        if (!makeRoomForPeer(ski) || !makeRoomForService(ski, changed)) {
            ++m_passedOver;
            return changed;
        }
        known = m_services.emplace(name, Service{*claims, {}, 0}).first;
    }
    Service &entry = known->second;
    if (claims)
        entry.claims = *claims;
    const Place place = {service.interface, service.family};
    if (entry.places.contains(place) || entry.places.size() < m_limits.places) {
        ServiceReport &kept = entry.places[place];
        if (!report.host.isEmpty())
            kept.host = report.host;
        if (const QString address = dialAddress(report.address, service.interface);
            !address.isEmpty()) {
            kept.address = address;
        }
        if (report.port != 0)
            kept.port = report.port;
    } else {
        ++m_passedOver;
    }
    entry.lastReport = ++m_reports;
    update(ski, changed);
    return changed;
}

std::vector<Ski> FoundPeers::remove(const ServiceRef &service)
{
    std::vector<Ski> changed;
    const auto known = m_services.find({service.name, service.domain});
    if (known == m_services.end())
        return changed;
    const Ski ski = known->second.claims.ski;
    known->second.places.erase({service.interface, service.family});
    if (known->second.places.empty())
        m_services.erase(known);
    update(ski, changed);
    return changed;
}

std::vector<Ski> FoundPeers::removeAll()
{
    std::vector<Ski> changed;
    m_services.clear();
    for (auto &[ski, peer] : m_peers) {
        if (std::exchange(peer.found.isPresent, false))
            changed.push_back(ski);
    }
    return changed;
}

const FoundPeer *FoundPeers::find(const Ski &ski) const
{
    const auto known = m_peers.find(ski);
    return known == m_peers.end() ? nullptr : &known->second.found;
}

std::vector<FoundPeer> FoundPeers::peers() const
{
    std::vector<FoundPeer> list;
    list.reserve(m_peers.size());
    for (const auto &[ski, peer] : m_peers)
        list.push_back(peer.found);
    return list;
}

FoundPeers::Services::iterator FoundPeers::silentService(
    const std::function<bool(const Ski &)> &may)
{
    auto silent = m_services.end();
    for (auto it = m_services.begin(); it != m_services.end(); ++it) {
        if (may(it->second.claims.ski)
            && (silent == m_services.end() || it->second.lastReport < silent->second.lastReport)) {
            silent = it;
        }
    }
    return silent;
}

bool FoundPeers::makeRoomForService(const Ski &ski, std::vector<Ski> &changed)
{
    // Whoever announces another's SKI under many names pushes out itself first.
    const auto isSame = [&ski](const Ski &other) { return other == ski; };
    const auto sameCount
        = std::count_if(m_services.cbegin(), m_services.cend(), [&isSame](const auto &service) {
              return isSame(service.second.claims.ski);
          });
    if (std::size_t(sameCount) >= m_limits.servicesOfPeer) {
        m_services.erase(silentService(isSame));
        return true;
    }
    if (m_services.size() < m_limits.services)
        return true;
    if (!m_isWanted(ski))
        return false;
    const auto victim = silentService([this](const Ski &other) { return !m_isWanted(other); });
    if (victim == m_services.end())
        return false;
    const Ski other = victim->second.claims.ski;
    m_services.erase(victim);
    update(other, changed);
    return true;
}

bool FoundPeers::makeRoomForPeer(const Ski &ski)
{
    if (m_peers.contains(ski) || m_peers.size() < m_limits.peers)
        return true;
    const bool isWanted = m_isWanted(ski);
    auto victim = m_peers.end();
    for (auto it = m_peers.begin(); it != m_peers.end(); ++it) {
        // A stranger takes the place of one that left, a wanted peer that of any stranger.
        if (m_isWanted(it->first) || (!isWanted && it->second.found.isPresent))
            continue;
        if (victim == m_peers.end()
            || std::pair(it->second.found.isPresent, it->second.lastReport)
                < std::pair(victim->second.found.isPresent, victim->second.lastReport)) {
            victim = it;
        }
    }
    if (victim == m_peers.end())
        return false;
    std::erase_if(m_services, [&victim](const auto &service) {
        return service.second.claims.ski == victim->first;
    });
    m_peers.erase(victim);
    return true;
}

void FoundPeers::update(const Ski &ski, std::vector<Ski> &changed)
{
    std::vector<const Service *> services;
    for (const auto &[name, service] : m_services) {
        if (service.claims.ski == ski)
            services.push_back(&service);
    }
    std::sort(services.begin(), services.end(), [](const Service *a, const Service *b) {
        return a->lastReport > b->lastReport;
    });
    QList<PeerAddress> addresses;
    QList<PeerAddress> names;
    for (const Service *service : services) {
        for (const auto &[place, report] : service->places) {
            if (report.port == 0)
                continue;
            if (!report.address.isEmpty())
                addresses.append({report.address, report.port});
            if (!report.host.isEmpty())
                names.append({report.host, report.port});
        }
    }
    auto known = m_peers.find(ski);
    if (services.empty() && known == m_peers.end())
        return;
    FoundPeer next = known == m_peers.end() ? FoundPeer{services.front()->claims, {}, false}
                                            : known->second.found;
    next.isPresent = !services.empty();
    if (next.isPresent)
        next.claims = services.front()->claims;
    const qsizetype room = m_limits.addresses - (names.isEmpty() ? 0 : 1);
    if (!addresses.isEmpty())
        next.addresses = dialOrder(addresses).mid(0, room) + dialOrder(names).mid(0, 1);
    else if (next.addresses.isEmpty() && !names.isEmpty())
        next.addresses = dialOrder(names).mid(0, 1);
    if (known == m_peers.end())
        known = m_peers.emplace(ski, Peer{next, 0}).first;
    else if (known->second.found == next)
        return;
    known->second.found = next;
    known->second.lastReport = m_reports;
    changed.push_back(ski);
}

} // namespace fairlead::ship
