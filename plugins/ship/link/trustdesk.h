// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "link/shipoptions.h"
#include "trust/trustbook.h"

#include <map>
#include <mutex>
#include <optional>

namespace fairlead::ship {

/// The trust book of one endpoint, for links on several reactors. Thread: any.
class TrustDesk
{
public:
    explicit TrustDesk(const ShipOptions &options);

    /// Who was dialled was chosen: there is nothing left to decide.
    void trustDialled(const Ski &ski, const QByteArray &label);
    [[nodiscard]] TrustBook::Judgement judge(const Ski &ski, qint64 now, qint64 utcMs);
    [[nodiscard]] std::optional<TrustedPeer> find(const Ski &ski) const;
    TrustBook::Learned learn(const Ski &ski, const PeerClaims &claims, qint64 utcMs);
    [[nodiscard]] std::vector<TrustRequest> requests(qint64 now) const;

    /// How often a trusted peer entered a wrong PIN: its penalties outlive a connection.
    [[nodiscard]] quint32 wrongPins(const Ski &ski) const;
    void noteWrongPins(const Ski &ski, quint32 count);

private:
    mutable std::mutex m_lock;
    TrustBook m_book;
    std::map<Ski, quint32> m_wrongPins; ///< of trusted peers, which are bounded
};

} // namespace fairlead::ship
