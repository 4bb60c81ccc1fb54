// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "broadcastpart.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace fairlead::sim {

using core::TargetResult;

/// What a target does with a request depends on its place.
class BroadcastPart::Target final : public OperationTarget
{
public:
    Target(BroadcastPart &part, int place)
        : m_part(part)
        , m_place(place)
    { }

    void handleOperation(const Operation &operation, OperationReply reply) override
    {
        Member *member = m_part.memberOf(operation.correlationId, m_place);
        if (!member) {
            m_part.fail("BC-02", QStringLiteral("target %1 was asked too").arg(m_place));
            return;
        }
        switch (m_place) {
        case 0: // answers at once
            member->mayAck = true;
            reply.done();
            break;
        case 1: // never will
            member->mayFail = true;
            break;
        case 2:
            member->mayFail = true;
            throw std::runtime_error("simulated");
        default:
            m_part.m_replies.push_back({operation.correlationId, m_place, std::move(reply)});
            break;
        }
    }

private:
    BroadcastPart &m_part;
    const int m_place;
};

BroadcastPart::BroadcastPart(ControlBase &base)
    : ControlPart(base)
    , m_broadcaster(base.time, base.time.timers(), base.executor)
{
    using core::Broadcaster;
    QObject::connect(&m_broadcaster,
                     &Broadcaster::started,
                     &m_broadcaster,
                     [this](quint64 correlation, OperationKind, int) { begin(correlation); });
    QObject::connect(&m_broadcaster,
                     &Broadcaster::targetFinished,
                     &m_broadcaster,
                     [this](quint64 correlation, const QString &id, TargetResult result) {
                         watchTarget(correlation, placeOf(id), result);
                     });
    QObject::connect(&m_broadcaster,
                     &Broadcaster::finished,
                     &m_broadcaster,
                     [this](const core::BroadcastReport &report) { watchReport(report); });
    for (int place = 0; place < int(m_places.size()); ++place)
        registerTarget(place);
}

BroadcastPart::~BroadcastPart() = default;

QString BroadcastPart::nameOf(int place)
{
    return QStringLiteral("target%1").arg(place);
}

int BroadcastPart::placeOf(const QString &name)
{
    return name.back().digitValue();
}

int BroadcastPart::actions() const
{
    return 8;
}

void BroadcastPart::act(int action, quint32 whom, quint32 how)
{
    const int number = int(whom % m_places.size());
    Place &place = m_places[std::size_t(number)];
    note([&] {
        return QStringLiteral("action %1 on target %2 (%3)").arg(action).arg(number).arg(how);
    });
    switch (action) {
    case 0:
        start(how);
        break;
    case 1:
    case 2:
    case 3:
        answer(number, how);
        break;
    case 4:
        if (how % 2 == 0) {
            registerTarget(number);
        } else if (place.generation != 0) {
            lose(number, place.generation);
            std::erase(m_order, number);
            place.earlier.push_back(std::exchange(place.generation, 0));
            (void)m_broadcaster.unregisterTarget(nameOf(number));
        }
        break;
    case 5:
        if (place.generation != 0) {
            place.live = how % 2 == 0;
            if (!place.live)
                lose(number, place.generation);
            if (!m_broadcaster.setLive(nameOf(number), place.generation, place.live))
                fail("BC-05", QStringLiteral("target %1 is unknown").arg(number));
        }
        break;
    case 6:
        acknowledgeFalsely(number, how);
        break;
    default:
        (void)m_broadcaster.resume();
        m_base.time.runTo(now() + qint64(how % 1500) * kNsPerMs);
        break;
    }
}

void BroadcastPart::registerTarget(int number)
{
    Place &place = m_places[std::size_t(number)];
    if (place.generation == 0) {
        m_order.push_back(number);
    } else {
        lose(number, place.generation);
        place.earlier.push_back(place.generation);
    }
    core::BroadcastTarget target;
    target.id = nameOf(number);
    target.target = std::make_shared<Target>(*this, number);
    const quint64 before = place.generation;
    const auto registered = m_broadcaster.registerTarget(std::move(target));
    if (!registered || registered->previous.has_value() != (before != 0))
        fail("BC-05", QStringLiteral("target %1 did not replace what was there").arg(number));
    place.generation = registered->generation;
    place.live = true;
    if (place.earlier.size() > 4)
        place.earlier.erase(place.earlier.begin());
}

void BroadcastPart::start(quint32 how)
{
    core::BroadcastRequest request;
    request.timeout = kTimeoutNs;
    if (how % 2 == 0) {
        request.kind = OperationKind::ReleaseHandles;
        request.pathPrefix = QStringLiteral("/a");
    } else {
        request.reason = QuiesceReason::Maintenance;
    }
    (void)m_broadcaster.start(request);
}

/// BC-02: the snapshot is that of the moment.
void BroadcastPart::begin(quint64 correlation)
{
    Run &run = m_runs[correlation];
    run.deadline = now() + kTimeoutNs;
    for (const int number : m_order) {
        const Place &place = m_places[std::size_t(number)];
        Member member;
        member.place = number;
        member.generation = place.generation;
        if (!place.live)
            member.result = TargetResult::SkippedDead;
        run.members.push_back(member);
    }
    m_latest = correlation;
}

/// One that owes an answer gives it, right or wrong; or its answer comes from outside.
void BroadcastPart::answer(int number, quint32 how)
{
    const auto owed = std::find_if(
        m_replies.begin(), m_replies.end(), [&](const Owed &each) { return each.place == number; });
    if (owed == m_replies.end())
        return;
    Owed reply = std::move(*owed);
    m_replies.erase(owed);
    Member *member = memberOf(reply.correlation, number);
    switch (how % 3) {
    case 0:
        if (member)
            member->mayFail = true;
        reply.reply.fail(Error(ErrorCode::Internal, QStringLiteral("simulated")));
        break;
    case 1:
        if (member)
            member->mayAck = true;
        reply.reply.done();
        break;
    default:
        if (member && !member->result) {
            member->mayAck = true;
            m_broadcaster.acknowledge(
                {reply.correlation, member->generation, nameOf(number), Result<>()});
            if (member->result != TargetResult::Acked)
                fail("BC-02", QStringLiteral("the answer of target %1 was lost").arg(number));
        }
        // What it still says is late.
        reply.reply.done();
        break;
    }
}

/// BC-04: answers of others, of older ones, for others, a second time and too late.
void BroadcastPart::acknowledgeFalsely(int number, quint32 how)
{
    const Place &place = m_places[std::size_t(number)];
    core::OperationAck ack;
    ack.correlationId = m_latest;
    ack.id = nameOf(number);
    ack.generation = place.generation;
    const Member *member = memberOf(m_latest, number);
    switch (how % 4) {
    case 0:
        if (place.earlier.empty())
            return;
        ack.generation = place.earlier[(how >> 2) % place.earlier.size()];
        if (member && member->generation == ack.generation)
            return;
        break;
    case 1:
        ack.correlationId = m_latest + 1 + how % 3;
        break;
    case 2:
        ack.id = QStringLiteral("stranger");
        break;
    default:
        if (!member || !member->result)
            return;
        break;
    }
    const quint64 ignored = ignoredCount();
    const quint64 ends = m_ends;
    m_broadcaster.acknowledge(ack);
    if (m_ends != ends)
        fail("BC-04", QStringLiteral("a false answer for target %1 counted").arg(number));
    else if (ignoredCount() != ignored + 1)
        fail("BC-04", QStringLiteral("a false answer for target %1 left no trace").arg(number));
}

quint64 BroadcastPart::ignoredCount() const
{
    const core::BroadcastStats &stats = m_broadcaster.stats();
    return stats.lateAcks + stats.duplicateAcks + stats.foreignAcks + stats.staleAcks;
}

/// Whoever waited for it hears so at once.
void BroadcastPart::lose(int number, quint64 generation)
{
    for (auto &[correlation, run] : m_runs) {
        for (Member &member : run.members) {
            if (member.place == number && member.generation == generation)
                member.mayFail = true;
        }
    }
}

BroadcastPart::Member *BroadcastPart::memberOf(quint64 correlation, int place)
{
    const auto run = m_runs.find(correlation);
    if (run == m_runs.end())
        return nullptr;
    auto &members = run->second.members;
    const auto found = std::find_if(members.begin(), members.end(), [&](const Member &member) {
        return member.place == place;
    });
    return found == members.end() ? nullptr : &*found;
}

void BroadcastPart::watchTarget(quint64 correlation, int place, TargetResult result)
{
    note([&] { return QStringLiteral("    target %1: %2").arg(place).arg(int(result)); });
    ++m_ends;
    Member *member = memberOf(correlation, place);
    if (!member || member->result) {
        fail("BC-02", QStringLiteral("target %1 ended twice").arg(place));
        return;
    }
    member->result = result;
    const bool due = now() >= m_runs[correlation].deadline;
    const bool legal = (result == TargetResult::Acked && member->mayAck)
        || (result == TargetResult::Failed && member->mayFail)
        || (result == TargetResult::TimedOut && due);
    if (!legal)
        fail("BC-04", QStringLiteral("target %1 ended without a cause").arg(place));
}

/// BC-02: each target of the snapshot is in exactly one list, in the order of registration.
void BroadcastPart::watchReport(const core::BroadcastReport &report)
{
    const auto run = m_runs.find(report.correlationId);
    if (run == m_runs.end()) {
        fail("BC-02", QStringLiteral("a second report"));
        return;
    }
    QStringList acks;
    QStringList timeouts;
    QStringList failures;
    QStringList dead;
    for (const Member &member : run->second.members) {
        const QString name = nameOf(member.place);
        if (!member.result)
            fail("BC-02", QStringLiteral("%1 has no end").arg(name));
        else if (*member.result == TargetResult::Acked)
            acks << name;
        else if (*member.result == TargetResult::TimedOut)
            timeouts << name;
        else if (*member.result == TargetResult::Failed)
            failures << name;
        else
            dead << name;
    }
    QStringList failed;
    for (const core::TargetFailure &failure : report.failures)
        failed << failure.id;
    if (acks != report.acks || timeouts != report.timeouts || failures != failed
        || dead != report.skippedDead)
        fail("BC-02", QStringLiteral("the report is not what happened"));
    const bool nobody = acks.isEmpty() && timeouts.isEmpty() && failures.isEmpty();
    if (nobody != (report.outcome == core::BroadcastOutcome::NoLiveTargets))
        fail("BC-02", QStringLiteral("nobody there was taken for success"));
    m_runs.erase(run);
}

void BroadcastPart::check()
{
    for (const auto &[correlation, run] : m_runs) {
        QStringList waiting;
        for (const Member &member : run.members) {
            if (!member.result)
                waiting << nameOf(member.place);
        }
        if (!waiting.isEmpty() && now() >= run.deadline)
            fail("BC-03", QStringLiteral("a target is waited for after its deadline"));
        if (m_broadcaster.waitingFor(correlation) != waiting)
            fail("BC-02", QStringLiteral("others are waited for than should be"));
    }
    if (m_broadcaster.activeCount() != qsizetype(m_runs.size()))
        fail("BC-05", QStringLiteral("a broadcast is never over"));
    // Replies of what is over are not kept for ever.
    if (m_replies.size() > 64)
        m_replies.erase(m_replies.begin());
}

} // namespace fairlead::sim
