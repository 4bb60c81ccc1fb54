// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "discovery/foundpeers.h"

namespace fairlead::ship {

/// What is announced. Two of the same are no change.
struct MdnsService
{
    QByteArray label; ///< the wish: another one gets a number behind it
    quint16 port = 0;
    QByteArrayList txt;

    bool operator==(const MdnsService &) const = default;
};

/// What an Mdns tells. Thread: main.
class MdnsReceiver
{
public:
    virtual ~MdnsReceiver() = default;

    /// It works from here on, and begins anew with everything.
    virtual void mdnsStarted() = 0;
    /// It does not, for this reason; said at the start too. What was found is not seen any more. It
    /// goes on by itself.
    virtual void mdnsStopped(const QString &why) = 0;
    virtual void serviceFound(const ServiceRef &service, const ServiceReport &report) = 0;
    virtual void serviceGone(const ServiceRef &service) = 0;
    /// Others see the service under this label.
    virtual void announced(const QByteArray &label) = 0;
    /// They do not; the next announce() or start tries again.
    virtual void announceFailed(const QString &why) = 0;
    /// Others cannot be looked for; it tries again by itself.
    virtual void browseFailed(const QString &why) = 0;
};

/// Multicast DNS for SHIP: announces one service and looks for those of others. Destroying it
/// withdraws the service. Thread: main.
class Mdns
{
public:
    virtual ~Mdns() = default;

    /// Begins, once; mdnsStopped() may come from inside it. @p receiver outlives it.
    virtual void start(MdnsReceiver &receiver) = 0;
    /// Announces @p service, in the place of the one before. Kept over the ends of the daemon.
    virtual void announce(const MdnsService &service) = 0;
    virtual void withdraw() = 0;
};

} // namespace fairlead::ship
