// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/action.h"
#include "protocol/settings.h"
#include "protocol/ski.h"

#include <QtCore/QByteArray>

#include <atomic>
#include <memory>

namespace fairlead {
class Executor;
}

namespace fairlead::ship {

/// Whom the desk tells what was decided. Thread: the link's reactor, never from inside a call of the
/// link.
class TrustFollower
{
public:
    virtual ~TrustFollower() = default;

    /// Rejected: also of one that was trusted until now.
    virtual void handleTrust(Trust trust) = 0;
    /// The peer's PIN.
    virtual void handlePin(const QByteArray &pin) = 0;
    /// What is known of the peer changed.
    virtual void handleClaims() = 0;
    /// It is the peer's only connection again.
    virtual void handleAlone() = 0;
};

/// A live link at the desk. Ownership: shared, for what is posted to its reactor may come late.
class TrustVisitor
{
public:
    TrustVisitor(const Ski &peer, const QByteArray &endpointName, Executor *executor) noexcept
        : ski(peer)
        , endpoint(endpointName)
        , m_executor(executor)
    { }

    const Ski ski;
    const QByteArray endpoint;

    /// Until when it is open which of several connections the peer keeps, this one or another; in the past
    /// or 0: it is not.
    qint64 contestedUntil() const noexcept { return m_contestedUntil; }

    // Written by the link, read by anybody.
    std::atomic<State> state = State::Idle;
    std::atomic<bool> wantsPin = false; ///< the peer waits for somebody to enter its PIN

private:
    friend class TrustDesk;

    std::atomic<qint64> m_contestedUntil = 0; ///< written under the desk's lock
    Executor *const m_executor; ///< null: it is told nothing
    TrustFollower *m_follower = nullptr; ///< the reactor's; null once the link is gone
    Trust m_trust = Trust::Pending; ///< as it was told last; under the desk's lock
};

using TrustVisitorPtr = std::shared_ptr<TrustVisitor>;

} // namespace fairlead::ship
