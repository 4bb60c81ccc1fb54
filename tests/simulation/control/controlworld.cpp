// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "controlworld.h"

#include "broadcastpart.h"
#include "dialpart.h"
#include "eventpart.h"
#include "heartbeatpart.h"
#include "linkpart.h"
#include "servicepart.h"
#include "shutdownpart.h"
#include "supervisorpart.h"

namespace fairlead::sim {

ControlWorld::ControlWorld()
{
    start();
    for (const auto &part : m_parts)
        m_actions += quint32(part->actions());
}

void ControlWorld::start()
{
    auto links = std::make_unique<LinkPart>(*this);
    auto supervisor = std::make_unique<SupervisorPart>(*this);
    auto broadcast = std::make_unique<BroadcastPart>(*this);
    auto services = std::make_unique<ServicePart>(*this);
    auto events = std::make_unique<EventPart>(*this, *supervisor, *services);
    auto shutdown = std::make_unique<ShutdownPart>(*this, *links, *supervisor, *broadcast);
    m_shutdown = shutdown.get();
    m_parts.push_back(std::move(links));
    m_parts.push_back(std::move(supervisor));
    m_parts.push_back(std::move(broadcast));
    m_parts.push_back(std::move(services));
    m_parts.push_back(std::make_unique<HeartbeatPart>(*this));
    m_parts.push_back(std::make_unique<DialPart>(*this));
    m_parts.push_back(std::move(events));
    m_parts.push_back(std::move(shutdown));
}

void ControlWorld::end()
{
    while (!m_parts.empty())
        m_parts.pop_back();
    // What was posted for those that are gone reaches nobody.
    executor.run();
    if (time.nextDeadline() >= 0)
        fail(QStringLiteral("TS-02: a timer is left over"));
}

ControlWorld::~ControlWorld()
{
    end();
}

void ControlWorld::take(const Step &step)
{
    quint32 action = step.what % m_actions;
    for (const auto &part : m_parts) {
        if (action < quint32(part->actions())) {
            part->act(int(action), step.whom, step.how);
            break;
        }
        action -= quint32(part->actions());
    }
    // Often, but not always, the loop gets to what was posted before anything else happens.
    if (step.how % 4 != 0)
        executor.run();
    for (const auto &part : m_parts)
        part->check();
    if (m_shutdown->isOver()) {
        end();
        start();
    }
}

void ControlWorld::fail(const QString &what)
{
    if (m_violation.isEmpty())
        m_violation = what;
}

} // namespace fairlead::sim
