// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/observe/eventedges.h"

namespace fairlead::core {

PeerEdge PeerEdges::note(qsizetype total, const QByteArray &key)
{
    const bool any = total > 0;
    if (any == m_any || (any && m_closed))
        return PeerEdge::None;
    m_any = any;
    if (!any)
        return PeerEdge::AllGone;
    m_first = key;
    release(&key);
    return PeerEdge::First;
}

void PeerEdges::whenFirst(Waiter waiter)
{
    if (m_closed)
        waiter(nullptr);
    else if (m_any)
        waiter(&m_first);
    else
        m_waiters.push_back(std::move(waiter));
}

void PeerEdges::close()
{
    m_closed = true;
    release(nullptr);
}

void PeerEdges::release(const QByteArray *key)
{
    const std::vector<Waiter> waiters = std::exchange(m_waiters, {});
    for (const Waiter &waiter : waiters)
        waiter(key);
}

} // namespace fairlead::core
