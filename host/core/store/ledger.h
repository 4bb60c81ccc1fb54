// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/storageengine.h"
#include "core/store/storerecord.h"
#include "core/store/streamstate.h"
#include "core/store/targetset.h"

#include <QByteArray>
#include <QHash>

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace fairlead {
class Clock;
}

namespace fairlead::core {

struct SettledSet;

/// What is to be stored against what is: turns a group of records into one batch in which everything
/// is in its last state. A message is kept as long as a target, its topic's retained entry or a
/// stream holds it; one that nobody holds any more before it was written costs no row.
///
/// Records about sessions and messages that it does not know are ignored and counted: a publisher may
/// match a session that another reactor has just removed.
///
/// Thread: one at a time. Errors: none; what an engine refused stays due, see failed().
class Ledger
{
public:
    static constexpr int kStreams = kStreamSlots;

    struct Counters
    {
        quint64 ignored = 0; ///< records and targets that name nothing that is known
        quint64 cancelled = 0; ///< messages that were settled before they were written
    };

    explicit Ledger(const Clock &clock);
    ~Ledger();
    Ledger(const Ledger &) = delete;
    Ledger &operator=(const Ledger &) = delete;

    /// Takes the next record. @p refusable: somebody waits for it, so that failed() takes it back if
    /// it brings a message.
    void apply(StoreRecord &&record, bool refusable);
    /// Instead of apply(), while nothing can be kept: the message will be stored for streams alone.
    void refuse(const StoreRecord &record);
    /// Numbers that are given out without a record: a start shall not give them out again.
    void noteUsed(quint64 sequence, quint64 session) noexcept;

    /// All that is due, into an empty @p batch, until committed() or failed().
    void fill(EngineBatch *batch);
    /// What fill() yielded is stored.
    void committed();
    /// It is not: messages that were refusable are as if they had never been, with their keys and
    /// their place as their topic's retained message, but for streams, which keep what was seen;
    /// the rest stays due.
    void failed();

    const Counters &counters() const noexcept { return m_counters; }

    std::size_t storedMessages() const noexcept { return std::size_t(m_messages.size()); }

    bool hasSession(quint64 number) const { return m_sessions.contains(number); }

    /// The sequence of the topic's retained message; 0: none.
    quint64 retainedOf(const QByteArray &topic) const;

    // What an engine kept, before the first apply(); see Recovery. What cannot be kept is due to go.
    void restoreMeta(const StoreMeta &meta, quint32 epoch);
    void restoreSession(quint64 number);
    bool restoreKey(quint64 session, quint32 key);
    void restoreRetained(const QByteArray &topic, quint64 sequence);
    /// @p targets in row order. Yields how many name sessions that are unknown; they are settled.
    int restoreMessage(const Message &message,
                       const std::vector<DurableTarget> &targets,
                       quint32 streams);
    /// Its targets cannot be read: what else holds it keeps it, in a row that is written again.
    void restoreUntargeted(const Message &message, quint32 streams, qint64 utcMs);
    /// Nothing: it does not fit its message, and everybody is owed it as the row says. Else what it
    /// adds to the count of restoreMessage(), which knew of nothing that is settled.
    std::optional<int> restoreSettled(quint64 sequence, const SettledSet &set);
    /// It cannot be read: everybody is owed it as the row says.
    void restoreUnsettled(quint64 sequence);
    /// False: there is no such target any more.
    bool restoreTag(const TagRow &row);
    /// The message is not to be kept, nor the retained entry that may point at it.
    void discardMessage(quint64 sequence, const QByteArray &topic);
    void discardSession(quint64 number);
    /// Lets go of what nothing holds, and of entries that point to nothing; yields how many did.
    int finishRestore();
    /// Whether @p session is owed that copy.
    bool isOwed(quint64 session, quint64 sequence, quint32 copy);
    bool isRetained(quint64 sequence) const;
    quint32 streamsOf(quint64 sequence) const;

    quint64 nextSequence() const noexcept { return m_sequence.used + 1; }

    quint64 nextSession() const noexcept { return m_session.used + 1; }

private:
    using Target = TargetSet::Target;

    struct Stored
    {
        TargetSet targets;
        quint32 streams = 0;
        quint32 pending = kNone; ///< in m_pending
        quint8 flags = 0;

        bool has(quint8 flag) const noexcept { return (flags & flag) != 0; }

        bool isHeld() const noexcept
        {
            return targets.open() > 0 || streams != 0 || has(kRetained);
        }
    };

    static constexpr quint32 kNone = 0xFFFFFFFFU;
    // Flags of a Stored.
    static constexpr quint8 kOnDisk = 1;
    static constexpr quint8 kRetained = 2;
    static constexpr quint8 kPinned = 4; ///< would be its topic's again if the group failed
    static constexpr quint8 kListed = 8; ///< in m_resettled
    static constexpr quint8 kAmended = 16; ///< in m_amendments

    using Messages = std::unordered_map<quint64, Stored>;

    /// A message whose row is to be written.
    struct Pending
    {
        quint64 sequence = 0; ///< 0: it is needed no more
        Message message;
        DurableTargets targets;
        DurableTargets shared;
        std::vector<DurableTarget> added;
        qint64 utcMs = 0; ///< of one that a stream keeps
    };

    /// What a stored message's row does not say.
    struct Amendment
    {
        std::vector<DurableTarget> added;
        quint32 releasedStreams = 0;
    };

    struct KeyState
    {
        quint64 source = 0; ///< the refusable message that brought it, while its group is open
        bool present = false;
        bool onDisk = false;
        bool listed = false;
    };

    struct SessionChange
    {
        std::unique_ptr<SessionRow> row;
        std::map<QByteArray, std::unique_ptr<SubscriptionRow>> subscriptions; ///< null: removed
    };

    struct SessionState
    {
        std::vector<quint64> owed; ///< sequences; some may be settled
        quint32 open = 0; ///< targets
        bool onDisk = false;
        bool listed = false; ///< in m_changedSessions
        QHash<quint32, KeyState> keys;
        std::unique_ptr<SessionChange> change;
    };

    struct Retained
    {
        quint64 sequence = 0; ///< 0: none
        quint64 source = 0; ///< the message that made it so
        quint64 onDisk = 0;
        bool listed = false; ///< in m_changedRetained
    };

    struct RetainedUndo
    {
        QByteArray topic;
        quint64 source = 0;
        quint64 previous = 0;
        quint64 previousSource = 0;
    };

    struct Mark
    {
        quint32 tag = 0;
        bool bodyDone = false;
    };

    using TagName = std::tuple<quint64, quint64, quint32>; ///< sequence, session, copy
    using ValueName = std::pair<QByteArray, QByteArray>;

    /// A counter that a start must not give out again; written ahead.
    struct Counter
    {
        quint64 used = 0;
        quint64 reserved = 0; ///< stored: up to here, exclusively
        quint64 ahead = 0;
        quint64 writing = 0; ///< 0: as before

        void note(quint64 number) noexcept
        {
            if (number > used)
                used = number;
        }

        quint64 due() noexcept;
        void settle(bool stored) noexcept;
    };

    // Per record.
    void take(record::PutMessage &record, bool refusable);
    void take(record::AddTarget &record, bool refusable);
    void take(const record::Settle &record, bool);
    void take(const record::Mark &record, bool);
    void take(const record::PutKey &record, bool);
    void take(const record::ForgetKey &record, bool);
    void take(record::PutSession &record, bool);
    void take(const record::RemoveSession &record, bool);
    void take(record::PutSubscription &record, bool);
    void take(const record::RemoveSubscription &record, bool);
    void take(const record::ClearRetained &record, bool);
    void take(const record::TrimStream &record, bool);
    void take(record::PutValue &record, bool);
    void take(const record::RemoveValue &record, bool);

    void collect(const DurableTargets &list, const Message &message);
    void sortCollected();
    void owe(quint64 number, SessionState &session, quint64 sequence);
    void forgetSettled(quint64 number, SessionState &session);
    void settle(Messages::iterator entry, Target *target);
    void release(Messages::iterator entry);
    void removeBetween(quint64 first, quint64 last);
    void settleAll(Messages::iterator entry);
    void leaveToStreams(Messages::iterator entry);
    void drop(Messages::iterator entry);
    void pend(Stored &stored, Pending pending);
    void dropUnneeded();
    void amend(quint64 sequence, Stored &stored);
    void keep(quint64 session, quint32 key, quint64 source);
    SessionState *findSession(quint64 number);
    SessionChange &change(quint64 number, SessionState &session);
    QHash<QByteArray, Retained>::iterator changeRetained(const QByteArray &topic);
    void retain(const Message &message, bool refusable);
    void releaseRetained(quint64 sequence);

    // The batch.
    void fillMessages(EngineBatch *batch);
    void fillSettled(EngineBatch *batch);
    void fillSessions(EngineBatch *batch);
    void fillKeys(EngineBatch *batch);
    void fillTags(EngineBatch *batch);
    void fillRetained(EngineBatch *batch);
    void fillValues(EngineBatch *batch);
    QByteArray encode(const Pending &pending, TargetSet &targets);
    void commitMessages();
    void commitTags();
    void commitKeys();
    void commitRetained();
    void undoRetained();
    void undoMessages();
    void noteRefused(quint64 sequence);
    bool wasRefused(quint64 sequence) const;

    const Clock &m_clock;
    Messages m_messages;
    std::unordered_map<quint64, SessionState> m_sessions;
    QHash<QByteArray, Retained> m_retained;
    QHash<quint64, Amendment> m_amendments;
    std::array<std::deque<quint64>, kStreams> m_streams; ///< sequences, ascending
    Counter m_sequence;
    Counter m_session;
    quint32 m_epochDue = 0;

    // What is due.
    std::vector<Pending> m_pending; ///< some needed no more
    std::size_t m_unneeded = 0; ///< so many
    std::vector<quint64> m_removedMessages;
    std::vector<quint64> m_resettled;
    std::vector<quint64> m_removedSessions;
    std::vector<quint64> m_changedSessions;
    std::vector<EngineBatch::Key> m_changedKeys;
    std::vector<TagRow> m_removedTags;
    std::map<TagName, Mark> m_marks;
    std::vector<QByteArray> m_changedRetained;
    std::map<ValueName, std::optional<QByteArray>> m_values; ///< nothing: removed

    // What failed() takes back.
    std::vector<quint64> m_refusable;
    std::vector<std::tuple<quint64, quint64, quint32>> m_refusableTargets;
    std::vector<RetainedUndo> m_retainedUndo;

    std::deque<quint64> m_refused; ///< the last of them, ascending
    std::vector<quint64> m_restored; ///< messages, until finishRestore()
    std::vector<QByteArray> m_restoredTopics; ///< until then too
    std::vector<Target> m_collected;
    DurableTargets m_encodedOf;
    QByteArray m_encoded;
    Counters m_counters;
};

} // namespace fairlead::core
