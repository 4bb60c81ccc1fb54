// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "broadcastreport.h"
#include "quiescestate.h"

#include <QtCore/QHash>
#include <QtCore/QObject>

#include <fairlead/clock.h>
#include <fairlead/result.h>
#include <fairlead/timers.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace fairlead {
class Executor;
} // namespace fairlead

namespace fairlead::core {

template <typename Owner>
class OwnerPost;

/// Somebody who takes part in broadcasts.
struct BroadcastTarget
{
    QString id; ///< unique, never empty
    /// Null: the target exists but takes part in nothing, and NotSupported is answered in its place.
    std::shared_ptr<OperationTarget> target;
    bool live = true;
    /// What it may hold open; a ReleaseHandles that covers none of it is acked at once. Empty
    /// function: unknown, so that it is always asked. Throws nothing.
    std::function<QStringList()> paths;
};

struct BroadcastRequest
{
    static constexpr qint64 kDefaultTimeout = 5 * kNsPerSecond;

    OperationKind kind = OperationKind::Quiesce;
    QuiesceReason reason = QuiesceReason::None;
    QString pathPrefix;
    QStringList targets; ///< empty: all
    qint64 timeout
        = kDefaultTimeout; ///< nanoseconds for each target; less than 1 ms counts as that
};

/// An answer, as it comes from a target that is not in this process.
struct OperationAck
{
    quint64 correlationId = 0;
    quint64 generation = 0; ///< of the registration that was asked
    QString id;
    Result<> outcome;
};

/// What changed nothing because it came too late or from nobody that was asked (BC-04, RG-14).
struct BroadcastStats
{
    quint64 started = 0;
    quint64 finished = 0;
    quint64 lateAcks = 0; ///< after the end of the broadcast or the target's own
    quint64 duplicateAcks = 0;
    quint64 foreignAcks = 0; ///< from a target, or for a broadcast, that never was
    quint64 staleAcks = 0; ///< of an older registration
};

/// Sends an operation to all live targets at once and collects how each of them ended (BC-01..BC-06).
///
/// Targets are called from inside start(); everything else is told from the event loop or a timer,
/// but for targetFinished(), which comes as soon as it is known. Signals and callbacks may call back,
/// and delete the broadcaster.
///
/// Thread: main. Answers may be given on any.
class Broadcaster final : public QObject
{
    Q_OBJECT

public:
    /// More broadcasts than this are not under way at a time.
    static constexpr qsizetype kMaxActive = 64;

    using Finished = std::function<void(const BroadcastReport &)>;

    struct Registration
    {
        quint64 generation = 0; ///< never used before
        std::optional<BroadcastTarget> previous;
    };

    Broadcaster(const Clock &clock, Timers &timers, Executor &executor, QObject *parent = nullptr);
    ~Broadcaster() override;

    /// A target with the id of another takes its position; the other is returned, and what it was
    /// asked and did not answer ended with it (BC-05). Errors: InvalidArgument for an empty id.
    Result<Registration> registerTarget(BroadcastTarget target);
    bool unregisterTarget(const QString &id);
    /// A target that dies is told as disconnected at once. False, and nothing changes, when
    /// @p generation does not hold the id any more.
    bool setLive(const QString &id, quint64 generation, bool live);

    QStringList targetIds() const; ///< in the order of registration
    /// Whether the target gets new work; null when it is not registered.
    std::shared_ptr<QuiesceState> quiesceState(const QString &id) const;

    /// Sends the operation; finished() and @p finished follow, always later than this call. Returns
    /// the correlation id. Errors: InvalidArgument for a bad path or reason, NotFound for a target
    /// that is not registered, LimitReached.
    Result<quint64> start(const BroadcastRequest &asked, Finished finished = {});
    /// Ends a quiesce; of all targets when @p id is empty. Errors: NotFound.
    Result<> resume(const QString &id = {});
    /// Takes an answer from outside.
    void acknowledge(const OperationAck &ack);

    /// Who did not answer yet, in the order of registration.
    QStringList waitingFor(quint64 correlationId) const;

    qsizetype activeCount() const noexcept { return qsizetype(m_active.size()); }

    const BroadcastStats &stats() const noexcept { return m_stats; }

Q_SIGNALS:
    /// @p targets: how many are asked.
    void started(quint64 correlationId, fairlead::OperationKind kind, int targets);
    void targetFinished(quint64 correlationId,
                        const QString &id,
                        fairlead::core::TargetResult result,
                        const fairlead::Error &error);
    void finished(const fairlead::core::BroadcastReport &report);
    /// A quiesce ended on demand, or because the target could not be told of it.
    void resumed(const QString &id, quint64 generation);

private:
    struct Member;
    struct Run;
    struct Entry;

    std::size_t indexOf(const QString &id) const; ///< m_entries.size(): not registered
    Result<> check(BroadcastRequest &request) const;
    void ask(const std::shared_ptr<Run> &run, std::size_t index);
    void end(const std::shared_ptr<Run> &run,
             std::size_t index,
             TargetResult result,
             const Error &error = {});
    void handleGone(const QString &id, quint64 generation);
    void handleTimeout(quint64 correlationId) noexcept;
    void finishLater(const Run &run);
    void finish(quint64 correlationId);
    void settleQuiesce(const Run &run, const Member &member);
    void resumeOne(const QString &id,
                   quint64 generation,
                   const std::shared_ptr<OperationTarget> &target,
                   QuiesceState &state);
    static BroadcastReport reportOf(const Run &run, qint64 now);

    const Clock &m_clock;
    Timers &m_timers;
    std::vector<Entry> m_entries;
    QHash<quint64, std::shared_ptr<Run>> m_active;
    std::shared_ptr<OwnerPost<Broadcaster>> m_post;
    quint64 m_nextCorrelation = 1;
    quint64 m_nextGeneration = 1;
    BroadcastStats m_stats;
};

} // namespace fairlead::core
