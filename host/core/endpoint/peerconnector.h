// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/endpoint/dialconnector.h"
#include "core/endpoint/hostdial.h"
#include "core/lifecycle/supervisor/discoverydelay.h"

#include <QtCore/QSet>

namespace fairlead::core {

/// Dials a peer that was found: after a delay that two hosts which find each other do not share
/// (SV-13), by all places it is known to be at (SV-14). A place where somebody else was met, or nobody
/// who speaks the protocol, has its turn after the others. Thread: main.
class PeerConnector final : public DialConnector
{
public:
    /// How long who is nowhere to be found but others in its places is left alone.
    static constexpr qint64 kMismatchPauseNs = 60 * kNsPerSecond;

    struct Peer
    {
        std::vector<HostDial::Place> places;
        qint64 dialDeadlineNs = 0; ///< of the dial itself, after its delay
        /// How often it was dialled since its link was last stable.
        std::function<quint32()> attempts;
    };

    /// The references outlive it; @p delays calls dialNow(), with the number of @p endpoint for its
    /// key.
    PeerConnector(MainLoop &loop,
                  std::shared_ptr<HostEndpoint> endpoint,
                  const Host &host,
                  DiscoverySchedule &delays,
                  Peer peer);
    ~PeerConnector() override;

    /// For the next attempt.
    void setPlaces(std::vector<HostDial::Place> places);

    /// The delay is over.
    void dialNow();

private:
    void startDial(qint64 deadline) override;
    void abortDial() noexcept override;
    void linkIsOver(const LinkReport &report) override;

    QString delayKey() const;
    std::vector<HostDial::Place> placesInTurn() const;

    MainLoop &m_loop;
    DiscoverySchedule &m_delays;
    Peer m_peer;
    std::unique_ptr<HostDial> m_dial;
    QSet<QByteArray> m_doubtful; ///< places as links name them
    qint64 m_deadline = 0;
    quint32 m_failures = 0; ///< since there was a link
};

} // namespace fairlead::core
