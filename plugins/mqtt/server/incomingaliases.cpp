// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "server/incomingaliases.h"

#include <cstring>

namespace fairlead::mqtt {

void IncomingAliases::set(quint16 alias, Bytes topic)
{
    if (alias > m_slots.size())
        m_slots.resize(alias);
    Slot &slot = m_slots[alias - 1U];
    if (slot.size != topic.size()) {
        slot.topic = std::make_unique_for_overwrite<char[]>(topic.size());
        slot.size = topic.size();
    }
    std::memcpy(slot.topic.get(), topic.data(), topic.size());
}

Bytes IncomingAliases::find(quint16 alias) const noexcept
{
    if (alias == 0 || alias > m_slots.size())
        return {};
    const Slot &slot = m_slots[alias - 1U];
    return {slot.topic.get(), slot.size};
}

} // namespace fairlead::mqtt
