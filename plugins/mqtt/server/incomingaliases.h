// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/types.h"

#include <QtCore/QtGlobal>

#include <memory>
#include <vector>

namespace fairlead::mqtt {

/// The topic aliases a client has set on its link. Memory grows with the highest alias in use.
class IncomingAliases
{
public:
    /// @p alias is not 0 and within the limit.
    void set(quint16 alias, Bytes topic);
    /// The topic, empty when the alias was not set; valid until the next set().
    Bytes find(quint16 alias) const noexcept;

private:
    struct Slot
    {
        std::unique_ptr<char[]> topic;
        std::size_t size = 0;
    };

    std::vector<Slot> m_slots; ///< alias - 1
};

} // namespace fairlead::mqtt
