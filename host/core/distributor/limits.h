// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/retainedstore.h"
#include "core/distributor/session.h"
#include "core/distributor/streamspec.h"

#include <fairlead/message.h>

#include <vector>

namespace fairlead::core {

/// The bounds of the shared part of the message path.
struct DistributorLimits
{
    SessionLimits session;
    RetainedStore::Limits retained;
    quint64 sessions = 100'000;
    quint32 maxSessionExpiry = kNever; ///< seconds
    std::vector<StreamSpec> streams; ///< as StreamSet takes them
};

} // namespace fairlead::core
