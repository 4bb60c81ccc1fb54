// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/lease.h>

#include <array>
#include <memory>

namespace fairlead::mqtt {

/// Collects the ends of deliveries while a block of input is read, so that a run of
/// acknowledgements is one call on the lease.
class SettleBatch
{
public:
    SettleBatch() noexcept { }

    SettleBatch(const SettleBatch &) = delete;
    SettleBatch &operator=(const SettleBatch &) = delete;

    void add(Lease &lease, quint64 handle, Settle::How how) noexcept
    {
        if (m_count == kCapacity)
            flush(lease);
        std::construct_at(&m_items[m_count++], Settle{handle, how});
    }

    void flush(Lease &lease) noexcept
    {
        if (m_count > 0)
            lease.settle(m_items, int(std::exchange(m_count, 0U)));
    }

private:
    static constexpr unsigned kCapacity = 64;

    // Not initialised: most blocks of input settle nothing.
    union {
        Settle m_items[kCapacity];
    };

    unsigned m_count = 0;
};

} // namespace fairlead::mqtt
