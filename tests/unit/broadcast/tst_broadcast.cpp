// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/broadcast/broadcaster.h"
#include "fakeloop.h"
#include "scriptedtarget.h"

#include <QtCore/QDir>
#include <QtCore/QFile>
#include <QtCore/QTemporaryDir>
#include <QtTest/QSignalSpy>
#include <QtTest/QTest>

#include <algorithm>

using namespace fairlead;
using namespace fairlead::core;
using namespace fairlead::test;
using Answer = ScriptedTarget::Answer;
using Outcome = BroadcastOutcome;

namespace {

BroadcastRequest quiesce(QuiesceReason reason = QuiesceReason::Maintenance)
{
    BroadcastRequest request;
    request.kind = OperationKind::Quiesce;
    request.reason = reason;
    return request;
}

BroadcastRequest release(const QString &prefix)
{
    BroadcastRequest request;
    request.kind = OperationKind::ReleaseHandles;
    request.pathPrefix = prefix;
    return request;
}

} // namespace

class tst_Broadcast : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void eachTargetEndsInOneList();
    void allAckedAndNobodyThere();
    void operationIsARealRequest();
    void unknownOperationIsUnsupported();
    void targetAddedMeanwhileIsAbsent();
    void muteTargetsEndAtOneTimeout();
    void timeoutZeroIsAMillisecond();
    void chosenTargetsOnlyAreAsked();
    void badRequestIsACodedError_data();
    void badRequestIsACodedError();
    void replacedTargetKeepsItsPosition();
    void drainingBeginsWithTheDecision();
    void maintenanceThatFailedStillDrains();
    void deadTargetIsNotDrained();
    void releaseAsksWhomItConcerns();
    void releasedFileIsClosedAtTheAck();
    void nothingGrowsOverManyBroadcasts();
    void activeBroadcastsAreBounded();

private:
    std::shared_ptr<ScriptedTarget> add(const char *id,
                                        Answer answer = Answer::Done,
                                        bool live = true);
    BroadcastReport run(const BroadcastRequest &request);

    std::unique_ptr<FakeLoop> m_loop;
    std::unique_ptr<Broadcaster> m_broadcaster;
};

void tst_Broadcast::init()
{
    m_loop = std::make_unique<FakeLoop>();
    m_broadcaster = std::make_unique<Broadcaster>(*m_loop, m_loop->timers, *m_loop);
}

void tst_Broadcast::cleanup()
{
    m_broadcaster.reset();
    QCOMPARE(m_loop->timers.size(), 0U);
    m_loop.reset();
}

std::shared_ptr<ScriptedTarget> tst_Broadcast::add(const char *id, Answer answer, bool live)
{
    auto target = std::make_shared<ScriptedTarget>(answer);
    const auto done = m_broadcaster->registerTarget({QString::fromLatin1(id), target, live, {}});
    Q_ASSERT(done);
    return target;
}

BroadcastReport tst_Broadcast::run(const BroadcastRequest &request)
{
    BroadcastReport out;
    const auto started
        = m_broadcaster->start(request, [&](const BroadcastReport &report) { out = report; });
    if (!started)
        return {};
    m_loop->advance(10 * kNsPerSecond);
    return out;
}

// BC-02
void tst_Broadcast::eachTargetEndsInOneList()
{
    add("z-acks");
    add("mute", Answer::Keep);
    add("dead", Answer::Done, false);
    add("fails", Answer::Fail);
    add("a-acks");
    add("drops", Answer::Drop);
    add("throws", Answer::Throw);
    QVERIFY(m_broadcaster->registerTarget({QStringLiteral("stands-aside"), nullptr, true, {}}));
    QSignalSpy ended(m_broadcaster.get(), &Broadcaster::targetFinished);
    const QSignalSpy started(m_broadcaster.get(), &Broadcaster::started);
    const QSignalSpy finished(m_broadcaster.get(), &Broadcaster::finished);

    const BroadcastReport report = run(quiesce());
    QCOMPARE(report.outcome, Outcome::Partial);
    QCOMPARE(report.acks, QStringList({QStringLiteral("z-acks"), QStringLiteral("a-acks")}));
    QCOMPARE(report.timeouts, QStringList({QStringLiteral("mute")}));
    QCOMPARE(report.skippedDead, QStringList({QStringLiteral("dead")}));
    QCOMPARE(report.failures.size(), 4U);
    QCOMPARE(report.failures[0].id, QStringLiteral("fails"));
    QCOMPARE(report.failures[0].error.code(), ErrorCode::StorageFailed);
    QCOMPARE(report.failures[1].id, QStringLiteral("drops"));
    QCOMPARE(report.failures[1].error.code(), ErrorCode::Internal);
    QCOMPARE(report.failures[2].id, QStringLiteral("throws"));
    QVERIFY(report.failures[2].error.text().contains(QStringLiteral("broken")));
    QCOMPARE(report.failures[2].error.code(), ErrorCode::PluginFailed); // PL-05
    QCOMPARE(report.failures[3].id, QStringLiteral("stands-aside"));
    QCOMPARE(report.failures[3].error.code(), ErrorCode::NotSupported);
    QCOMPARE(report.duration, 5 * kNsPerSecond);

    QCOMPARE(started.count(), 1);
    QCOMPARE(started[0][2].toInt(), 7);
    QCOMPARE(ended.count(), 7);
    QCOMPARE(finished.count(), 1);
    const BroadcastStats &stats = m_broadcaster->stats();
    QCOMPARE(stats.lateAcks + stats.duplicateAcks + stats.foreignAcks + stats.staleAcks, 0U);
}

// BC-02
void tst_Broadcast::allAckedAndNobodyThere()
{
    QCOMPARE(run(quiesce()).outcome, Outcome::NoLiveTargets);
    add("dead", Answer::Done, false);
    const BroadcastReport report = run(quiesce());
    QCOMPARE(report.correlationId, 2U);
    QCOMPARE(report.outcome, Outcome::NoLiveTargets);
    QCOMPARE(report.skippedDead, QStringList({QStringLiteral("dead")}));
    add("live");
    QCOMPARE(run(quiesce()).outcome, Outcome::AllAcked);
}

// BC-01, BC-02
void tst_Broadcast::operationIsARealRequest()
{
    const auto a = add("a");
    const auto b = add("b");
    const qint64 before = m_loop->now();
    run(release(QStringLiteral("/var//lib/./x/")));
    run(quiesce(QuiesceReason::HostShutdown));
    for (const auto &target : {a, b}) {
        QCOMPARE(target->asked.size(), 2U);
        QCOMPARE(target->asked[0].kind, OperationKind::ReleaseHandles);
        QCOMPARE(target->asked[0].pathPrefix, QStringLiteral("/var/lib/x"));
        QCOMPARE(target->asked[0].reason, QuiesceReason::None);
        QCOMPARE(target->asked[0].deadline, before + 5 * kNsPerSecond);
        QCOMPARE(target->asked[0].correlationId, 1U);
        QCOMPARE(target->asked[1].kind, OperationKind::Quiesce);
        QCOMPARE(target->asked[1].reason, QuiesceReason::HostShutdown);
        QCOMPARE(target->asked[1].correlationId, 2U);
    }
}

// BC-01
void tst_Broadcast::unknownOperationIsUnsupported()
{
    const auto target = add("a", Answer::Unsupported);
    BroadcastRequest request;
    request.kind = OperationKind(900);
    const BroadcastReport report = run(request);
    QCOMPARE(target->asked.size(), 1U);
    QCOMPARE(report.outcome, Outcome::Partial);
    QCOMPARE(report.failures[0].error.code(), ErrorCode::NotSupported);
    QCOMPARE(run(quiesce()).outcome, Outcome::AllAcked);
}

// BC-02
void tst_Broadcast::targetAddedMeanwhileIsAbsent()
{
    const auto first = add("first");
    std::shared_ptr<ScriptedTarget> late;
    first->whenAsked = [&](const Operation &) { late = add("late"); };
    const BroadcastReport report = run(quiesce());
    QCOMPARE(report.acks, QStringList({QStringLiteral("first")}));
    QVERIFY(late->asked.empty());
    QVERIFY(!m_broadcaster->quiesceState(QStringLiteral("late"))->isDraining());
}

// BC-03
void tst_Broadcast::muteTargetsEndAtOneTimeout()
{
    for (int i = 0; i < 50; ++i)
        add(qPrintable(QString::number(i)), Answer::Keep);
    BroadcastReport report;
    QVERIFY(m_broadcaster->start(quiesce(), [&](const BroadcastReport &r) { report = r; }));
    m_loop->advance(5 * kNsPerSecond - 1);
    QCOMPARE(report.correlationId, 0U);
    QCOMPARE(m_broadcaster->waitingFor(1).size(), 50);
    m_loop->advance(1);
    QCOMPARE(report.correlationId, 1U);
    QCOMPARE(report.timeouts.size(), 50);
    QCOMPARE(report.timeouts[7], QStringLiteral("7"));
    QCOMPARE(report.duration, 5 * kNsPerSecond);
    QVERIFY(m_broadcaster->waitingFor(1).isEmpty());
}

// BC-03
void tst_Broadcast::timeoutZeroIsAMillisecond()
{
    add("mute", Answer::Keep);
    for (const qint64 timeout : {qint64(0), qint64(-5), qint64(1)}) {
        BroadcastRequest request = quiesce();
        request.timeout = timeout;
        QCOMPARE(run(request).duration, kNsPerMs);
    }
}

void tst_Broadcast::chosenTargetsOnlyAreAsked()
{
    const auto a = add("a");
    const auto b = add("b");
    BroadcastRequest request = quiesce();
    request.targets = QStringList{QStringLiteral("b")};
    QCOMPARE(run(request).acks, QStringList({QStringLiteral("b")}));
    QVERIFY(a->asked.empty());
    QVERIFY(!m_broadcaster->quiesceState(QStringLiteral("a"))->isDraining());
    QVERIFY(m_broadcaster->quiesceState(QStringLiteral("b"))->isDraining());
}

void tst_Broadcast::badRequestIsACodedError_data()
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<QString>("prefix");
    QTest::addColumn<QStringList>("targets");
    QTest::addColumn<int>("code");
    const int bad = int(ErrorCode::InvalidArgument);
    QTest::newRow("quiesce without a reason") << 2 << QString() << QStringList() << bad;
    QTest::newRow("relative path") << 1 << "a/b" << QStringList() << bad;
    QTest::newRow("no path") << 1 << QString() << QStringList() << bad;
    QTest::newRow("stranger") << 1 << "/a" << QStringList{QStringLiteral("x")}
                              << int(ErrorCode::NotFound);
}

void tst_Broadcast::badRequestIsACodedError()
{
    QFETCH(int, kind);
    QFETCH(QString, prefix);
    QFETCH(QStringList, targets);
    QFETCH(int, code);
    add("a");
    BroadcastRequest request;
    request.kind = OperationKind(kind);
    request.pathPrefix = prefix;
    request.targets = targets;
    QCOMPARE(int(m_broadcaster->start(request).error().code()), code);
    QCOMPARE(m_broadcaster->activeCount(), 0);
    QCOMPARE(m_broadcaster->registerTarget({}).error().code(), ErrorCode::InvalidArgument);
    QCOMPARE(m_broadcaster->resume(QStringLiteral("x")).error().code(), ErrorCode::NotFound);
}

// BC-05
void tst_Broadcast::replacedTargetKeepsItsPosition()
{
    add("a");
    const auto before = add("b");
    add("c");
    const auto after = std::make_shared<ScriptedTarget>();
    const auto replaced = m_broadcaster->registerTarget({QStringLiteral("b"), after, true, {}});
    QVERIFY(replaced);
    QCOMPARE(replaced->previous->target.get(), before.get());
    QCOMPARE(replaced->generation, 4U);
    const QStringList ids{QStringLiteral("a"), QStringLiteral("b"), QStringLiteral("c")};
    QCOMPARE(m_broadcaster->targetIds(), ids);
    QCOMPARE(run(quiesce()).acks, ids);
    QVERIFY(before->asked.empty());
    QCOMPARE(after->asked.size(), 1U);

    QVERIFY(m_broadcaster->unregisterTarget(QStringLiteral("b")));
    QVERIFY(!m_broadcaster->unregisterTarget(QStringLiteral("b")));
    QCOMPARE(m_broadcaster->targetIds(), QStringList({QStringLiteral("a"), QStringLiteral("c")}));
    QVERIFY(!m_broadcaster->quiesceState(QStringLiteral("b")));
}

// BC-06
void tst_Broadcast::drainingBeginsWithTheDecision()
{
    const auto target = add("a", Answer::Keep);
    const auto state = m_broadcaster->quiesceState(QStringLiteral("a"));
    QVERIFY(state->beginWork());
    bool seen = false;
    connect(m_broadcaster.get(), &Broadcaster::started, this, [&] {
        seen = state->isDraining() && target->asked.empty();
    });
    QVERIFY(m_broadcaster->start(quiesce()));
    QVERIFY(seen);
    QVERIFY(!state->beginWork());
    target->replies[0].done();
    m_loop->run();
    state->endWork();
    QVERIFY(state->isDrained());
    QVERIFY(!state->beginWork());
    const QSignalSpy resumed(m_broadcaster.get(), &Broadcaster::resumed);
    QVERIFY(m_broadcaster->resume());
    QCOMPARE(resumed.count(), 1);
    QCOMPARE(target->resumes, 1);
    QVERIFY(state->beginWork());
    state->endWork();
    QVERIFY(m_broadcaster->unregisterTarget(QStringLiteral("a")));
    QCOMPARE(state->state(), QuiesceState::State::Closed);
}

// BC-06: what the operator wants does not depend on whether the target understood.
void tst_Broadcast::maintenanceThatFailedStillDrains()
{
    add("fails", Answer::Fail);
    add("mute", Answer::Keep);
    QCOMPARE(run(quiesce()).outcome, Outcome::Partial);
    QVERIFY(m_broadcaster->quiesceState(QStringLiteral("fails"))->isDraining());
    QVERIFY(m_broadcaster->quiesceState(QStringLiteral("mute"))->isDraining());
}

void tst_Broadcast::deadTargetIsNotDrained()
{
    const auto target = add("a");
    QVERIFY(m_broadcaster->setLive(QStringLiteral("a"), 1, false));
    QCOMPARE(run(quiesce()).skippedDead, QStringList({QStringLiteral("a")}));
    QVERIFY(target->asked.empty());
    QVERIFY(!m_broadcaster->quiesceState(QStringLiteral("a"))->isDraining());
    QVERIFY(m_broadcaster->setLive(QStringLiteral("a"), 1, true));
    QVERIFY(!m_broadcaster->setLive(QStringLiteral("a"), 2, false));
    QCOMPARE(run(quiesce()).outcome, Outcome::AllAcked);
}

// BC-08
void tst_Broadcast::releaseAsksWhomItConcerns()
{
    const auto paths = [this](const char *id, const QStringList &held) {
        auto target = std::make_shared<ScriptedTarget>(Answer::Keep);
        const auto done = m_broadcaster->registerTarget(
            {QString::fromLatin1(id), target, true, [held] { return held; }});
        Q_ASSERT(done);
        return target;
    };
    const auto below = paths("below", {QStringLiteral("/x"), QStringLiteral("/a/b/../b/c")});
    const auto beside = paths("beside", {QStringLiteral("/a/bc")});
    const auto nothing = paths("nothing", {});
    const auto unknown = add("unknown", Answer::Keep);
    BroadcastReport report;
    QVERIFY(m_broadcaster->start(release(QStringLiteral("/a/./b")),
                                 [&](const BroadcastReport &r) { report = r; }));
    QCOMPARE(below->asked.size(), 1U);
    QCOMPARE(unknown->asked.size(), 1U);
    QVERIFY(beside->asked.empty());
    QVERIFY(nothing->asked.empty());
    QCOMPARE(m_broadcaster->waitingFor(1),
             QStringList({QStringLiteral("below"), QStringLiteral("unknown")}));
    below->replies[0].done();
    unknown->replies[0].done();
    m_loop->run();
    QCOMPARE(report.outcome, Outcome::AllAcked);
    QCOMPARE(report.acks.size(), 4);
}

// BC-08
void tst_Broadcast::releasedFileIsClosedAtTheAck()
{
    const QTemporaryDir folder;
    QVERIFY(folder.isValid());
    const QString path = QFileInfo(folder.path()).canonicalFilePath() + QStringLiteral("/held");
    auto file = std::make_unique<QFile>(path);
    QVERIFY(file->open(QIODevice::WriteOnly));
    const auto isHeld = [&path] {
        const QDir open(QStringLiteral("/proc/self/fd"));
        const auto entries = open.entryInfoList(QDir::Files | QDir::System);
        return std::any_of(entries.begin(), entries.end(), [&](const QFileInfo &entry) {
            return entry.symLinkTarget() == path;
        });
    };
    QVERIFY(isHeld());

    const auto target = add("a");
    target->whenAsked = [&](const Operation &operation) {
        if (path.startsWith(operation.pathPrefix))
            file.reset();
    };
    bool heldAtAck = true;
    connect(m_broadcaster.get(), &Broadcaster::targetFinished, this, [&] { heldAtAck = isHeld(); });
    QCOMPARE(run(release(folder.path())).outcome, Outcome::AllAcked);
    QVERIFY(!heldAtAck);
    QVERIFY(QFile::remove(path));
}

// BC-05
void tst_Broadcast::nothingGrowsOverManyBroadcasts()
{
    const auto acks = add("acks");
    const auto mute = add("mute", Answer::Keep);
    int finished = 0;
    for (int i = 0; i < 10000; ++i) {
        BroadcastRequest request = i % 2 == 0 ? quiesce() : release(QStringLiteral("/a"));
        request.timeout = kNsPerMs;
        QVERIFY(m_broadcaster->start(request, [&](const BroadcastReport &) { ++finished; }));
        m_loop->advance(kNsPerMs);
        for (OperationReply &reply : mute->replies)
            reply.done();
        mute->replies.clear();
        acks->asked.clear();
        mute->asked.clear();
        m_loop->run();
        QCOMPARE(m_broadcaster->activeCount(), 0);
        QCOMPARE(m_loop->timers.size(), 0U);
    }
    QCOMPARE(finished, 10000);
    QCOMPARE(m_broadcaster->targetIds().size(), 2);
    QCOMPARE(m_broadcaster->stats().lateAcks, 10000U);
}

// BC-05
void tst_Broadcast::activeBroadcastsAreBounded()
{
    add("mute", Answer::Keep);
    for (qsizetype i = 0; i < Broadcaster::kMaxActive; ++i)
        QVERIFY(m_broadcaster->start(quiesce()));
    QCOMPARE(m_broadcaster->start(quiesce()).error().code(), ErrorCode::LimitReached);
    m_loop->advance(5 * kNsPerSecond);
    QVERIFY(m_broadcaster->start(quiesce()));
}

QTEST_GUILESS_MAIN(tst_Broadcast)

#include "tst_broadcast.moc"
