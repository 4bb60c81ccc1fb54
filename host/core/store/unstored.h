// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/ticketstore.h"

#include <atomic>

namespace fairlead::core {

/// Durability level `memory`: what the sessions hold in memory is all that is promised, so a record
/// is as safe as it gets the moment it is appended, and nobody has to be told later.
class Unstored final : public TicketStore
{
public:
    void setListener(Committed) override { }

    Ticket append(TicketRecord) override { return m_next.fetch_add(1, std::memory_order_relaxed); }

    Ticket committedUpTo() const noexcept override
    {
        return m_next.load(std::memory_order_relaxed) - 1;
    }

private:
    std::atomic<Ticket> m_next = 1;
};

} // namespace fairlead::core
