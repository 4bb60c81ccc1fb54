// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QHash>
#include <QString>

#include <memory>

namespace fairlead {
class Events;
class Logger;
} // namespace fairlead

namespace fairlead::core {

class HostPublisher;
class MainLoop;
class Reactor;
class RecordKeeper;
class Store;
struct Recovered;

/// Which plugin asks the host for a service.
struct ServiceAsker
{
    QString plugin; ///< its id
    std::shared_ptr<Logger> logger; ///< bound to no endpoint
};

/// What plugins find at HostServices::service(). Thread: main. Ownership: the host's; what it was made
/// with outlives it.
class PluginOffers
{
public:
    /// @p store null: there is none. @p reactor publishes what plugins say of themselves.
    PluginOffers(
        MainLoop &loop, Events &events, Store *store, const Recovered &recovered, Reactor &reactor);
    ~PluginOffers();
    PluginOffers(const PluginOffers &) = delete;
    PluginOffers &operator=(const PluginOffers &) = delete;

    /// Null when there is no such service. Who keeps the result may use it after the host's end, to no
    /// effect.
    std::shared_ptr<void> find(const char *iid, const ServiceAsker &asker);

    const std::shared_ptr<RecordKeeper> &records() const noexcept { return m_records; }

private:
    MainLoop &m_loop;
    Events &m_events;
    std::shared_ptr<RecordKeeper> m_records;
    std::shared_ptr<HostPublisher> m_publisher;
    QHash<QString, std::shared_ptr<Logger>> m_loggers; ///< by plugin
};

} // namespace fairlead::core
