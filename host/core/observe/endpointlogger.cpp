// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/observe/endpointlogger.h"

#include "core/observe/logfields.h"

namespace fairlead::core {

EndpointLogger::EndpointLogger(LogHub &hub, const QString &transport, const QString &endpoint)
    : m_hub(hub)
    , m_component(QStringLiteral("plugin.") + transport)
    , m_prefix(endpoint.isEmpty() ? QString() : logField("endpoint", endpoint))
{ }

void EndpointLogger::log(LogLevel level, const char *event, const QString &text)
{
    if (!m_hub.isEnabled(level))
        return;
    m_hub.logLimited(level,
                     m_component,
                     event,
                     text.isEmpty() || m_prefix.isEmpty() ? m_prefix + text
                                                          : m_prefix + QLatin1Char(' ') + text);
}

} // namespace fairlead::core
