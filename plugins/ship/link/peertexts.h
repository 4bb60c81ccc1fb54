// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/action.h"
#include "trust/trustbook.h"

#include <QtCore/QByteArray>

#include <fairlead/error.h>

#include <vector>

namespace fairlead::ship {

/// What passed over one link, data alone.
struct LinkCounters
{
    quint64 rxMessages = 0;
    quint64 rxBytes = 0;
    quint64 rxDropped = 0; ///< of them: refused by the bus
    quint64 txMessages = 0; ///< handed to the connection
    quint64 txBytes = 0;
    quint64 txDropped = 0; ///< not JSON, or too large
    quint64 txLosses = 0; ///< how often its queue lost messages
};

/// What the state topic says.
struct PeerState
{
    State phase = State::Idle;
    bool connected = false; ///< false: no connection at all
    bool waiting = false; ///< messages for the peer wait for the data exchange
    Role role = Role::Server; ///< ours
    QByteArray address;
    qint64 sinceUtcMs = -1; ///< when the connection began or ended; -1: not known
    const LinkCounters *counters = nullptr; ///< null: not known
    Error reason; ///< why it ended
};

/// JSON, one object each.
[[nodiscard]] QByteArray stateJson(const PeerState &state);
[[nodiscard]] QByteArray infoJson(const TrustedPeer &peer, const AccessMethods &methods);
/// Who waits for somebody's decision; @p now and @p utcMs are of the same moment.
[[nodiscard]] QByteArray pairingJson(const std::vector<TrustRequest> &requests,
                                     qint64 now,
                                     qint64 utcMs);

} // namespace fairlead::ship
