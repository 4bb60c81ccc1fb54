// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "broadcaster.h"

#include "contained.h"
#include "core/lifecycle/ownerpost.h"
#include "core/plantedbug.h"
#include "pathprefix.h"

#include <QtCore/QPointer>

#include <algorithm>
#include <utility>

namespace fairlead::core {

struct Broadcaster::Entry
{
    BroadcastTarget target;
    quint64 generation = 0;
    std::shared_ptr<QuiesceState> quiesce;
};

/// A target as it was when the broadcast began.
struct Broadcaster::Member
{
    QString id;
    quint64 generation = 0;
    std::shared_ptr<OperationTarget> target;
    std::shared_ptr<QuiesceState> quiesce;
    std::function<QStringList()> paths;
    bool waiting = false;
    bool answered = false; ///< by itself
    TargetResult result = TargetResult::SkippedDead;
    Error error;
};

struct Broadcaster::Run
{
    explicit Run(Broadcaster &broadcaster)
        : owner(broadcaster)
        , timer(
              [](void *self) noexcept {
                  const Run &run = *static_cast<Run *>(self);
                  run.owner.handleTimeout(run.operation.correlationId);
              },
              this)
    { }

    std::size_t indexOf(const QString &id) const
    {
        const auto found = std::find_if(
            members.begin(), members.end(), [&](const Member &member) { return member.id == id; });
        return std::size_t(found - members.begin());
    }

    Broadcaster &owner;
    Operation operation;
    Finished finished;
    std::vector<Member> members;
    std::size_t waiting = 0;
    qint64 startedAt = 0;
    Timer timer;
};

Broadcaster::Broadcaster(const Clock &clock, Timers &timers, Executor &executor, QObject *parent)
    : QObject(parent)
    , m_clock(clock)
    , m_timers(timers)
    , m_post(std::make_shared<OwnerPost<Broadcaster>>(*this, executor))
{ }

Broadcaster::~Broadcaster()
{
    m_post->close();
    for (const auto &run : std::as_const(m_active))
        m_timers.disarm(run->timer);
    for (const Entry &entry : m_entries)
        entry.quiesce->close();
}

std::size_t Broadcaster::indexOf(const QString &id) const
{
    const auto found = std::find_if(m_entries.begin(), m_entries.end(), [&](const Entry &entry) {
        return entry.target.id == id;
    });
    return std::size_t(found - m_entries.begin());
}

Result<Broadcaster::Registration> Broadcaster::registerTarget(BroadcastTarget target)
{
    if (target.id.isEmpty())
        return Error(ErrorCode::InvalidArgument, QStringLiteral("a target needs an id"));
    const QString id = target.id;
    Registration registration;
    registration.generation = m_nextGeneration++;
    Entry fresh{std::move(target), registration.generation, std::make_shared<QuiesceState>()};
    const std::size_t index = indexOf(id);
    if (index == m_entries.size()) {
        m_entries.push_back(std::move(fresh));
        return registration;
    }
    const Entry old = std::exchange(m_entries[index], std::move(fresh));
    old.quiesce->close();
    registration.previous = old.target;
    handleGone(id, old.generation);
    return registration;
}

bool Broadcaster::unregisterTarget(const QString &id)
{
    const std::size_t index = indexOf(id);
    if (index == m_entries.size())
        return false;
    const Entry old = m_entries[index];
    m_entries.erase(m_entries.begin() + std::ptrdiff_t(index));
    old.quiesce->close();
    handleGone(old.target.id, old.generation);
    return true;
}

bool Broadcaster::setLive(const QString &id, quint64 generation, bool live)
{
    const std::size_t index = indexOf(id);
    if (index == m_entries.size() || m_entries[index].generation != generation)
        return false;
    m_entries[index].target.live = live;
    if (!live)
        handleGone(id, generation);
    return true;
}

QStringList Broadcaster::targetIds() const
{
    QStringList ids;
    for (const Entry &entry : m_entries)
        ids << entry.target.id;
    return ids;
}

std::shared_ptr<QuiesceState> Broadcaster::quiesceState(const QString &id) const
{
    const std::size_t index = indexOf(id);
    return index == m_entries.size() ? nullptr : m_entries[index].quiesce;
}

Result<> Broadcaster::check(BroadcastRequest &request) const
{
    if (m_active.size() >= kMaxActive) {
        return Error(ErrorCode::LimitReached,
                     QStringLiteral("%1 broadcasts are under way already").arg(kMaxActive));
    }
    if (request.kind == OperationKind::Quiesce && request.reason == QuiesceReason::None)
        return Error(ErrorCode::InvalidArgument, QStringLiteral("a quiesce needs a reason"));
    if (request.kind == OperationKind::ReleaseHandles) {
        Result<QString> prefix = normalisedPath(request.pathPrefix);
        if (!prefix)
            return prefix.error();
        request.pathPrefix = *prefix;
    }
    for (const QString &id : std::as_const(request.targets)) {
        if (indexOf(id) == m_entries.size())
            return Error(ErrorCode::NotFound, QStringLiteral("no target \"%1\"").arg(id));
    }
    return {};
}

Result<quint64> Broadcaster::start(const BroadcastRequest &asked, Finished finished)
{
    BroadcastRequest request = asked;
    if (const auto good = check(request); !good)
        return good.error();

    const auto run = std::make_shared<Run>(*this);
    const quint64 correlationId = m_nextCorrelation++;
    run->startedAt = m_clock.now();
    run->finished = std::move(finished);
    Operation &operation = run->operation;
    operation.kind = request.kind;
    operation.reason = request.reason;
    operation.pathPrefix = request.pathPrefix;
    operation.correlationId = correlationId;
    operation.deadline = run->startedAt + std::max(request.timeout, kNsPerMs);
    for (const Entry &entry : m_entries) {
        const BroadcastTarget &target = entry.target;
        if (!request.targets.isEmpty() && !request.targets.contains(target.id))
            continue;
        Member member;
        member.id = target.id;
        member.generation = entry.generation;
        member.target = target.target;
        member.quiesce = entry.quiesce;
        member.paths = target.paths;
        if (target.live) {
            member.waiting = true;
            ++run->waiting;
            if (request.kind == OperationKind::Quiesce)
                (void)entry.quiesce->drain(request.reason); // a registered target is not closed
        }
        run->members.push_back(std::move(member));
    }
    m_active.insert(correlationId, run);
    ++m_stats.started;
    m_timers.arm(run->timer, operation.deadline);

    const QPointer<Broadcaster> self = this;
    Q_EMIT started(correlationId, operation.kind, int(run->waiting));
    if (self && run->waiting == 0)
        finishLater(*run);
    for (std::size_t i = 0; self && i < run->members.size(); ++i) {
        if (run->members[i].waiting)
            ask(run, i);
    }
    return correlationId;
}

void Broadcaster::ask(const std::shared_ptr<Run> &run, std::size_t index)
{
    const Member &member = run->members[index];
    const Operation operation = run->operation;
    if (operation.kind == OperationKind::ReleaseHandles && member.paths) {
        const QStringList paths = member.paths();
        if (std::none_of(paths.begin(), paths.end(), [&](const QString &path) {
                return coversPath(operation.pathPrefix, path);
            })) {
            end(run, index, TargetResult::Acked);
            return;
        }
    }
    if (!member.target) {
        end(run,
            index,
            TargetResult::Failed,
            Error(ErrorCode::NotSupported,
                  QStringLiteral("the target takes part in no operations")));
        return;
    }
    // Of who threw, the exception is the answer: the reply that was dropped on the way is none.
    const auto threw = std::make_shared<bool>(false);
    OperationReply reply([channel = m_post,
                          threw,
                          correlationId = operation.correlationId,
                          generation = member.generation,
                          id = member.id](const Result<> &outcome) {
        channel->post(
            [threw, ack = OperationAck{correlationId, generation, id, outcome}](Broadcaster &self) {
                if (!*threw)
                    self.acknowledge(ack);
            });
    });
    const QPointer<Broadcaster> self = this;
    const std::shared_ptr<OperationTarget> target = member.target;
    const Result<> called = contained(
        member.id,
        [&] { target->handleOperation(operation, std::move(reply)); },
        ErrorCode::PluginFailed);
    if (!self || called)
        return;
    *threw = true;
    if (member.waiting)
        end(run, index, TargetResult::Failed, called.error());
}

void Broadcaster::end(const std::shared_ptr<Run> &run,
                      std::size_t index,
                      TargetResult result,
                      const Error &error)
{
    Member &member = run->members[index];
    member.waiting = false;
    member.result = result;
    member.error = error;
    --run->waiting;
    const QString id = member.id;
    const QPointer<Broadcaster> self = this;
    if (run->waiting == 0)
        finishLater(*run);
    settleQuiesce(*run, member);
    if (self)
        Q_EMIT targetFinished(run->operation.correlationId, id, result, error);
}

/// An idle target that could not be told goes on working (BC-07). One that was told and did not
/// answer in time may have stopped, so it is told that too.
void Broadcaster::settleQuiesce(const Run &run, const Member &member)
{
    if (run.operation.kind != OperationKind::Quiesce
        || run.operation.reason != QuiesceReason::IdleTimeout
        || member.result == TargetResult::Acked
        || member.quiesce->reason() != QuiesceReason::IdleTimeout) {
        return;
    }
    resumeOne(member.id, member.generation, member.target, *member.quiesce);
}

void Broadcaster::resumeOne(const QString &id,
                            quint64 generation,
                            const std::shared_ptr<OperationTarget> &target,
                            QuiesceState &state)
{
    if (!state.resume())
        return;
    const QPointer<Broadcaster> self = this;
    if (target) {
        const Result<> told = contained(
            id, [&] { target->handleResume(); }, ErrorCode::PluginFailed);
        if (!told)
            qCritical("fairlead: %s", qUtf8Printable(told.error().toString()));
    }
    if (self)
        Q_EMIT resumed(id, generation);
}

Result<> Broadcaster::resume(const QString &id)
{
    if (!id.isEmpty() && indexOf(id) == m_entries.size())
        return Error(ErrorCode::NotFound, QStringLiteral("no target \"%1\"").arg(id));
    const std::vector<Entry> entries = m_entries;
    const QPointer<Broadcaster> self = this;
    for (const Entry &entry : entries) {
        if (self && (id.isEmpty() || entry.target.id == id)) {
            const bool told = entry.target.live;
            resumeOne(entry.target.id,
                      entry.generation,
                      told ? entry.target.target : nullptr,
                      *entry.quiesce);
        }
    }
    return {};
}

void Broadcaster::acknowledge(const OperationAck &ack)
{
    if (ack.correlationId == 0 || ack.correlationId >= m_nextCorrelation) {
        ++m_stats.foreignAcks;
        return;
    }
    const std::shared_ptr<Run> run = m_active.value(ack.correlationId);
    if (!run) {
        ++m_stats.lateAcks;
        return;
    }
    const std::size_t index = run->indexOf(ack.id);
    if (index == run->members.size()) {
        ++m_stats.foreignAcks;
        return;
    }
    Member &member = run->members[index];
    if (member.generation != ack.generation && !isPlanted(PlantedBug::BC04)) {
        ++m_stats.staleAcks;
        return;
    }
    if (!member.waiting) {
        if (member.answered) {
            ++m_stats.duplicateAcks;
        } else if (member.result == TargetResult::SkippedDead) {
            ++m_stats.foreignAcks; // it was not asked
        } else {
            ++m_stats.lateAcks;
        }
        return;
    }
    member.answered = true;
    end(run, index, ack.outcome ? TargetResult::Acked : TargetResult::Failed, ack.outcome.error());
}

void Broadcaster::handleGone(const QString &id, quint64 generation)
{
    QList<quint64> active = m_active.keys();
    std::sort(active.begin(), active.end());
    const QPointer<Broadcaster> self = this;
    for (const quint64 correlationId : std::as_const(active)) {
        const std::shared_ptr<Run> run = m_active.value(correlationId);
        const std::size_t index = run ? run->indexOf(id) : 0;
        if (!run || index == run->members.size() || run->members[index].generation != generation
            || !run->members[index].waiting) {
            continue;
        }
        end(run,
            index,
            TargetResult::Failed,
            Error(ErrorCode::ConnectionClosed,
                  QStringLiteral("the target disconnected before it answered")));
        if (!self)
            return;
    }
}

void Broadcaster::handleTimeout(quint64 correlationId) noexcept
{
    const std::shared_ptr<Run> run = m_active.value(correlationId);
    if (!run)
        return;
    const QPointer<Broadcaster> self = this;
    for (std::size_t i = 0; self && i < run->members.size(); ++i) {
        if (run->members[i].waiting)
            end(run, i, TargetResult::TimedOut);
    }
}

void Broadcaster::finishLater(const Run &run)
{
    m_post->post([correlationId = run.operation.correlationId](Broadcaster &self) {
        self.finish(correlationId);
    });
}

void Broadcaster::finish(quint64 correlationId)
{
    const std::shared_ptr<Run> run = m_active.take(correlationId);
    if (!run)
        return;
    m_timers.disarm(run->timer);
    ++m_stats.finished;
    const BroadcastReport report = reportOf(*run, m_clock.now());
    Q_EMIT finished(report);
    if (run->finished)
        run->finished(report);
}

BroadcastReport Broadcaster::reportOf(const Run &run, qint64 now)
{
    BroadcastReport report;
    report.correlationId = run.operation.correlationId;
    report.kind = run.operation.kind;
    report.reason = run.operation.reason;
    report.pathPrefix = run.operation.pathPrefix;
    report.startedAt = run.startedAt;
    report.duration = now - run.startedAt;
    for (const Member &member : run.members) {
        switch (member.result) {
        case TargetResult::Acked:
            report.acks << member.id;
            break;
        case TargetResult::TimedOut:
            report.timeouts << member.id;
            break;
        case TargetResult::Failed:
            report.failures.push_back({member.id, member.error});
            break;
        case TargetResult::SkippedDead:
            report.skippedDead << member.id;
            break;
        }
    }
    if (!report.timeouts.isEmpty() || !report.failures.empty()) {
        report.outcome = BroadcastOutcome::Partial;
    } else if (!report.acks.isEmpty()) {
        report.outcome = BroadcastOutcome::AllAcked;
    }
    return report;
}

QStringList Broadcaster::waitingFor(quint64 correlationId) const
{
    QStringList ids;
    if (const std::shared_ptr<Run> run = m_active.value(correlationId)) {
        for (const Member &member : run->members) {
            if (member.waiting)
                ids << member.id;
        }
    }
    return ids;
}

} // namespace fairlead::core
