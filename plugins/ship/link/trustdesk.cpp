// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "link/trustdesk.h"

namespace fairlead::ship {

TrustDesk::TrustDesk(const ShipOptions &options)
    : m_book(options.asksPeople)
{
    m_book.load(options.trusted);
}

void TrustDesk::trustDialled(const Ski &ski, const QByteArray &label)
{
    const std::scoped_lock locked(m_lock);
    // Its book holds nobody else.
    (void)m_book.accept({ski, TrustSource::Configuration, label, {}, 0, 0});
}

TrustBook::Judgement TrustDesk::judge(const Ski &ski, qint64 now, qint64 utcMs)
{
    const std::scoped_lock locked(m_lock);
    return m_book.judge(ski, PeerClaims(), now, utcMs);
}

std::optional<TrustedPeer> TrustDesk::find(const Ski &ski) const
{
    const std::scoped_lock locked(m_lock);
    const TrustedPeer *peer = m_book.find(ski);
    return peer ? std::optional(*peer) : std::nullopt;
}

TrustBook::Learned TrustDesk::learn(const Ski &ski, const PeerClaims &claims, qint64 utcMs)
{
    const std::scoped_lock locked(m_lock);
    return m_book.learn(ski, claims, utcMs);
}

std::vector<TrustRequest> TrustDesk::requests(qint64 now) const
{
    const std::scoped_lock locked(m_lock);
    return m_book.requests(now);
}

quint32 TrustDesk::wrongPins(const Ski &ski) const
{
    const std::scoped_lock locked(m_lock);
    const auto found = m_wrongPins.find(ski);
    return found == m_wrongPins.end() ? 0 : found->second;
}

void TrustDesk::noteWrongPins(const Ski &ski, quint32 count)
{
    const std::scoped_lock locked(m_lock);
    if (count > 0 && m_book.find(ski))
        m_wrongPins[ski] = count;
    else
        m_wrongPins.erase(ski);
}

} // namespace fairlead::ship
