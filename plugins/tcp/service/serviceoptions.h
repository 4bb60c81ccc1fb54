// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>

#include <fairlead/operations.h>
#include <fairlead/result.h>
#include <fairlead/transport.h>

#include <atomic>

namespace fairlead::tcp {

/// What an operator may set on an endpoint in service mode, with its defaults.
struct ServiceOptions
{
    quint32 sessionExpiry = 30; ///< seconds, for peers that name none
    quint32 keep = 300; ///< seconds for which a lost service stays listed
    quint32 heartbeat = 30; ///< seconds of silence, for services that name none; 0: never
    quint32 heartbeatMax = 0; ///< seconds, the longest that one may name; 0: any
    quint32 maxFrame = 16 * 1024 * 1024; ///< bytes of a line
};

/// Errors: ConfigType, ConfigRange, with the key as the detail "key".
Result<ServiceOptions> parseServiceOptions(const EndpointConfig &config);

/// What all links of one endpoint share; all but the reason is constant once links exist.
struct ServiceEndpoint
{
    const ServiceOptions options;
    const QByteArray hostVersion;
    /// Why no new links are taken. None: they are.
    std::atomic<QuiesceReason> quiet = QuiesceReason::None;
};

} // namespace fairlead::tcp
