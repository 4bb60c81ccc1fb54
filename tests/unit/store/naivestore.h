// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/recovery.h"
#include "core/store/storerecord.h"

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace fairlead::core {

/// A record like @p record.
StoreRecord cloned(const StoreRecord &record);

/// What a store should hold: maps, changed record by record, each group played again from what was
/// kept before when it failed. Slow and obvious.
class NaiveStore
{
public:
    void apply(const StoreRecord &record, bool refusable);
    /// As the Ledger's of the same name.
    void refuse(const StoreRecord &record);
    void committed();
    void failed();
    /// What was not committed is lost, and messages that expire at or before @p now are gone.
    void restart(qint64 now);

    /// A line per thing that is kept.
    std::vector<QByteArray> lines() const;

    std::size_t messageCount() const { return m_state.messages.size(); }

    std::size_t tagCount() const;
    /// Names of all that is owed: sequence, session, copy.
    std::vector<std::tuple<quint64, quint64, quint32>> owed() const;

    const std::map<QByteArray, quint64> &retained() const { return m_state.retained; }

private:
    struct Mark
    {
        quint32 tag = 0;
        bool bodyDone = false;
    };

    struct Owed
    {
        DurableTarget target;
        std::optional<Mark> mark;
    };

    struct Kept
    {
        Message message;
        std::map<std::pair<quint64, quint32>, Owed> targets;
        quint32 streams = 0;
    };

    struct Session
    {
        SessionRow row;
        std::map<QByteArray, SubscriptionRow> subscriptions;
        std::set<quint32> keys;
    };

    struct State
    {
        std::map<quint64, Session> sessions;
        std::map<quint64, Kept> messages;
        std::map<QByteArray, quint64> retained;
        std::map<std::pair<QByteArray, QByteArray>, QByteArray> values;
    };

    struct Logged
    {
        StoreRecord record;
        bool refusable = false;
    };

    void play(const StoreRecord &record);
    void play(const record::PutMessage &put);
    void play(const record::AddTarget &add);
    void owe(Kept *kept, const DurableTarget &target) const;
    void tidy();

    State m_kept;
    State m_state;
    std::vector<Logged> m_log;
    std::set<quint64> m_refused;
};

/// The same lines of what was recovered.
std::vector<QByteArray> linesOf(const Recovered &recovered);

} // namespace fairlead::core
