// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/observe/eventreader.h"

#include <deque>
#include <map>
#include <memory>

namespace fairlead::sim {

/// A reader of the bus beside all that was published for it: what it gets is that, in its order,
/// with every hole announced (OB-03).
class EventReaderModel
{
public:
    EventReaderModel(std::unique_ptr<core::EventReader> reader,
                     core::EventFilter filter,
                     std::size_t capacity);

    core::EventReader &reader() noexcept { return *m_reader; }

    const core::EventFilter &filter() const noexcept { return m_filter; }

    /// @p event was published, or @p lost were lost before it reached anybody.
    void expect(const core::EventPtr &event);
    void expectLost(const core::LostEvents &lost);

    /// Takes the next event; what is wrong with it, or nothing. *took: there was one.
    QString take(bool *took);

    bool isOwed = false; ///< something came since it was told

private:
    struct Item
    {
        core::EventPtr event;
        core::LostEvents lost;
    };

    QString catchUp(const Event *event);
    QString skip(const Item &item);
    QString follow(const core::EventPtr &event);
    static bool beginsAnew(const Event &before, const Event &event);
    bool comesAgain(const Event &event) const;

    std::unique_ptr<core::EventReader> m_reader;
    const core::EventFilter m_filter;
    const std::size_t m_capacity;
    std::deque<Item> m_pending;
    std::size_t m_events = 0; ///< in m_pending
    std::size_t m_terminals = 0;
    bool m_overflowed = false; ///< since it was empty
    bool m_terminalsOverflowed = false;
    core::LostEvents m_announced; ///< by Lag events, not accounted for yet
    core::LostEvents m_skipped;
    quint64 m_lostCount = 0;
    quint64 m_number = 0;
    std::map<QByteArray, core::EventPtr>
        m_states; ///< the latest change of each, since the last hole
};

} // namespace fairlead::sim
