// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/overflowsettings.h"
#include "core/distributor/sessionkey.h"
#include "core/plugins/containedsecurity.h"
#include "core/plugins/pluginfailures.h"
#include "core/registry/versiongate.h"
#include "core/store/ticket.h"

#include <QString>

#include <fairlead/link.h>
#include <fairlead/linkdriver.h>
#include <fairlead/logger.h>

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

namespace fairlead::core {

class CarrierStack;
class SeatDesk;

/// How a link fares, for who follows it from another thread.
struct LinkReport
{
    enum class Kind : quint8 {
        Undecided, ///< its handshake is done; another link of the peer may stay instead
        Connected,
        Verified, ///< the peer answered a probe: it is well
        HeartbeatExpired, ///< the peer was silent for too long; Ended follows
        Ended
    };
    Kind kind = Kind::Connected;
    Link::Direction direction = Link::Direction::Accepted;
    bool wasConnected = false; ///< with Ended; else its handshake failed or it was refused
    bool wasRefused = false; ///< with Ended: by routing (LC-05)
    bool gaveWay = false; ///< with Ended: another link of the peer stays
    bool asksReconnect = false; ///< with Ended: its own facts allow another attempt (LC-10)
    bool wasShutDown = false; ///< with Ended: by the host, which asked it to end
    bool hasCrashed = false; ///< with Ended: because its plugin threw
    quint64 generation = 0;
    int endpoint = 0;
    QByteArray peerKey;
    QByteArray peerAddress;
    Error reason; ///< with HeartbeatExpired and Ended
};

/// Who follows the links of endpoints. Thread: any; quick, posts on. Ownership: outlives the links.
class LinkFollower
{
public:
    virtual ~LinkFollower() = default;
    /// Asked first, so that nothing is built when nobody listens (OB-03).
    virtual bool follows(Link::Direction direction) const noexcept = 0;
    virtual void handleReport(LinkReport report) noexcept = 0;
};

/// Asked about each accepted peer once it is known who it is. Thread: any. Ownership: outlives the
/// links.
class PrincipalGate
{
public:
    virtual ~PrincipalGate() = default;
    /// Null when the link may go on.
    virtual Error admitPrincipal(const Principal &principal,
                                 const QByteArray &peerAddress,
                                 qint64 now)
        = 0;
};

/// Who is at the other end of the open connections of one endpoint, for those who ask when a reactor
/// may not answer. Thread: any.
class OpenPeers
{
public:
    struct Peer
    {
        QByteArray address;
        QByteArray key; ///< empty until it is known
    };

    using Entry = std::list<Peer>::iterator;

    Entry add(const QByteArray &address)
    {
        const std::scoped_lock locked(m_lock);
        return m_peers.insert(m_peers.end(), {address, {}});
    }

    void setKey(Entry entry, const QByteArray &key)
    {
        const std::scoped_lock locked(m_lock);
        entry->key = key;
    }

    void remove(Entry entry)
    {
        const std::scoped_lock locked(m_lock);
        m_peers.erase(entry);
    }

    /// The longest open first.
    std::vector<Peer> list() const
    {
        const std::scoped_lock locked(m_lock);
        return {m_peers.begin(), m_peers.end()};
    }

private:
    mutable std::mutex m_lock;
    std::list<Peer> m_peers;
};

/// What links of one endpoint share. Thread: constant after start, the counters any. Ownership:
/// shared by the links, so that it outlives the last of them.
struct EndpointRuntime
{
    QString name;
    int number = 0;
    std::function<std::unique_ptr<LinkDriver>(const LinkContext &)> createDriver;
    std::shared_ptr<Logger> logger;
    std::shared_ptr<CarrierStack> carrier; ///< null: the plugin gets the bare socket
    PluginFailures pluginFailures{logger};
    ContainedAuthenticator authenticator{pluginFailures};
    ContainedAccessControl accessControl{pluginFailures};
    LinkFollower *follower = nullptr;
    PrincipalGate *gate = nullptr;
    SeatDesk *seats = nullptr; ///< null: its links cannot be services
    VersionGate serviceVersions; ///< of the services that its peers are
    qint64 maxLinks = 0; ///< with a peer that is known; 0: no bound of its own
    qint64 handshakeTimeoutNs = 10'000'000'000;
    bool needsNoHandshake = false;
    OverflowSettings overflow; ///< of its sessions' queues
    bool notices = true; ///< its sessions are told what they lost
    PeerKind peerKind = PeerKind::External;
    Durability durability = Durability::Disk; ///< of what its links' peers are promised
    bool tracksUse = false;
    std::atomic<qint64> lastUse = 0; ///< when something passed over a link, if it is tracked
    std::atomic<qint64> links = 0;
    OpenPeers peers;
};

using EndpointRuntimePtr = std::shared_ptr<EndpointRuntime>;

/// One connection of the endpoint, counted for as long as its stream is open.
class LinkPlace
{
public:
    LinkPlace(EndpointRuntimePtr endpoint, const QByteArray &peerAddress)
        : m_endpoint(std::move(endpoint))
        , m_peer(m_endpoint->peers.add(peerAddress))
    {
        m_endpoint->links.fetch_add(1, std::memory_order_relaxed);
    }

    LinkPlace(LinkPlace &&) noexcept = default;
    LinkPlace &operator=(LinkPlace &&) = delete;

    ~LinkPlace()
    {
        if (!m_endpoint)
            return;
        m_endpoint->peers.remove(m_peer);
        m_endpoint->links.fetch_sub(1, std::memory_order_relaxed);
    }

    void setPeerKey(const QByteArray &key) { m_endpoint->peers.setKey(m_peer, key); }

    EndpointRuntime &endpoint() const noexcept { return *m_endpoint; }

private:
    EndpointRuntimePtr m_endpoint;
    OpenPeers::Entry m_peer;
};

} // namespace fairlead::core
