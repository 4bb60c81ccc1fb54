// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/session.h"

namespace fairlead::core {

/// One Session::take() on its way.
struct Session::Taking
{
    Delivery *out;
    int max;
    int unacked;
    qint64 bytes;
    qint64 now;
    const Store *store;
    Taken taken;
    bool ended = false;

    bool isFull() const noexcept { return ended || taken.count == max || bytes <= 0; }
};

} // namespace fairlead::core
