// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "discovery/mdns.h"

#include <QtCore/QObject>
#include <QtDBus/QDBusMessage>

#include <fairlead/timers.h>

#include <deque>
#include <map>

namespace fairlead {
class Clock;
} // namespace fairlead

namespace fairlead::ship {

class AvahiBus;

/// Who announces SHIP: one browser of the Avahi daemon, and a resolver for each service that it sees,
/// which tells of changes for as long as the service is there. Thread: main.
class AvahiBrowser final : public QObject
{
    Q_OBJECT

public:
    static constexpr std::size_t kMaxServices = 1024; ///< what is beyond is not resolved
    static constexpr qint64 kRetryMs = 60'000; ///< services that could not be resolved

    /// The references outlive it.
    AvahiBrowser(AvahiBus &bus, const Clock &clock, Timers &timers);
    ~AvahiBrowser() override;

    /// The daemon works again, or does not.
    void begin();
    void drop();
    void handleSignal(const QDBusMessage &message);

Q_SIGNALS:
    void found(const fairlead::ship::ServiceRef &service,
               const fairlead::ship::ServiceReport &report);
    void gone(const fairlead::ship::ServiceRef &service);
    void failed(const QString &why);

private:
    struct Service
    {
        QString resolver; ///< its path; empty: not yet, or it failed
        quint64 turn = 0; ///< counts resolvers, so that late answers are known
        bool isCreating = false;
        bool anyFamily = false; ///< the address may be of the other one
    };

    static constexpr std::size_t kMaxEarly = 256;

    void create();
    void handleBrowser(const QDBusMessage &message);
    void handleResolver(const ServiceRef &service, const QDBusMessage &message);
    void add(const ServiceRef &service);
    void remove(const ServiceRef &service);
    void resolve(const ServiceRef &service);
    void handleUnresolved(const ServiceRef &service);
    void resolveAgain();
    void replayEarly();
    [[nodiscard]] bool isCreating() const;

    AvahiBus &m_bus;
    const Clock &m_clock;
    Timers &m_timers;
    Timer m_retry;
    QString m_browser; ///< its path
    quint64 m_browserTurn = 0; ///< counts browsers, so that late answers are known
    quint64 m_turn = 0; ///< counts resolvers
    bool m_isCreatingBrowser = false;
    std::map<ServiceRef, Service> m_services;
    std::map<QString, ServiceRef> m_resolvers; ///< by path
    std::deque<QDBusMessage> m_early; ///< signals of what has no known path yet
};

} // namespace fairlead::ship
