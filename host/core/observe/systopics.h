// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QByteArray>
#include <QHash>

#include <fairlead/timers.h>

#include <array>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace fairlead::core {

class Host;
class MainLoop;

/// Publishes the host's figures as retained `$SYS/broker/...` messages, under the names and with
/// the meanings that Mosquitto's users know; those of the store, what each endpoint promises and the
/// host's health beside them. A figure is sent again only when it changed. Thread: main.
class SysTopics
{
public:
    /// Has the host's health found out, as JSON, and given to the function.
    using AskHealth = std::function<void(const std::function<void(const QByteArray &)> &)>;

    SysTopics(Host &host, MainLoop &loop, AskHealth askHealth);
    ~SysTopics();
    SysTopics(const SysTopics &) = delete;
    SysTopics &operator=(const SysTopics &) = delete;

private:
    /// What grows, summed over the reactors.
    struct Totals
    {
        quint64 framesReceived = 0;
        quint64 framesSent = 0;
        quint64 published = 0;
        quint64 publishedBytes = 0;
        quint64 delivered = 0;
        quint64 deliveredBytes = 0;
        quint64 dropped = 0;
        quint64 bytesReceived = 0;
        quint64 bytesSent = 0;
        quint64 sockets = 0;
        quint64 connections = 0;
        quint64 disconnections = 0;
        quint64 expired = 0;
    };

    /// A rate per minute as a moving average over 1, 5 and 15 minutes.
    struct Load
    {
        std::array<double, 3> average = {};
        void update(quint64 grown, double seconds) noexcept;
    };

    void tick() noexcept;
    void putFigures();
    void putState() noexcept;
    void putStore();
    void putDurability();
    Totals sum() const;
    void put(const char *name, const QByteArray &value);

    void put(const char *name, quint64 value) { put(name, QByteArray::number(value)); }

    void remove(const QByteArray &name);

    void putLoad(const char *name, Load &load, quint64 grown, double seconds);
    void send();

    Host &m_host;
    MainLoop &m_loop;
    const AskHealth m_askHealth;
    Timer m_timer;
    Timer m_stateTimer;
    const qint64 m_start;
    qint64 m_last;
    Totals m_before;
    quint64 m_mostClients = 0;
    Load m_loads[9];
    QHash<QByteArray, QByteArray> m_values;
    std::vector<std::pair<QByteArray, QByteArray>> m_changed;
    std::vector<QByteArray> m_endpoints; ///< those that are told of
    std::shared_ptr<bool> m_isAlive = std::make_shared<bool>(true); ///< for answers that come late
};

} // namespace fairlead::core
