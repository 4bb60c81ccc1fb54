// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/observe/loghub.h"

#include <QtCore/QString>

#include <fairlead/logger.h>

namespace fairlead::core {

/// The log as a plugin gets it, bound to one endpoint: its lines name the plugin and the endpoint,
/// and what peers provoke again and again is held back. The hub outlives it. Thread: any.
class EndpointLogger final : public Logger
{
public:
    /// @p transport is the transport's type, as in "mqtt"; @p endpoint empty: it is bound to none.
    EndpointLogger(LogHub &hub, const QString &transport, const QString &endpoint);

    bool isEnabled(LogLevel level) const noexcept override { return m_hub.isEnabled(level); }

    void log(LogLevel level, const char *event, const QString &text) override;

private:
    LogHub &m_hub;
    const QString m_component;
    const QString m_prefix;
};

} // namespace fairlead::core
