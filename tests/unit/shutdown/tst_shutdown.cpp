// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/shutdown/shutdowncoordinator.h"
#include "core/registry/linkregistry.h"
#include "fakeloop.h"

#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtTest/QSignalSpy>
#include <QtTest/QTest>

#include <stdexcept>
#include <thread>

using namespace fairlead;
using namespace fairlead::core;
using namespace fairlead::test;

namespace {

const QStringList kOrder = {QStringLiteral("refuse-new"),
                            QStringLiteral("cancel-attempts"),
                            QStringLiteral("stop-listeners"),
                            QStringLiteral("quiesce"),
                            QStringLiteral("stop-reading"),
                            QStringLiteral("commit-storage"),
                            QStringLiteral("drain-outbound"),
                            QStringLiteral("close-links"),
                            QStringLiteral("complete-leases"),
                            QStringLiteral("close-store"),
                            QStringLiteral("flush-events"),
                            QStringLiteral("unload-plugins")};

} // namespace

class tst_Shutdown : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void phasesRunInOrder();
    void closingFlagIsFirst();
    void phaseWaitsForItsAnswer();
    void phaseWithoutStepIsEmpty();
    void failureIsReportedAndTheOrderGoesOn_data();
    void failureIsReportedAndTheOrderGoesOn();
    void answerFromAnotherThreadCounts();
    void everyCallerGetsTheSameReport();
    void nothingRegistersAfterClosingBegan();
    void reportIsMachineReadable();
    void stepsAreFixedOnceItBegan();

private:
    void setInstantSteps();

    std::unique_ptr<FakeLoop> m_loop;
    std::unique_ptr<ShutdownCoordinator> m_coordinator;
    QStringList m_log;
};

void tst_Shutdown::init()
{
    m_log.clear();
    m_coordinator.reset();
    m_loop = std::make_unique<FakeLoop>();
    m_coordinator = std::make_unique<ShutdownCoordinator>(*m_loop, m_loop->timers, *m_loop);
}

void tst_Shutdown::setInstantSteps()
{
    for (int i = 0; i < kShutdownPhaseCount; ++i) {
        ShutdownStep step;
        step.begin = [this, i](OperationReply reply) {
            m_log << QString::fromLatin1(toText(ShutdownPhase(i)));
            reply.done();
        };
        QVERIFY(m_coordinator->setStep(ShutdownPhase(i), step));
    }
}

// SH-01
void tst_Shutdown::phasesRunInOrder()
{
    setInstantSteps();
    QStringList started;
    QStringList ended;
    connect(m_coordinator.get(),
            &ShutdownCoordinator::phaseStarted,
            this,
            [&](ShutdownPhase phase) { started << QString::fromLatin1(toText(phase)); });
    connect(m_coordinator.get(),
            &ShutdownCoordinator::phaseFinished,
            this,
            [&](const PhaseReport &phase) { ended << QString::fromLatin1(toText(phase.phase)); });
    m_coordinator->shutDown(QStringLiteral("test"));
    m_loop->run();
    QCOMPARE(m_log, kOrder);
    QCOMPARE(started, kOrder);
    QCOMPARE(ended, kOrder);
    QVERIFY(m_coordinator->isFinished());
    QVERIFY(m_coordinator->report().isClean());
    QCOMPARE(m_coordinator->report().phases.size(), std::size_t(kShutdownPhaseCount));
}

// SH-01
void tst_Shutdown::closingFlagIsFirst()
{
    QVERIFY(!m_coordinator->isClosing());
    bool closing = false;
    connect(m_coordinator.get(), &ShutdownCoordinator::closingBegan, this, [&] {
        closing = m_coordinator->isClosing() && m_log.isEmpty()
            && m_coordinator->report().phases.empty();
    });
    setInstantSteps();
    m_coordinator->shutDown(QStringLiteral("test"));
    QVERIFY(closing);
    QCOMPARE(ShutdownCoordinator::closingError().code(), ErrorCode::ShuttingDown);
}

// SH-01
void tst_Shutdown::phaseWaitsForItsAnswer()
{
    setInstantSteps();
    OperationReply kept;
    ShutdownStep step;
    step.begin = [&](OperationReply reply) { kept = std::move(reply); };
    QVERIFY(m_coordinator->setStep(ShutdownPhase::Quiesce, step));
    m_coordinator->shutDown(QStringLiteral("test"));
    m_loop->advance(kNsPerSecond / 2);
    QCOMPARE(m_log, kOrder.mid(0, 3));
    kept.done();
    m_loop->run();
    QVERIFY(m_coordinator->isFinished());
    const PhaseReport &phase = m_coordinator->report().phases[3];
    QCOMPARE(phase.outcome, PhaseOutcome::Done);
    QCOMPARE(phase.duration, kNsPerSecond / 2);
    QCOMPARE(phase.start, 0);
    QCOMPARE(m_coordinator->report().phases[4].start, kNsPerSecond / 2);
    QCOMPARE(m_coordinator->report().total, kNsPerSecond / 2);
    QCOMPARE(m_loop->timers.size(), 0U);
}

void tst_Shutdown::phaseWithoutStepIsEmpty()
{
    m_coordinator->shutDown(QStringLiteral("test"));
    m_loop->run();
    QVERIFY(m_coordinator->isFinished());
    for (const PhaseReport &phase : m_coordinator->report().phases)
        QCOMPARE(phase.outcome, PhaseOutcome::Empty);
    QVERIFY(m_coordinator->report().isClean());
}

void tst_Shutdown::failureIsReportedAndTheOrderGoesOn_data()
{
    QTest::addColumn<QString>("how");
    QTest::addColumn<QString>("text");
    QTest::newRow("SH-02 fails") << "fails"
                                 << "disk";
    QTest::newRow("SH-02 throws") << "throws"
                                  << "broken";
    QTest::newRow("SH-02 throws no exception") << "throws-int"
                                               << "no exception";
    QTest::newRow("SH-02 drops its reply") << "drops"
                                           << "unanswered";
    QTest::newRow("SH-02 throws after it answered") << "done-throws"
                                                    << "broken";
}

void tst_Shutdown::failureIsReportedAndTheOrderGoesOn()
{
    QFETCH(QString, how);
    QFETCH(QString, text);
    setInstantSteps();
    ShutdownStep step;
    step.begin = [&](OperationReply reply) {
        if (how == QLatin1String("fails"))
            reply.fail(Error(ErrorCode::StorageFailed, QStringLiteral("disk")));
        if (how == QLatin1String("done-throws"))
            reply.done();
        if (how == QLatin1String("throws-int"))
            throw 1; // NOLINT: what a plugin may do
        if (how.contains(QLatin1String("throws")))
            throw std::runtime_error("broken");
    };
    QVERIFY(m_coordinator->setStep(ShutdownPhase::CommitStorage, step));
    m_coordinator->shutDown(QStringLiteral("test"));
    m_loop->run();
    QVERIFY(m_coordinator->isFinished());
    QCOMPARE(m_log.size(), kShutdownPhaseCount - 1);
    const PhaseReport &phase = m_coordinator->report().phases[5];
    QCOMPARE(phase.outcome, PhaseOutcome::Failed);
    QVERIFY2(phase.error.text().contains(text), qPrintable(phase.error.text()));
    QVERIFY(!m_coordinator->report().isClean());
}

void tst_Shutdown::answerFromAnotherThreadCounts()
{
    class OtherLoop final : public Executor
    {
    public:
        void post(std::function<void()> call) override { calls.post(std::move(call)); }

        bool isCurrent() const noexcept override { return std::this_thread::get_id() == own; }

        FakeLoop calls;
        std::thread::id own = std::this_thread::get_id();
    };

    OtherLoop loop;
    ShutdownCoordinator coordinator(loop.calls, loop.calls.timers, loop);
    ShutdownStep step;
    step.begin = [](OperationReply reply) {
        std::thread worker([&] { reply.done(); });
        worker.join();
    };
    QVERIFY(coordinator.setStep(ShutdownPhase::CloseStore, step));
    coordinator.shutDown(QStringLiteral("test"));
    QVERIFY(!coordinator.isFinished());
    loop.calls.run();
    QVERIFY(coordinator.isFinished());
    QCOMPARE(coordinator.report().phases[9].outcome, PhaseOutcome::Done);
}

// SH-05, DS-10: the second waits for the first
void tst_Shutdown::everyCallerGetsTheSameReport()
{
    setInstantSteps();
    QList<QJsonObject> reports;
    const auto take = [&](const ShutdownReport &report) { reports << report.toJson(); };
    OperationReply kept;
    ShutdownStep step;
    step.begin = [&](OperationReply reply) {
        kept = std::move(reply);
        m_coordinator->shutDown(QStringLiteral("inside"), take);
    };
    QVERIFY(m_coordinator->setStep(ShutdownPhase::CloseLinks, step));
    connect(
        m_coordinator.get(), &ShutdownCoordinator::phaseStarted, this, [&](ShutdownPhase phase) {
            if (phase == ShutdownPhase::StopReading)
                m_coordinator->shutDown(QStringLiteral("slot"), take);
        });
    const QSignalSpy began(m_coordinator.get(), &ShutdownCoordinator::closingBegan);
    const QSignalSpy finished(m_coordinator.get(), &ShutdownCoordinator::finished);
    m_coordinator->shutDown(QStringLiteral("first"), take);
    m_coordinator->shutDown(QStringLiteral("second"), take);
    m_loop->advance(kNsPerSecond / 10);
    QVERIFY(reports.isEmpty());
    kept.done();
    QVERIFY(reports.isEmpty()); // never from inside a call
    m_loop->run();
    QCOMPARE(reports.size(), 4);
    m_coordinator->shutDown(QStringLiteral("late"), take);
    QCOMPARE(reports.size(), 4);
    m_loop->advance(kNsPerSecond);
    QCOMPARE(reports.size(), 5);
    for (const QJsonObject &report : reports)
        QCOMPARE(report, reports[0]);
    QCOMPARE(reports[0][QStringLiteral("reason")].toString(), QStringLiteral("first"));
    QCOMPARE(began.count(), 1);
    QCOMPARE(finished.count(), 1);
    QCOMPARE(m_log.size(), kShutdownPhaseCount - 1); // one phase log
}

// SH-03: a dial that completes at each boundary finds the flag up.
void tst_Shutdown::nothingRegistersAfterClosingBegan()
{
    setInstantSteps();
    LinkRegistry registry;
    int closed = 0;
    int kept = 0;
    const auto complete = [&] {
        if (m_coordinator->isClosing()) {
            ++closed;
            return;
        }
        SwapRequest request;
        request.key = "peer";
        request.candidate.generation = quint64(++kept);
        registry.swap(request);
    };
    complete();
    QCOMPARE(registry.size(), 1);
    ShutdownStep close;
    close.begin = [&](OperationReply reply) {
        registry.remove("peer", 1);
        complete();
        reply.done();
    };
    QVERIFY(m_coordinator->setStep(ShutdownPhase::CloseLinks, close));
    connect(m_coordinator.get(), &ShutdownCoordinator::closingBegan, this, complete);
    connect(m_coordinator.get(), &ShutdownCoordinator::phaseStarted, this, complete);
    connect(m_coordinator.get(), &ShutdownCoordinator::phaseFinished, this, complete);
    connect(m_coordinator.get(), &ShutdownCoordinator::finished, this, complete);
    m_coordinator->shutDown(QStringLiteral("test"));
    m_loop->run();
    complete();
    QCOMPARE(registry.size(), 0);
    QCOMPARE(kept, 1);
    QCOMPARE(closed, 2 * kShutdownPhaseCount + 4);
}

// SH-02
void tst_Shutdown::reportIsMachineReadable()
{
    setInstantSteps();
    ShutdownStep hanging;
    std::vector<OperationReply> kept;
    hanging.begin = [&](OperationReply reply) { kept.push_back(std::move(reply)); };
    hanging.stragglers = [] { return QStringList{QStringLiteral("mqtt")}; };
    QVERIFY(m_coordinator->setStep(ShutdownPhase::UnloadPlugins, hanging));
    m_coordinator->shutDown(QStringLiteral("SIGTERM"));
    m_loop->advance(kNsPerSecond);
    const QByteArray bytes
        = QJsonDocument(m_coordinator->report().toJson()).toJson(QJsonDocument::Compact);
    const QJsonObject json = QJsonDocument::fromJson(bytes).object();
    QCOMPARE(json[QStringLiteral("version")].toInt(), 1);
    QCOMPARE(json[QStringLiteral("reason")].toString(), QStringLiteral("SIGTERM"));
    QCOMPARE(json[QStringLiteral("startedUtcMs")].toInt(), 1000);
    QCOMPARE(json[QStringLiteral("totalMs")].toDouble(), 500.0);
    QCOMPARE(json[QStringLiteral("clean")].toBool(), false);
    const QJsonArray phases = json[QStringLiteral("phases")].toArray();
    QCOMPARE(phases.size(), kShutdownPhaseCount);
    QStringList names;
    for (const QJsonValue phase : phases) {
        names << phase[QStringLiteral("name")].toString();
        QVERIFY(phase[QStringLiteral("startMs")].isDouble());
        QVERIFY(phase[QStringLiteral("durationMs")].isDouble());
        QVERIFY(phase[QStringLiteral("budgetMs")].isDouble());
    }
    QCOMPARE(names, kOrder);
    QCOMPARE(phases[0][QStringLiteral("outcome")].toString(), QStringLiteral("done"));
    QVERIFY(!phases[0].toObject().contains(QStringLiteral("error")));
    const QJsonObject last = phases.last().toObject();
    QCOMPARE(last[QStringLiteral("outcome")].toString(), QStringLiteral("over-budget"));
    QCOMPARE(last[QStringLiteral("stragglers")].toArray(), QJsonArray{QStringLiteral("mqtt")});
    QCOMPARE(last[QStringLiteral("stragglerCount")].toInt(), 1);
    QCOMPARE(last[QStringLiteral("error")][QStringLiteral("code")].toString(),
             QStringLiteral("timeout"));
}

void tst_Shutdown::stepsAreFixedOnceItBegan()
{
    m_coordinator->shutDown(QStringLiteral("test"));
    QCOMPARE(m_coordinator->setStep(ShutdownPhase::CloseStore, {}).error().code(),
             ErrorCode::ShuttingDown);
}

QTEST_GUILESS_MAIN(tst_Shutdown)

#include "tst_shutdown.moc"
