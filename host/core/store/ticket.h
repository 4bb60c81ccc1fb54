// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtGlobal>

namespace fairlead::core {

/// Names a point in the store's queue. 0: nothing to wait for.
using Ticket = quint64;

/// How safe an acknowledged message is. Of a listener.
enum class Durability : quint8 {
    Memory, ///< in this process
    Written, ///< with the operating system: survives the end of the process
    Disk, ///< on the disk: survives the loss of power
};

/// "memory", "written", "disk".
const char *durabilityName(Durability level) noexcept;

} // namespace fairlead::core
