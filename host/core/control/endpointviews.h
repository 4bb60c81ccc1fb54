// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/control/hostview.h"

#include <QtCore/QHash>

namespace fairlead::core {

class Host;
struct EndpointSettings;

/// The endpoints of @p host, and those of @p configured that it could not even make, with the
/// reasons from @p failures. Thread: main.
QList<EndpointView> viewEndpoints(const Host &host,
                                  const QList<EndpointSettings> &configured,
                                  const QHash<QString, Error> &failures);

} // namespace fairlead::core
