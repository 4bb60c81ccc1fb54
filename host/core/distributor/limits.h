// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/retainedstore.h"
#include "core/distributor/session.h"

#include <fairlead/message.h>

namespace fairlead::core {

/// The bounds of the shared part of the message path.
struct DistributorLimits
{
    SessionLimits session;
    RetainedStore::Limits retained;
    quint64 sessions = 100'000;
    quint32 maxSessionExpiry = kNever; ///< seconds
};

} // namespace fairlead::core
