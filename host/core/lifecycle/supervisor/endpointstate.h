// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QMetaType>

#include <fairlead/result.h>

#include <array>

namespace fairlead::core {

/// Where an endpoint is. What may follow what (SV-01), "=" being a silent no-op:
///
///     from \ to     Idle Starting Running Reconnecting Draining Stopping Stopped Failed
///     Idle           =      x                                      x
///     Starting              =        x         x                   x               x
///     Running                        =         x          x        x               x
///     Reconnecting                   x         =                   x               x
///     Draining                                            =        x
///     Stopping                                                     =        x
///     Stopped               x                                               =
///     Failed                x                                      x               =
enum class EndpointState : quint8 {
    Idle, ///< configured, never started
    Starting, ///< the first attempt, or a passive endpoint that awaits its peer
    Running, ///< the link is Ready, or the socket listens
    Reconnecting, ///< the link was lost or did not come up: the next attempt waits or runs
    Draining, ///< no new work; what was accepted is still delivered
    Stopping, ///< the link is being closed
    Stopped,
    Failed ///< given up, see the reason; only an explicit start changes that
};

inline constexpr std::array<EndpointState, 8> kEndpointStates = {EndpointState::Idle,
                                                                 EndpointState::Starting,
                                                                 EndpointState::Running,
                                                                 EndpointState::Reconnecting,
                                                                 EndpointState::Draining,
                                                                 EndpointState::Stopping,
                                                                 EndpointState::Stopped,
                                                                 EndpointState::Failed};

/// The stable lower-case name, as logs and the control API show it.
const char *endpointStateName(EndpointState state) noexcept;

enum class SupervisedRole : quint8 {
    Dial, ///< we dial the peer; its link is the endpoint's link
    Listen, ///< the listening socket is the endpoint's link
    Passive ///< the peer dials in; nothing to open, its place is kept
};

const char *supervisedRoleName(SupervisedRole role) noexcept;

/// True if the state changes, false if it is the same. Errors: InvalidTransition, naming both.
Result<bool> checkTransition(EndpointState from, EndpointState to);

} // namespace fairlead::core

Q_DECLARE_METATYPE(fairlead::core::EndpointState)
