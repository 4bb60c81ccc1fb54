// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/registry/servicerecord.h"

#include <fairlead/error.h>

namespace fairlead::core {

/// Whether a service may go from one status to another within a generation.
bool isServiceTransition(ServiceStatus from, ServiceStatus to) noexcept;

/// InvalidArgument naming the field: empty, too long, with control characters, or named twice.
Error checkServiceInfo(const ServiceInfo &info);

} // namespace fairlead::core
