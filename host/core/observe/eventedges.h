// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>

#include <functional>
#include <utility>
#include <vector>

namespace fairlead::core {

enum class PeerEdge : quint8 {
    None,
    First, ///< nobody was connected before
    AllGone, ///< the last one left, after there was a first
};

/// Turns the number of connected peers into edges (OB-02), and releases those who wait for the
/// first one, or for the end without any (SH-07). Thread: main.
class PeerEdges
{
public:
    /// Gets the key of the first peer, or null when none will come.
    using Waiter = std::function<void(const QByteArray *key)>;

    /// @p total peers are connected now, and @p key is the one that came or went.
    PeerEdge note(qsizetype total, const QByteArray &key);
    /// Called at once when a peer is there or the host is closed; else when it is so.
    void whenFirst(Waiter waiter);
    /// No peer comes any more.
    void close();

private:
    void release(const QByteArray *key);

    std::vector<Waiter> m_waiters;
    QByteArray m_first;
    bool m_any = false;
    bool m_closed = false;
};

} // namespace fairlead::core
