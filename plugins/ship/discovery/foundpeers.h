// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "discovery/announcement.h"
#include "discovery/peeraddress.h"

#include <compare>
#include <functional>
#include <map>
#include <vector>

namespace fairlead::ship {

/// Where a service is seen: one node has one per interface and address family.
struct ServiceRef
{
    QByteArray name;
    QByteArray domain;
    int interface = 0;
    int family = 0;

    friend bool operator==(const ServiceRef &, const ServiceRef &) = default;
    friend bool operator<(const ServiceRef &a, const ServiceRef &b);
};

/// What was found out about it. Comes in pieces: what is empty is not known yet.
struct ServiceReport
{
    QString host; ///< the node's name, "pump.local"
    QString address;
    quint16 port = 0;
    QByteArrayList txt;
};

/// A peer that announces itself, or did.
struct FoundPeer
{
    Announcement claims;
    QList<PeerAddress>
        addresses; ///< in the order to dial; the last known ones while there are no others
    bool isPresent = false;

    bool operator==(const FoundPeer &) const = default;
};

struct FoundLimits
{
    std::size_t peers = 256;
    std::size_t services = 512;
    std::size_t servicesOfPeer = 8; ///< the one that was silent longest makes room
    std::size_t places = 16; ///< interfaces and families of one service
    qsizetype addresses = 16; ///< of one peer
};

/// The peers that mDNS tells of, put together from reports by service, interface and address family.
/// A peer that vanishes stays known with its last addresses, for reports flicker and devices that are
/// there do not always announce themselves. Pure.
class FoundPeers
{
public:
    /// @p isWanted: who is kept when there is no room for all.
    FoundPeers(const Ski &own,
               std::function<bool(const Ski &)> isWanted,
               const FoundLimits &limits = FoundLimits());

    /// Whose entries changed.
    std::vector<Ski> report(const ServiceRef &service, const ServiceReport &report);
    std::vector<Ski> remove(const ServiceRef &service);
    /// Who reported has gone: nothing is present any more.
    std::vector<Ski> removeAll();

    [[nodiscard]] const FoundPeer *find(const Ski &ski) const;
    /// By SKI.
    [[nodiscard]] std::vector<FoundPeer> peers() const;

    /// Reports that were ignored for want of room.
    [[nodiscard]] quint64 passedOver() const noexcept { return m_passedOver; }

private:
    using Name = std::pair<QByteArray, QByteArray>; ///< with its domain
    using Place = std::pair<int, int>; ///< interface and family

    struct Service
    {
        Announcement claims;
        std::map<Place, ServiceReport> places; ///< without their records
        quint64 lastReport = 0;
    };

    struct Peer
    {
        FoundPeer found;
        quint64 lastReport = 0;
    };

    using Services = std::map<Name, Service>;

    bool makeRoomForService(const Ski &ski, std::vector<Ski> &changed);
    bool makeRoomForPeer(const Ski &ski);
    Services::iterator silentService(const std::function<bool(const Ski &)> &may);
    void update(const Ski &ski, std::vector<Ski> &changed);

    const Ski m_own;
    const std::function<bool(const Ski &)> m_isWanted;
    const FoundLimits m_limits;
    Services m_services; ///< those that are seen somewhere
    std::map<Ski, Peer> m_peers;
    quint64 m_reports = 0;
    quint64 m_passedOver = 0;
};

} // namespace fairlead::ship
