// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QJsonArray>

namespace fairlead::ship {

class TrustDesk;

/// Everybody the desk knows, for operators: an object each, those who wait for a decision first. @p now
/// and @p utcMs are of the same moment.
[[nodiscard]] QJsonArray peerViews(const TrustDesk &desk, qint64 now, qint64 utcMs);

/// @p views with what is found in the network: of the peers that are in it, and of strangers that are
/// there now. @p found: as foundViews() makes it.
[[nodiscard]] QJsonArray withFound(QJsonArray views, const QJsonArray &found);

} // namespace fairlead::ship
