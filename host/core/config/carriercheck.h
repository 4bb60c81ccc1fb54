// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/config/hostconfig.h"

#include <fairlead/error.h>

#include <functional>

namespace fairlead::core {

/// Told what is wrong with which key.
using CarrierReport = std::function<void(ErrorCode code, const char *key, const QString &text)>;

/// What an endpoint's scheme, URL and keys say of the layers between its sockets and its plugin.
/// @p settings has role, URL and place; its URL gets the path that it does not name.
CarrierSettings readCarrier(EndpointSettings &settings,
                            const TransportDescription &transport,
                            const QJsonObject &values,
                            const CarrierReport &report);

} // namespace fairlead::core
