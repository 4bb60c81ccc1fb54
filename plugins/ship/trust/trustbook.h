// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/settings.h"
#include "trust/trustedpeer.h"

#include <map>
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
};

struct TrustLimits
{
    std::size_t peers = 1024;
    std::size_t requests = 64; ///< the one that was silent longest makes room
    qint64 requestKeepMs = 600'000; ///< a request without a further attempt is forgotten
    qint64 rejectedMs = 60'000; ///< whom somebody rejected is not asked about again so soon
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

    /// @p askPeople false: strangers are refused without a word to anybody.
    explicit TrustBook(bool askPeople = true, const TrustLimits &limits = TrustLimits());

    /// The stored and configured peers are known. Until then nobody is refused, for a stranger may be
    /// an old friend.
    void load(std::vector<TrustedPeer> peers);

    [[nodiscard]] Judgement judge(const Ski &ski,
                                  const PeerClaims &claims,
                                  qint64 now,
                                  qint64 utcMs);

    /// Makes a record, or changes label and source of one. False: there is no place for another.
    [[nodiscard]] bool accept(TrustedPeer peer);
    void reject(const Ski &ski, qint64 now);
    [[nodiscard]] Removal remove(const Ski &ski, qint64 now);
    /// After the peer's access methods, or its announcement.
    [[nodiscard]] Learned learn(const Ski &ski, const PeerClaims &claims, qint64 utcMs);

    [[nodiscard]] const TrustedPeer *find(const Ski &ski) const;
    [[nodiscard]] std::vector<TrustedPeer> peers() const;
    [[nodiscard]] std::vector<TrustRequest> requests(qint64 now) const;

    /// The specification allows two minutes. Ends with the first peer that comes through it.
    void openWindow(qint64 milliseconds, qint64 now);
    void closeWindow() noexcept;
    /// What mDNS announces as `register`.
    [[nodiscard]] bool isWindowOpen(qint64 now) const noexcept;

    static constexpr qint64 kWindowMs = 60'000;
    static constexpr qint64 kMaxWindowMs = 120'000;

private:
    bool request(const Ski &ski, const PeerClaims &claims, qint64 now);
    void forgetOld(qint64 now);

    bool m_askPeople;
    TrustLimits m_limits;
    bool m_loaded = false;
    qint64 m_windowUntil = 0;
    std::map<Ski, TrustedPeer> m_peers;
    std::map<Ski, TrustRequest> m_requests;
    std::map<Ski, qint64> m_rejectedUntil;
};

} // namespace fairlead::ship
