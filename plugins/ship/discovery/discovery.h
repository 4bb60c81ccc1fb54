// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "discovery/foundtext.h"
#include "discovery/mdns.h"

#include <fairlead/logger.h>
#include <fairlead/timers.h>

#include <functional>
#include <memory>

namespace fairlead {
class Clock;
class PeerDials;
class Publisher;
} // namespace fairlead

namespace fairlead::ship {

/// One listener in the network: announced while it listens, and looking for others. A trusted peer
/// that was found once is wanted until it is not trusted any more, however its announcement flickers;
/// all that are found are shown on the bus, retained.
///
/// Thread: main. Ownership: the listener's.
class Discovery final : private MdnsReceiver
{
public:
    struct Parts
    {
        Announcement own; ///< as it is while nobody may come in unseen
        QByteArray topic; ///< of who was found; empty: nowhere
        bool announces = true; ///< false: it only looks
        std::function<bool(const Ski &)> isTrusted;
        /// Whether the first stranger is accepted now.
        std::function<bool()> isWindowOpen;
        /// What a trusted peer says of itself.
        std::function<void(const FoundPeer &)> learn;
        /// Trusted peers where they were found last, before the host was started too.
        std::function<std::vector<FoundPeer>()> remembered;
        // Of the host; they outlive it.
        const Clock &clock;
        Timers &timers;
        Logger &logger;
        PeerDials *dials = nullptr; ///< null: nobody is dialled
        Publisher *publisher = nullptr; ///< null: nothing is shown
    };

    /// How long changes are collected before they are shown.
    static constexpr qint64 kShowMs = 500;
    /// How often an open window is looked at.
    static constexpr qint64 kWindowMs = 1000;

    Discovery(std::unique_ptr<Mdns> mdns, Parts parts);
    ~Discovery() override;
    Discovery(const Discovery &) = delete;
    Discovery &operator=(const Discovery &) = delete;

    void listening(quint16 port);
    void stopped();
    void trustChanged(const Ski &ski);
    /// It was opened or closed.
    void windowChanged();

    [[nodiscard]] std::vector<FoundPeer> found() const { return m_found.peers(); }

private:
    void mdnsStarted() override;
    void mdnsStopped(const QString &why) override;
    void serviceFound(const ServiceRef &service, const ServiceReport &report) override;
    void serviceGone(const ServiceRef &service) override;
    void announced(const QByteArray &label) override;
    void announceFailed(const QString &why) override;
    void browseFailed(const QString &why) override;

    void announce();
    void follow(const std::vector<Ski> &changed);
    void want(const FoundPeer &peer);
    void dial(const FoundPeer &peer);
    void show();
    void showSoon();
    void log(LogLevel level, const char *event, const QString &text) const;

    const Parts m_parts;
    Timer m_showTimer;
    Timer m_windowTimer;
    MdnsState m_state;
    FoundPeers m_found;
    QByteArray m_shown; ///< what the topic has
    quint16 m_port = 0; ///< 0: it does not listen
    bool m_isStarted = false;
    bool m_isFull = false; ///< said once
    std::unique_ptr<Mdns> m_mdns; ///< ends first, for it tells
};

} // namespace fairlead::ship
