// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/endpoint/pluginoffers.h"

#include "core/endpoint/hostpublisher.h"
#include "core/reactor/mainloop.h"
#include "core/store/recordkeeper.h"
#include "core/store/recovery.h"

#include <fairlead/clock.h>
#include <fairlead/events.h>
#include <fairlead/executor.h>
#include <fairlead/logger.h>
#include <fairlead/timers.h>

#include <string_view>

namespace fairlead::core {

namespace {

/// What lives longer than any plugin.
template <typename Service>
std::shared_ptr<void> borrowed(Service *service)
{
    return {std::shared_ptr<void>(), service};
}

} // namespace

PluginOffers::PluginOffers(
    MainLoop &loop, Events &events, Store *store, const Recovered &recovered, Reactor &reactor)
    : m_loop(loop)
    , m_events(events)
    , m_records(std::make_shared<RecordKeeper>(loop, store))
    , m_publisher(std::make_shared<HostPublisher>(reactor))
{
    m_records->restore(recovered);
}

PluginOffers::~PluginOffers()
{
    m_records->close();
    m_publisher->close();
}

std::shared_ptr<void> PluginOffers::find(const char *iid, const ServiceAsker &asker)
{
    const std::string_view wanted(iid);
    if (wanted == FAIRLEAD_EVENTS_IID)
        return borrowed(&m_events);
    if (wanted == FAIRLEAD_EXECUTOR_IID)
        return borrowed(static_cast<Executor *>(&m_loop));
    if (wanted == FAIRLEAD_CLOCK_IID)
        return borrowed(&m_loop.clock());
    if (wanted == FAIRLEAD_TIMERS_IID)
        return borrowed(static_cast<Timers *>(&m_loop.timers()));
    if (wanted == FAIRLEAD_PUBLISHER_IID)
        return std::shared_ptr<Publisher>(m_publisher);
    if (wanted == FAIRLEAD_LOGGER_IID) {
        std::shared_ptr<Logger> &logger = m_loggers[asker.plugin];
        if (!logger)
            logger = asker.logger;
        return logger;
    }
    if (wanted == FAIRLEAD_RECORDS_IID)
        return m_records->of(asker.plugin, asker.logger);
    return nullptr;
}

} // namespace fairlead::core
