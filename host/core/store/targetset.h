// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtGlobal>

#include <vector>

namespace fairlead::core {

/// Who is owed one message, as the Ledger keeps it: in the order of its row, behind that what was
/// added since. One target costs no allocation, since most messages have one.
class TargetSet
{
public:
    struct Target
    {
        quint64 session = 0;
        quint32 copy = 0;
        quint8 flags = 0;
    };

    // Flags of a target.
    static constexpr quint8 kSettled = 1;
    static constexpr quint8 kAdded = 2; ///< since the row was written
    static constexpr quint8 kTagged = 4; ///< its tag is stored
    static constexpr quint8 kMarked = 8; ///< its tag is to be stored
    static constexpr quint8 kBodyDone = 16;

    TargetSet() noexcept
        : m_one()
    { }

    TargetSet(TargetSet &&other) noexcept;
    TargetSet &operator=(TargetSet &&other) noexcept;

    ~TargetSet()
    {
        if (m_size > 1)
            delete[] m_many;
    }

    /// @p targets in order, each once, none settled.
    void assign(const std::vector<Target> &targets);

    Target *begin() noexcept { return m_size > 1 ? m_many : &m_one; }

    Target *end() noexcept { return begin() + m_size; }

    quint32 size() const noexcept { return m_size; }

    quint32 open() const noexcept { return m_open; }

    /// The open target of that name; null: there is none.
    Target *find(quint64 session, quint32 copy) noexcept;

    /// Yields the open targets of @p session; it may settle them.
    template <typename Visit>
    void forEachOf(quint64 session, Visit visit)
    {
        Target *const added = tail();
        for (Target *at = lowerBound(session, 0); at != added && at->session == session; ++at) {
            if ((at->flags & kSettled) == 0)
                visit(at);
        }
        for (Target *at = added; at != end(); ++at) {
            if (at->session == session && (at->flags & kSettled) == 0)
                visit(at);
        }
    }

    void settle(Target *target) noexcept
    {
        target->flags |= kSettled;
        --m_open;
    }

    /// Before the row is written: to its place.
    void insert(const Target &target);
    /// Since the row was written: behind all others.
    void append(const Target &target);
    /// Before the row is written: without those that are settled.
    void dropSettled();
    /// The added ones in order, without those that are settled.
    void tidyAdded();

    /// How many are targets of the row.
    quint32 rowSize() noexcept { return quint32(tail() - begin()); }

private:
    Target *tail() noexcept;
    Target *lowerBound(quint64 session, quint32 copy) noexcept;

    union {
        Target m_one;
        Target *m_many;
    };

    quint32 m_size = 0;
    quint32 m_open = 0;
};

} // namespace fairlead::core
