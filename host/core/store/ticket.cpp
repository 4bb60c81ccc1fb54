// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/ticket.h"

namespace fairlead::core {

const char *durabilityName(Durability level) noexcept
{
    switch (level) {
    case Durability::Memory:
        return "memory";
    case Durability::Written:
        return "written";
    case Durability::Disk:
        break;
    }
    return "disk";
}

} // namespace fairlead::core
