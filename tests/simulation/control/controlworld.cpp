// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "controlworld.h"

#include "linkpart.h"
#include "supervisorpart.h"

namespace fairlead::sim {

ControlWorld::ControlWorld()
{
    m_parts.push_back(std::make_unique<LinkPart>(*this));
    m_parts.push_back(std::make_unique<SupervisorPart>(*this));
    for (const auto &part : m_parts)
        m_actions += quint32(part->actions());
}

ControlWorld::~ControlWorld() = default;

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
    for (const auto &part : m_parts)
        part->check();
}

void ControlWorld::fail(const QString &what)
{
    if (m_violation.isEmpty())
        m_violation = what;
}

} // namespace fairlead::sim
