// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/security/linkrates.h"

#include "core/security/addressrules.h"

#include <algorithm>
#include <tuple>

namespace fairlead::core {

LinkRates::LinkRates(quint32 perSecond, std::size_t maxPeers)
    : m_perSecond(perSecond)
    , m_maxPeers(std::max<std::size_t>(maxPeers, 1))
{ }

void LinkRates::moveTo(Peer &peer, qint64 step) noexcept
{
    constexpr auto kSlots = qint64(std::tuple_size_v<decltype(Peer::begun)>);
    if (step - peer.step >= kSlots) {
        peer.begun.fill(0);
        peer.total = 0;
    } else {
        for (qint64 at = peer.step + 1; at <= step; ++at) {
            quint32 &slot = peer.begun[std::size_t(at % kSlots)];
            peer.total -= slot;
            slot = 0;
        }
    }
    peer.step = std::max(peer.step, step);
}

bool LinkRates::take(const QByteArray &peer, qint64 now)
{
    if (m_perSecond == 0)
        return true;
    const qint64 step = now / kStepNs;
    const std::scoped_lock locked(m_lock);
    auto found = m_peers.find(peer);
    if (found == m_peers.end()) {
        if (std::size_t(m_peers.size()) >= m_maxPeers) {
            m_peers.remove(m_order.front());
            m_order.pop_front();
            ++m_evicted;
        }
        found = m_peers.insert(peer, Peer());
        found->step = step;
        found->order = m_order.insert(m_order.end(), peer);
    }
    Peer &known = *found;
    moveTo(known, step);
    if (known.total >= m_perSecond)
        return false;
    known.lastTaken = known.step;
    ++known.total;
    ++known.begun[std::size_t(known.step) % known.begun.size()];
    m_order.splice(m_order.end(), m_order, known.order);
    return true;
}

void LinkRates::giveBack(const QByteArray &peer, qint64 now)
{
    const std::scoped_lock locked(m_lock);
    const auto found = m_peers.find(peer);
    if (found == m_peers.end())
        return;
    moveTo(*found, now / kStepNs);
    for (std::size_t back = 0; back < found->begun.size() && found->total > 0; ++back) {
        quint32 &slot = found->begun[std::size_t(found->step + qint64(found->begun.size() - back))
                                     % found->begun.size()];
        if (slot > 0) {
            --slot;
            --found->total;
            return;
        }
    }
}

void LinkRates::forgetIdle(qint64 now)
{
    const qint64 step = now / kStepNs;
    const std::scoped_lock locked(m_lock);
    while (!m_order.empty()) {
        const auto oldest = m_peers.find(m_order.front());
        if (step - oldest->lastTaken < qint64(oldest->begun.size()))
            return;
        m_peers.erase(oldest);
        m_order.pop_front();
    }
}

std::size_t LinkRates::size() const
{
    const std::scoped_lock locked(m_lock);
    return std::size_t(m_peers.size());
}

quint64 LinkRates::evicted() const
{
    const std::scoped_lock locked(m_lock);
    return m_evicted;
}

QByteArray rateKey(const QHostAddress &address)
{
    const QHostAddress plain = plainAddress(address);
    if (plain.protocol() == QAbstractSocket::IPv4Protocol)
        return "4" + QByteArray::number(plain.toIPv4Address(), 16);
    const Q_IPV6ADDR bytes = plain.toIPv6Address();
    return "6" + QByteArray(reinterpret_cast<const char *>(&bytes), 8).toHex();
}

QByteArray rateKey(const QByteArray &principal)
{
    return "p" + principal;
}

} // namespace fairlead::core
