// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "link/shipoptions.h"
#include "link/trustvisitor.h"
#include "trust/trustbook.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

namespace fairlead::ship {

/// Who may connect, for all endpoints: they have one identity, and so has a peer. Thread: any, but for
/// what says otherwise. Ownership: shared by the endpoints.
class TrustDesk final : public std::enable_shared_from_this<TrustDesk>
{
public:
    /// How long it is open which of several connections a peer keeps. Who keeps the newest takes a second
    /// for it, who pings them does after three: later both seem to stay.
    static constexpr qint64 kContestNs = 3'000'000'000;

    explicit TrustDesk(const TrustLimits &limits = TrustLimits());

    /// One that keeps nothing, and has nothing to wait for.
    [[nodiscard]] static std::shared_ptr<TrustDesk> unkept();

    // For the keeper; thread: main.

    /// @p changed is called on @p main after what takeChanges() tells; both outlive the desk.
    void setListener(Executor &main, std::function<void()> changed);
    void load(std::vector<TrustedPeer> peers);
    [[nodiscard]] bool isLoaded() const;

    struct Changes
    {
        std::set<Ski> toStore; ///< their records
        std::map<Ski, bool> trust; ///< who is trusted now, or no longer
    };

    [[nodiscard]] Changes takeChanges();

    // For endpoints; thread: main.

    /// The endpoint's configuration counts, in the place of one of the same name. Yields a number for
    /// close().
    quint64 open(const ShipOptions &options);
    /// Nothing when another took its place.
    void close(quint64 number);

    // For links; thread: their reactor.

    struct Arrival
    {
        TrustBook::Judgement judgement;
        TrustVisitorPtr visitor;
    };

    /// What is decided from here on is told to @p follower, until leave().
    [[nodiscard]] Arrival arrive(const Ski &ski,
                                 const Entrance &entrance,
                                 Executor *executor,
                                 TrustFollower &follower,
                                 qint64 now,
                                 qint64 utcMs);
    void leave(const TrustVisitorPtr &visitor);
    /// Whom the endpoint dials is who was meant.
    void trustDialled(const Ski &ski, const QByteArray &endpoint);
    [[nodiscard]] TrustBook::Learned learn(const Ski &ski, const PeerClaims &claims, qint64 utcMs);
    void keepWaiting(const Ski &ski, qint64 now);
    /// How often the peer entered a wrong PIN: penalties outlive a reconnect.
    [[nodiscard]] quint32 wrongPins(const Ski &ski) const;
    void noteWrongPins(const Ski &ski, quint32 count);
    /// That somebody entered for the peer, and that is not known to be wrong.
    [[nodiscard]] QByteArray peerPin(const Ski &ski) const;
    void forgetPeerPin(const Ski &ski);

    // Questions.

    [[nodiscard]] std::optional<TrustedPeer> find(const Ski &ski) const;

    [[nodiscard]] bool isTrusted(const Ski &ski) const { return find(ski).has_value(); }

    [[nodiscard]] std::optional<TrustedPeer> recordOf(const Ski &ski) const;
    [[nodiscard]] TrustBook::Removal removalOf(const Ski &ski) const;
    [[nodiscard]] bool hasRoomFor(const Ski &ski) const;
    [[nodiscard]] std::vector<TrustRequest> requests(qint64 now) const;
    [[nodiscard]] std::map<Ski, qint64> rejected(qint64 now) const;
    [[nodiscard]] std::vector<TrustedPeer> peers() const;
    [[nodiscard]] std::vector<TrustVisitorPtr> visitors() const;
    /// What mDNS announces as `register`.
    [[nodiscard]] bool isWindowOpen(qint64 now) const;

    struct Board
    {
        QByteArray endpoint;
        QByteArray root;
    };

    /// The endpoints that are open.
    [[nodiscard]] std::vector<Board> boards() const;

    // Decisions, in memory. They reach live links.

    [[nodiscard]] bool accept(const TrustedPeer &peer);
    void reject(const Ski &ski, qint64 now);
    [[nodiscard]] TrustBook::Removal remove(const Ski &ski);
    void openWindow(qint64 milliseconds, qint64 now);
    void closeWindow();
    /// How many live links got it; it is kept for later ones.
    int enterPin(const Ski &ski, const QByteArray &pin);

private:
    struct Endpoint
    {
        quint64 number = 0;
        QByteArray root;
    };

    static void tell(const TrustVisitorPtr &visitor, Trust trust);
    void tellClaims(const Ski &ski);
    [[nodiscard]] std::vector<TrustVisitorPtr> visitorsOf(const Ski &ski) const;
    void follow();
    void wake();
    void handleWake();

    mutable std::mutex m_lock; ///< guards all below
    TrustBook m_book;
    quint64 m_lastNumber = 0;
    std::map<QByteArray, Endpoint> m_endpoints;
    std::vector<TrustVisitorPtr> m_visitors;
    std::set<Ski> m_trusted; ///< as followers know it
    std::map<Ski, quint32> m_wrongPins;
    std::map<Ski, QByteArray> m_peerPins;
    Changes m_changes;
    Executor *m_main = nullptr;
    std::function<void()> m_changed;
    bool m_isWoken = false;
};

} // namespace fairlead::ship
