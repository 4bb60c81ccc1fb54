// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

namespace fairlead::core {

/// Mistakes that the simulation's own build of the core can make, so that a test can show that the
/// simulation finds them. Each is named after the requirement it breaks.
enum class PlantedBug : quint8 {
    None,
    RG01, ///< the link that lost its slot is told to nobody
    RG03, ///< whoever closes empties the slot
    RG04, ///< a stale holder still counts
    RG08, ///< a holder that answers no probe stays
    RG14, ///< a word of an older generation is taken for one of the holder's
    SV05, ///< every cause gets a ticket
    SV11, ///< an early exit keeps the attempt's slot
    SH03, ///< closing does not keep newcomers out
    SH04, ///< an aborted dial goes on
    BC04, ///< a late answer counts
};

#ifdef FAIRLEAD_PLANTED_BUGS
inline PlantedBug plantedBug = PlantedBug::None;

inline bool isPlanted(PlantedBug bug) noexcept
{
    return plantedBug == bug;
}
#else
constexpr bool isPlanted(PlantedBug) noexcept
{
    return false;
}
#endif

} // namespace fairlead::core
