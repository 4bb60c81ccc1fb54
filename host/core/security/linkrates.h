// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QHash>
#include <QtNetwork/QHostAddress>

#include <fairlead/clock.h>

#include <array>
#include <list>
#include <mutex>

namespace fairlead::core {

/// How many links each peer began within the last second (AD-05). What was refused does not count:
/// who keeps trying gets its rate all the same.
///
/// Peers that were quiet for a second are forgotten; beyond kMaxPeers the one that is quiet for
/// longest is. Thread: any.
class LinkRates
{
public:
    static constexpr qint64 kWindowNs = kNsPerSecond;
    static constexpr std::size_t kMaxPeers = 16384;

    /// @p perSecond 0: no bound.
    explicit LinkRates(quint32 perSecond, std::size_t maxPeers = kMaxPeers);

    /// One more of @p peer; false when it has begun as many as it may.
    bool take(const QByteArray &peer, qint64 now);
    /// What take() counted last was somebody else's.
    void giveBack(const QByteArray &peer, qint64 now);
    void forgetIdle(qint64 now);

    std::size_t size() const;

    /// Forgotten for lack of room.
    quint64 evicted() const;

private:
    // The window moves in steps. One slot more than it has steps, so that it is never short.
    static constexpr int kSteps = 16;
    static constexpr qint64 kStepNs = kWindowNs / kSteps;

    struct Peer
    {
        std::array<quint32, kSteps + 1> begun = {};
        quint32 total = 0;
        qint64 step = 0; ///< the latest one in `begun`
        qint64 lastTaken = 0; ///< step
        std::list<QByteArray>::iterator order;
    };

    static void moveTo(Peer &peer, qint64 step) noexcept;

    const quint32 m_perSecond;
    const std::size_t m_maxPeers;
    mutable std::mutex m_lock;
    QHash<QByteArray, Peer> m_peers;
    std::list<QByteArray> m_order; ///< who was counted last is last
    quint64 m_evicted = 0;
};

/// Whom an address stands for: itself, or the /64 that an IPv6 host may choose it from.
QByteArray rateKey(const QHostAddress &address);
/// Whom a verified name stands for; never equal to an address'.
QByteArray rateKey(const QByteArray &principal);

} // namespace fairlead::core
