// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/types.h"

#include <QtCore/QtGlobal>

#include <memory>
#include <vector>

namespace fairlead::mqtt {

/// Chooses topic aliases for what a client is sent.
///
/// A topic gets an alias when it comes a second time while it is remembered, so that topics seen
/// once cost nothing. The table is divided into sets of four by hash, each with second-chance
/// replacement: a topic in steady use keeps its alias, and a stream of ever other topics cannot
/// push it out, nor does it cause a search or an allocation per message.
class OutgoingAliases
{
public:
    /// A topic no longer than this gains nothing from an alias.
    static constexpr std::size_t kWorthwhile = 6;

    /// @p maximum: the highest alias, not 0.
    explicit OutgoingAliases(quint16 maximum);

    struct Choice
    {
        quint16 alias = 0; ///< 0: none, send the topic
        bool known = false; ///< the client knows it: send the alias alone
    };

    /// The client is about to be sent @p topic. An alias it does not know counts as told.
    Choice choose(Bytes topic);
    /// Takes back an alias from choose() that was not sent.
    void withdraw(quint16 alias) noexcept;

private:
    struct Entry
    {
        std::unique_ptr<char[]> topic; ///< null: free
        quint32 hash = 0;
        quint16 size = 0;
        bool used = false; ///< since the replacement looked at it last
    };

    quint32 &seenOnce(quint32 hash) noexcept;
    Entry *findVictim(Entry *set) const noexcept;

    std::vector<Entry> m_entries; ///< alias - 1
    std::vector<quint32> m_seenOnce; ///< hashes of topics without alias
    quint32 m_setSize;
    quint32 m_setCount;
};

} // namespace fairlead::mqtt
