// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "discovery/foundpeers.h"

#include <QtCore/QJsonArray>

#include <functional>

namespace fairlead::ship {

/// How multicast DNS fares.
struct MdnsState
{
    bool isUp = false;
    QString reason; ///< why it is not
    QByteArray label; ///< under which others see us; empty: they do not
};

/// An object for each peer, by SKI, for people and programs.
[[nodiscard]] QJsonArray foundViews(const std::vector<FoundPeer> &peers,
                                    const std::function<bool(const Ski &)> &isTrusted);

/// What is on the bus: the peers, and whether there may be more.
[[nodiscard]] QByteArray foundJson(const MdnsState &state, const QJsonArray &peers);

} // namespace fairlead::ship
