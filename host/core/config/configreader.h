// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/config/configerror.h"
#include "core/config/configlayers.h"
#include "core/config/controlsettings.h"
#include "core/config/endpointcheck.h"
#include "core/config/hostconfig.h"
#include "core/config/streamcheck.h"

#include <QtCore/QList>

namespace fairlead::core {

/// Reads the configuration in two steps, because the endpoints' keys are known only once the
/// plugins' metadata was read, and where the plugins are is in the configuration:
/// the constructor reads every layer and every table of the host's own, endpoints() the rest. No
/// plugin is loaded for it.
///
/// Every error of every step is in errors(); what was wrong has its default. Thread: main.
class ConfigReader
{
public:
    explicit ConfigReader(const ConfigSources &sources);

    const HostSettings &host() const noexcept { return m_host; }

    /// Every table but the endpoints, with every default filled in.
    const QJsonObject &values() const noexcept { return m_values; }

    const Limits &limits() const noexcept { return m_limits; }

    const StoreSettings &store() const noexcept { return m_store; }

    const ControlSettings &control() const noexcept { return m_control; }

    /// The [[stream]] tables; the default stream is among them only if it was written.
    const std::vector<StreamSpec> &streams() const noexcept { return m_streams; }

    /// Every good endpoint, in the order of the names. Called once.
    QList<EndpointSettings> endpoints(const TransportLookup &transports);

    const ConfigErrors &errors() const noexcept { return m_errors; }

private:
    void readHost();
    void checkClashes(const QList<EndpointSettings> &endpoints);

    ConfigErrors m_errors;
    ConfigNode m_tree;
    QJsonObject m_values;
    HostSettings m_host;
    Limits m_limits;
    StoreSettings m_store;
    ControlSettings m_control;
    std::vector<StreamSpec> m_streams;
};

} // namespace fairlead::core
