// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/endpoint/endpointregistrar.h"

#include "core/config/hostconfig.h"
#include "core/lifecycle/supervisor/endpointstatus.h"
#include "core/registry/serviceregistry.h"

#include <optional>

namespace fairlead::core {

namespace {

QString idOf(const QString &endpoint)
{
    return QStringLiteral("endpoint/") + endpoint;
}

/// Nothing for states that change nothing for those who use the service.
std::optional<ServiceStatus> statusOf(EndpointState state)
{
    switch (state) {
    case EndpointState::Idle:
    case EndpointState::Stopping:
        break;
    case EndpointState::Starting:
        return ServiceStatus::Starting;
    case EndpointState::Running:
        return ServiceStatus::Running;
    case EndpointState::Reconnecting:
        return ServiceStatus::Unavailable;
    case EndpointState::Draining:
        return ServiceStatus::Draining;
    case EndpointState::Stopped:
        return ServiceStatus::Stopped;
    case EndpointState::Failed:
        return ServiceStatus::Failed;
    }
    return std::nullopt;
}

} // namespace

void EndpointRegistrar::add(const EndpointSettings &settings, bool takesPart)
{
    remove(settings.name);
    ServiceInfo info;
    info.id = idOf(settings.name);
    info.key.name = info.id;
    info.capabilities = QStringList{settings.role == EndpointRole::Listen ? QStringLiteral("listen")
                                                                          : QStringLiteral("dial")};
    if (takesPart)
        info.capabilities.append(QStringLiteral("operations"));
    info.transport = settings.transport;
    info.endpoint = settings.name;
    info.permanent = true;
    // Refused only when the registry is full; the endpoint itself serves all the same.
    if (const Result<quint64> added = m_registry.add(info))
        m_generations.insert(settings.name, *added);
}

void EndpointRegistrar::remove(const QString &name)
{
    const auto held = m_generations.constFind(name);
    if (held == m_generations.cend())
        return;
    const quint64 generation = *held;
    m_generations.erase(held);
    static_cast<void>(m_registry.remove(idOf(name), generation));
}

void EndpointRegistrar::follow(const EndpointEvent &event)
{
    const auto held = m_generations.find(event.name);
    if (event.kind != EndpointEvent::Kind::StateChanged || held == m_generations.end())
        return;
    const std::optional<ServiceStatus> status = statusOf(event.to);
    if (!status)
        return;
    const QString id = idOf(event.name);
    if (*status == ServiceStatus::Starting) {
        // The first time it is Starting already.
        if (const Result<quint64> again = m_registry.restart(id, *held))
            *held = *again;
        return;
    }
    static_cast<void>(m_registry.setStatus(id, *held, *status, event.reason));
}

} // namespace fairlead::core
