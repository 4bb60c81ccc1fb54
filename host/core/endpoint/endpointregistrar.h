// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QHash>
#include <QString>

namespace fairlead::core {

class ServiceRegistry;
struct EndpointEvent;
struct EndpointSettings;

/// Keeps the configured endpoints in the service registry: each is there from its configuration to
/// its removal, and its status follows its state. Thread: main. Ownership: the registry outlives it.
class EndpointRegistrar final
{
public:
    explicit EndpointRegistrar(ServiceRegistry &registry) noexcept
        : m_registry(registry)
    { }

    /// @p takesPart: it carries out operations of the host. One of that name is replaced.
    void add(const EndpointSettings &settings, bool takesPart);
    void remove(const QString &name);
    void follow(const EndpointEvent &event);

private:
    ServiceRegistry &m_registry;
    QHash<QString, quint64> m_generations; ///< by endpoint
};

} // namespace fairlead::core
