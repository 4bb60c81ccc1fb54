// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/ring.h"
#include "core/distributor/subscriber.h"
#include "core/store/ticket.h"

#include <fairlead/message.h>

#include <memory>
#include <string_view>
#include <unordered_map>

namespace fairlead::core {

/// Which of the store's targets a message is for a session.
struct Debt
{
    quint32 copy = 0; ///< see DurableTarget
    bool isAwaited
        = false; ///< its publisher waits for the ticket: at QoS 2 it is sent once this is kept
    bool isLogged
        = false; ///< in a durable stream: with its position it is sent once this is decided
    Ticket ticket = 0;
};

/// One message that waits for its session's link.
struct PendingEntry
{
    Message message;
    Matched by;
    Debt debt;
    quint8 qos = 0;
    bool retain = false;
    bool showPosition = false;
    bool resent = false; ///< may have been sent before the host was started again
};

/// What waits for one session's link, in the order of sequences; what its policies give up may be
/// taken out of the middle. Thread: the session's.
class PendingQueue
{
public:
    bool isEmpty() const noexcept { return m_entries.isEmpty(); }

    std::size_t size() const noexcept { return m_entries.size() - m_holes; }

    PendingEntry &front() noexcept { return m_entries.front(); }

    /// The newest message; null: there is none.
    const Message *last() const noexcept;

    void push(PendingEntry entry);
    PendingEntry popFront();

    /// Takes out the oldest entry that its subscription's policy gives up; @p attached: what is kept
    /// for a link that reads is not given up for one that does not. Null message: there is none.
    PendingEntry takeDroppable(bool attached);
    /// Takes out an entry of the same topic that came by the same filter. Null message: there is none.
    PendingEntry takeSameTopic(const Message &message, const Matched &by);

    template <typename Visit>
    void forEach(Visit visit) const
    {
        for (std::size_t i = 0; i < m_entries.size(); ++i) {
            if (m_entries[i].message)
                visit(m_entries[i]);
        }
    }

private:
    /// Places of entries by topic; the keys lie in the entries' own messages.
    using Topics = std::unordered_map<std::string_view, quint64>;

    PendingEntry takeAt(std::size_t index);
    void dropHoles();
    void forgetTopic(const PendingEntry &entry, quint64 place);
    void noteTopic(const PendingEntry &entry, quint64 place);

    Ring<PendingEntry> m_entries; ///< a null message: a hole; the first is none
    std::size_t m_holes = 0;
    quint64 m_base = 0; ///< place of the first entry; places are never used again
    quint64 m_droppableFrom = 0; ///< nothing before this place is given up
    bool m_droppableAttached = false; ///< for this m_droppableFrom counts
    std::unique_ptr<Topics> m_topics; ///< once a policy asked for it
};

} // namespace fairlead::core
