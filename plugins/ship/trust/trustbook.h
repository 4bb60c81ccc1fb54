// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/settings.h"
#include "trust/trustedpeer.h"

#include <map>
#include <optional>
#include <vector>

namespace fairlead::ship {

/// A peer that nobody decided about.
struct TrustRequest
{
    Ski ski;
    PeerClaims claims; ///< of its last attempt
    qint64 firstAt = 0; ///< monotonic nanoseconds
    qint64 lastAt = 0;
    quint32 attempts = 0;
    QByteArray endpoint; ///< where it came last
};

struct TrustLimits
{
    std::size_t peers = 1024;
    std::size_t requests = 64; ///< the one that was silent longest makes room
    qint64 requestKeepMs = 600'000; ///< a request without a further attempt is forgotten
    qint64 rejectedMs = 60'000; ///< whom somebody rejected is not asked about again so soon
    qint64 seenStepMs = 900'000; ///< a sight of a peer is stored no more often
};

/// Where a peer comes in.
struct Entrance
{
    QByteArray endpoint;
    bool asksPeople = true; ///< false: strangers are refused without a word to anybody
};

/// Who may connect: the records in memory, requests that wait for a decision, and the window in which
/// the first stranger is accepted unseen. What changes is to be stored by the caller. Pure: time is
/// passed in, monotonic nanoseconds for waits and UTC milliseconds for what is kept.
class TrustBook
{
public:
    struct Judgement
    {
        Trust trust = Trust::Pending;
        bool autoAccepted = false; ///< a record was made: store it
        bool newRequest = false; ///< tell people
    };

    enum class Removal : quint8 {
        Removed,
        Unknown,
        Configured ///< the configuration says otherwise
    };

    enum class Learned : quint8 {
        Nothing,
        Changed, ///< store it
        OtherIdentity ///< the SHIP ID is not the one of before
    };

    explicit TrustBook(const TrustLimits &limits = TrustLimits());

    /// The stored peers are known. Until then nobody is refused, for a stranger may be an old friend.
    /// One that was stored for the configuration's sake is remembered, and not trusted for that.
    void load(std::vector<TrustedPeer> peers);

    [[nodiscard]] bool isLoaded() const noexcept { return m_loaded; }

    /// Whom the configuration of @p endpoint trusts, in the place of what it said before.
    void configure(const QByteArray &endpoint, const std::vector<TrustedPeer> &peers);
    /// One more of them.
    void confide(const QByteArray &endpoint, const Ski &ski, const QByteArray &label);
    void unconfigure(const QByteArray &endpoint);

    [[nodiscard]] Judgement judge(const Ski &ski,
                                  const PeerClaims &claims,
                                  qint64 now,
                                  qint64 utcMs,
                                  const Entrance &entrance = Entrance());

    /// Makes a record, or changes label and source of one. False: there is no place for another.
    [[nodiscard]] bool accept(TrustedPeer peer);
    void reject(const Ski &ski, qint64 now);
    /// It may ask again at once; the window does not let it in.
    [[nodiscard]] Removal remove(const Ski &ski);
    /// What remove() would do.
    [[nodiscard]] Removal removalOf(const Ski &ski) const;
    /// After the peer's access methods, or its announcement.
    [[nodiscard]] Learned learn(const Ski &ski, const PeerClaims &claims, qint64 utcMs);
    /// Its request is still of interest: it waits.
    void keepWaiting(const Ski &ski, qint64 now);

    [[nodiscard]] const TrustedPeer *find(const Ski &ski) const;
    /// As it is to be stored; nothing when it is not trusted.
    [[nodiscard]] std::optional<TrustedPeer> recordOf(const Ski &ski) const;
    [[nodiscard]] std::vector<TrustedPeer> peers() const;
    [[nodiscard]] std::vector<TrustRequest> requests(qint64 now) const;

    /// Until when (monotonic nanoseconds), those whom nobody is asked about.
    [[nodiscard]] const std::map<Ski, qint64> &rejected() const noexcept { return m_rejectedUntil; }

    [[nodiscard]] bool isRejected(const Ski &ski, qint64 now) const;
    [[nodiscard]] bool hasRoomFor(const Ski &ski) const;

    /// The specification allows two minutes. Ends with the first peer that comes through it.
    void openWindow(qint64 milliseconds, qint64 now);
    void closeWindow() noexcept;
    /// What mDNS announces as `register`.
    [[nodiscard]] bool isWindowOpen(qint64 now) const noexcept;

    static constexpr qint64 kWindowMs = 60'000;
    static constexpr qint64 kMaxWindowMs = 120'000;

private:
    struct Kept
    {
        TrustSource source = TrustSource::Verified;
        QByteArray label;
    };

    struct Entry
    {
        TrustedPeer peer; ///< as it counts
        std::optional<Kept> kept; ///< a decision, to be stored
        std::map<QByteArray, QByteArray> configured; ///< endpoints with their labels
        qint64 storedSeenUtcMs = 0;
    };

    using Entries = std::map<Ski, Entry>;

    Entry &entryOf(const Ski &ski);
    Entries::iterator settle(Entries::iterator place);
    void settleAll();
    bool request(const Ski &ski, const PeerClaims &claims, qint64 now, const QByteArray &endpoint);
    void forgetOld(qint64 now);

    TrustLimits m_limits;
    bool m_loaded = false;
    qint64 m_windowUntil = 0;
    Entries m_peers;
    std::map<Ski, TrustedPeer> m_remembered; ///< stored, and not trusted now
    std::map<Ski, TrustRequest> m_requests;
    std::map<Ski, qint64> m_rejectedUntil;
};

} // namespace fairlead::ship
