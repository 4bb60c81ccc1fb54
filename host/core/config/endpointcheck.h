// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/config/configerror.h"
#include "core/config/confignode.h"
#include "core/config/hostconfig.h"
#include "core/plugins/transportdescription.h"

#include <fairlead/result.h>

#include <functional>
#include <optional>

namespace fairlead::core {

/// The transport that serves a URL scheme, or an UnknownScheme error that lists those there are.
using TransportLookup = std::function<Result<TransportDescription>(const QString &scheme)>;

/// Checks one endpoint against the host's keys and its transport's schema. Nothing when it has an
/// error; all of them are in @p errors then. Thread: main.
std::optional<EndpointSettings> checkEndpoint(const QString &name,
                                              const ConfigNode &node,
                                              const TransportLookup &transports,
                                              ConfigErrors *errors);

} // namespace fairlead::core
