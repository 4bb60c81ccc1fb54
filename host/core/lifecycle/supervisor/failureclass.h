// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

#include <fairlead/error.h>

namespace fairlead::core {

/// How a link or an attempt ended.
enum class EndCause : quint8 {
    Lost, ///< the network, the peer or a deadline; the error says which
    Deliberate, ///< closed on purpose on this side
    Refused, ///< routing or admission does not want this peer
    Crashed, ///< its plugin failed
    GaveWay ///< another link of the peer stays: opened again once that one is gone
};

/// What decides whether the supervisor opens an endpoint again (LC-10).
struct ReconnectFacts
{
    bool isOpenedByUs = false; ///< dialled or listened; an accepted link never is
    bool isDesired = false;
    bool isClosing = true; ///< the host is shutting down
    bool isEnabled = false; ///< reconnecting is configured
    bool isRetryable = false; ///< see isRetryableFailure()
};

bool mayReconnect(const ReconnectFacts &facts, EndCause cause) noexcept;

/// Whether the same attempt may succeed later (SV-10): refused, unreachable, reset, timeouts and
/// name lookup may; configuration, identity, version and trust need a person. Follows
/// Error::isRetryable(), which whoever reports the failure may set.
bool isRetryableFailure(const Error &error) noexcept;

/// The peer is there by another link; not a failure, and no attempt is counted.
Error connectedElsewhere(qint64 lookAgainNs);
bool isConnectedElsewhere(const Error &error) noexcept;

/// The peer's own wish when to be asked again, carried in the error's detail "retryAfterMs".
void setRetryAfter(Error &error, qint64 delayNs);
/// 0 when there is none; at most a day, so that no peer can lock itself out for ever.
qint64 retryAfter(const Error &error);

/// @p error with the detail "step", unless the reporter named one (SV-03).
Error withStep(Error error, const char *step);

} // namespace fairlead::core
