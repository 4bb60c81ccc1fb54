// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "link/trustdesk.h"

#include <fairlead/error.h>
#include <fairlead/events.h>
#include <fairlead/result.h>
#include <fairlead/timers.h>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

namespace fairlead {
class Clock;
class Events;
class HostServices;
class Logger;
class Publisher;
class Records;
} // namespace fairlead

namespace fairlead::ship {

/// Keeps what the desk knows in the host's store, carries out what operators decide, and shows on the
/// bus who waits for a decision: at <root>/$pairing/<endpoint>, retained.
///
/// Thread: main. Ownership: the plugin's root object's.
class TrustKeeper
{
public:
    TrustKeeper();
    ~TrustKeeper();
    TrustKeeper(const TrustKeeper &) = delete;
    TrustKeeper &operator=(const TrustKeeper &) = delete;

    /// Reads what was kept. Before the first endpoint opens; later calls change nothing.
    void attach(HostServices &host);

    [[nodiscard]] const std::shared_ptr<TrustDesk> &desk() const noexcept { return m_desk; }

    using Done = std::function<void(const Result<> &)>;

    /// The peer may connect, from when it is kept on: then @p done is called, and its links go on.
    /// Errors: LimitReached, the store's.
    void trust(const Ski &ski, const QByteArray &label, Done done);
    /// It is forgotten, and its links end. Errors: NotFound, Configured, the store's; then it stays
    /// trusted.
    void untrust(const Ski &ski, Done done);
    /// Errors: Configured, InvalidTransition (it is trusted).
    [[nodiscard]] Result<> reject(const Ski &ski);
    void openWindow(qint64 seconds);
    /// The PIN of the peer: to how many connections it was given; it is kept for later ones until the
    /// process ends or the peer refuses it. Errors: NotFound (it is neither trusted nor has it asked).
    [[nodiscard]] Result<int> enterPin(const Ski &ski, const QByteArray &pin);

    using Follower = std::function<void(const Ski &ski, bool isTrusted)>;

    /// Called when a peer becomes trusted, or is no longer, for as long as the result is kept.
    [[nodiscard]] std::shared_ptr<void> follow(Follower follower);

    /// Of the main thread; null before attach().
    [[nodiscard]] const Clock *clock() const noexcept { return m_clock; }

private:
    void load();
    void tell(EventKind kind,
              const Ski &ski,
              const QJsonObject &details = {},
              const QString &endpoint = {}) const;
    void tellRequests(const std::vector<TrustRequest> &requests);
    void tellAccepted(const Ski &ski) const;
    void handleChanged();
    void store(const Ski &ski);
    void show();
    bool mayShow(qint64 now);
    void publish(const TrustDesk::Board &board, const QByteArray &payload, quint32 expirySeconds);
    void log(const char *event, const QString &text) const;

    const std::shared_ptr<TrustDesk> m_desk;
    Logger *m_logger = nullptr;
    Records *m_records = nullptr; ///< null: nothing is kept
    Publisher *m_publisher = nullptr;
    Events *m_events = nullptr;
    std::set<Ski> m_asking; ///< as events have it
    qint64 m_attachedUtcMs = 0;
    Timers *m_timers = nullptr;
    const Clock *m_clock = nullptr;
    Error m_unread; ///< why what was kept is not known
    Timer m_showTimer;
    qint64 m_burstEnd = 0; ///< until then so many more are shown
    int m_burstLeft = 0;
    std::map<QByteArray, std::pair<QByteArray, QByteArray>>
        m_shown; ///< topics with text, by endpoint
    std::vector<std::weak_ptr<Follower>> m_followers;
};

} // namespace fairlead::ship
