// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/lifecycle/supervisor/endpointstate.h"

#include <QtCore/QMetaType>
#include <QtCore/QString>

#include <fairlead/error.h>

namespace fairlead::core {

/// Something that happened to an endpoint. The events of one endpoint form a chain: a change begins
/// in the state in which the one before ended (OB-01). Thread: a value.
struct EndpointEvent
{
    enum class Kind : quint8 {
        StateChanged,
        Started, ///< between Idle -> Starting and Starting -> Running
        Stopped, ///< after -> Stopped
        Reconnected, ///< after Reconnecting -> Running
        ReconnectFailed, ///< after -> Failed: no more attempts
        ReconnectScheduled, ///< a ticket was drawn: the next attempt follows after delayNs
        DialStorm ///< others than the back-off used the dial budget up; once per window
    };
    Kind kind = Kind::StateChanged;
    QString name;
    quint64 generation = 0; ///< of the link or attempt it is about; 0: none was ever made
    EndpointState from = EndpointState::Idle; ///< equals `to` but with StateChanged
    EndpointState to = EndpointState::Idle;
    qint64 at = 0; ///< monotonic nanoseconds
    Error reason; ///< null: as asked
    quint32 attempt = 0; ///< reconnect attempts since the link was last stable
    qint64 delayNs = 0;
};

/// An endpoint as it is now, made from the fields that drive it (SV-02). Thread: a value.
struct EndpointStatus
{
    QString name;
    QString url;
    SupervisedRole role = SupervisedRole::Dial;
    EndpointState state = EndpointState::Idle;
    bool enabled = true;
    qint64 since = 0; ///< in this state, monotonic nanoseconds
    quint32 attempts = 0;
    quint32 maxAttempts = 0; ///< 0: no bound
    qint64 nextRetryAt = -1; ///< monotonic; -1: none is scheduled
    qint64 unavailableUntil = -1; ///< monotonic; -1: not paused after crashes
    Error lastReason; ///< why the last link or attempt ended; null: none did
    quint64 generation = 0; ///< the link's, else the attempt's, else the last one's
    QString peer; ///< who is or was at the other end; of a listener its real address
    qint64 links = 0; ///< live links, a listener's accepted ones
    quint64 stale = 0; ///< late reports, timers and acks that were dropped (RG-14)
};

} // namespace fairlead::core

Q_DECLARE_METATYPE(fairlead::core::EndpointEvent)
Q_DECLARE_METATYPE(fairlead::core::EndpointStatus)
