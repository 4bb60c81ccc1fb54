// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>

#include <fairlead/error.h>

namespace fairlead::tcp {

/// What passed over one link.
struct LinkCounters
{
    quint64 rxFrames = 0; ///< after the one that names the peer
    quint64 rxBytes = 0; ///< their content
    quint64 rxDropped = 0; ///< of them: no text, refused by the bus, or nowhere to go
    quint64 txFrames = 0; ///< handed to the connection
    quint64 txBytes = 0;
    quint64 txDropped = 0; ///< messages that fit no frame
    quint64 skippedBytes = 0; ///< came outside of frames
};

/// What the state topic says of a link.
struct LinkState
{
    bool connected = false;
    QByteArray address;
    qint64 sinceUtcMs = -1; ///< when that state began; -1: not known
    const LinkCounters *counters = nullptr; ///< null: not known
    Error reason; ///< why it ended
};

/// The state as JSON, one object.
QByteArray stateJson(const LinkState &state);

} // namespace fairlead::tcp
