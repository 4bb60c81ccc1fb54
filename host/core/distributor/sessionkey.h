// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QByteArray>

namespace fairlead::core {

/// Whose sessions count for no stream's bound (see StreamSeats) and slow no publisher down.
enum class PeerKind : quint8 {
    External,
    Observer ///< comes by an endpoint that the operator keeps to watch with
};

/// Names a session: a principal's own, of one of its peers. An observer has sessions of its own, so
/// that none changes its kind with a link.
inline QByteArray sessionKeyOf(const QByteArray &principal, const QByteArray &peer, PeerKind kind)
{
    // No principal's name begins like that.
    const QByteArray front = kind == PeerKind::Observer ? QByteArray(2, '\0') : QByteArray();
    return front + principal + '\0' + peer;
}

inline QByteArray principalOf(const QByteArray &sessionKey)
{
    const qsizetype front = sessionKey.startsWith(QByteArray(2, '\0')) ? 2 : 0;
    return sessionKey.mid(front, sessionKey.indexOf('\0', front) - front);
}

inline PeerKind peerKindOf(const QByteArray &sessionKey)
{
    return sessionKey.startsWith(QByteArray(2, '\0')) ? PeerKind::Observer : PeerKind::External;
}

} // namespace fairlead::core
