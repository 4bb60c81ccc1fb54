// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/unstoredchanges.h"

#include "core/store/store.h"

namespace fairlead::core {

void UnstoredChanges::add(const QByteArray &filter,
                          const State &before,
                          Ticket ticket,
                          const Store &store)
{
    const auto found = m_changes.find(filter);
    if (found == m_changes.end()) {
        m_changes.insert(filter, {before, ticket});
        return;
    }
    // A link that ended meanwhile was not there to hear that its change is stored.
    if (found->last <= store.decidedUpTo() && !store.isRefused(found->last))
        found->stored = before;
    found->last = ticket;
}

void UnstoredChanges::keep(const QByteArray &filter, Ticket ticket, const State &after)
{
    const auto found = m_changes.find(filter);
    if (found == m_changes.end())
        return;
    if (found->last == ticket)
        m_changes.erase(found);
    else
        found->stored = after;
}

bool UnstoredChanges::refuse(const QByteArray &filter, Ticket ticket, State *back)
{
    const auto found = m_changes.find(filter);
    if (found == m_changes.end() || found->last != ticket)
        return false;
    *back = std::move(found->stored);
    m_changes.erase(found);
    return true;
}

} // namespace fairlead::core
