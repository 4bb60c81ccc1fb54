// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/subscriber.h"
#include "core/store/ticket.h"

#include <QByteArray>
#include <QHash>

#include <optional>

namespace fairlead::core {

class Store;

/// What was changed of a session's subscriptions and is not known to be stored, with what each goes
/// back to if it cannot be: a filter may be changed again before the store has decided.
///
/// Thread: the session's reactor.
class UnstoredChanges
{
public:
    using State = std::optional<SubscriptionOptions>; ///< nothing: not subscribed

    /// @p filter changes from @p before, which @p store decides with @p ticket.
    void add(const QByteArray &filter, const State &before, Ticket ticket, const Store &store);

    /// Whether what it is may not be what is stored.
    bool contains(const QByteArray &filter) const { return m_changes.contains(filter); }

    /// The change to @p after with @p ticket is stored.
    void keep(const QByteArray &filter, Ticket ticket, const State &after);
    /// It is not: true when @p filter is to be @p back again. Else a later change decides.
    bool refuse(const QByteArray &filter, Ticket ticket, State *back);

private:
    struct Change
    {
        State stored;
        Ticket last = 0;
    };

    QHash<QByteArray, Change> m_changes;
};

} // namespace fairlead::core
