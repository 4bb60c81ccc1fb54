// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/broadcast/broadcaster.h"
#include "fakeloop.h"
#include "scriptedtarget.h"

#include <QtTest/QSignalSpy>
#include <QtTest/QTest>

#include <thread>

using namespace fairlead;
using namespace fairlead::core;
using namespace fairlead::test;
using Answer = ScriptedTarget::Answer;
using Outcome = BroadcastOutcome;

/// Answers that come when they should not, and targets that go away (BC-04, RG-14).
class tst_BroadcastAcks : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void oneFailureStopsNothing();
    void deadTargetIsReportedAtOnce_data();
    void deadTargetIsReportedAtOnce();
    void lateAckChangesNothing();
    void duplicateAckChangesNothing();
    void foreignAckChangesNothing();
    void staleAckChangesNothing();
    void ackOfTheSkippedIsForeign();
    void broadcastsDoNotMix();
    void replyFromAnotherThreadArrives();
    void replyAfterTheEndIsHarmless();

private:
    std::shared_ptr<ScriptedTarget> add(const QString &id, Answer answer = Answer::Keep);
    quint64 start();

    std::unique_ptr<FakeLoop> m_loop;
    std::unique_ptr<Broadcaster> m_broadcaster;
    BroadcastReport m_report;
    const QString m_a = QStringLiteral("a");
    const QString m_b = QStringLiteral("b");
};

void tst_BroadcastAcks::init()
{
    m_report = {};
    m_broadcaster.reset();
    m_loop = std::make_unique<FakeLoop>();
    m_broadcaster = std::make_unique<Broadcaster>(*m_loop, m_loop->timers, *m_loop);
}

std::shared_ptr<ScriptedTarget> tst_BroadcastAcks::add(const QString &id, Answer answer)
{
    auto target = std::make_shared<ScriptedTarget>(answer);
    const auto done = m_broadcaster->registerTarget({id, target, true, {}});
    Q_ASSERT(done);
    return target;
}

quint64 tst_BroadcastAcks::start()
{
    BroadcastRequest request;
    request.reason = QuiesceReason::Maintenance;
    return m_broadcaster->start(request, [this](const BroadcastReport &r) { m_report = r; })
        .value_or(0U);
}

// BC-04
void tst_BroadcastAcks::oneFailureStopsNothing()
{
    add(m_a, Answer::Throw);
    const auto b = add(m_b, Answer::Done);
    start();
    m_loop->run();
    QCOMPARE(b->asked.size(), 1U);
    QCOMPARE(m_report.acks, QStringList{m_b});
    QCOMPARE(m_report.failures.size(), 1U);
}

void tst_BroadcastAcks::deadTargetIsReportedAtOnce_data()
{
    QTest::addColumn<int>("how");
    QTest::newRow("BC-04 not live") << 0;
    QTest::newRow("BC-04 unregistered") << 1;
    QTest::newRow("BC-04 BC-05 replaced") << 2;
}

void tst_BroadcastAcks::deadTargetIsReportedAtOnce()
{
    QFETCH(int, how);
    const auto a = add(m_a);
    const auto b = add(m_b);
    start();
    QSignalSpy ended(m_broadcaster.get(), &Broadcaster::targetFinished);
    if (how == 0) {
        QVERIFY(m_broadcaster->setLive(m_a, 1, false));
    } else if (how == 1) {
        QVERIFY(m_broadcaster->unregisterTarget(m_a));
    } else {
        add(m_a);
    }
    QCOMPARE(ended.count(), 1);
    QCOMPARE(ended[0][1].toString(), m_a);
    QCOMPARE(ended[0][2].value<TargetResult>(), TargetResult::Failed);
    QCOMPARE(m_broadcaster->waitingFor(1), QStringList{m_b});
    b->replies[0].done();
    m_loop->run();
    QCOMPARE(m_report.failures.size(), 1U);
    QCOMPARE(m_report.failures[0].error.code(), ErrorCode::ConnectionClosed);
    QCOMPARE(m_report.acks, QStringList{m_b});
    QCOMPARE(m_report.duration, 0);
}

// BC-04
void tst_BroadcastAcks::lateAckChangesNothing()
{
    const auto a = add(m_a);
    start();
    m_loop->advance(5 * kNsPerSecond);
    QCOMPARE(m_report.timeouts, QStringList{m_a});
    const QSignalSpy ended(m_broadcaster.get(), &Broadcaster::targetFinished);
    a->replies[0].done();
    m_loop->run();
    QCOMPARE(m_broadcaster->stats().lateAcks, 1U);
    QCOMPARE(m_broadcaster->stats().finished, 1U);
    QCOMPARE(ended.count(), 0);

    // While others are still awaited.
    add(m_b);
    start();
    QVERIFY(m_broadcaster->setLive(m_a, 1, false));
    a->replies[1].done();
    m_loop->run();
    QCOMPARE(m_broadcaster->stats().lateAcks, 2U);
    m_loop->advance(5 * kNsPerSecond);
    QCOMPARE(m_report.failures[0].id, m_a);
    QVERIFY(m_report.acks.isEmpty());
}

// BC-04
void tst_BroadcastAcks::duplicateAckChangesNothing()
{
    const auto a = add(m_a);
    const auto b = add(m_b);
    start();
    a->replies[0].done();
    a->replies[0].fail(Error(ErrorCode::Timeout, QString()));
    m_loop->run();
    QCOMPARE(m_broadcaster->stats().duplicateAcks, 1U);
    b->replies[0].done();
    m_loop->run();
    QCOMPARE(m_report.outcome, Outcome::AllAcked);
    QCOMPARE(m_report.acks.size(), 2);
}

// BC-04
void tst_BroadcastAcks::foreignAckChangesNothing()
{
    add(m_a);
    const quint64 id = start();
    m_broadcaster->acknowledge({id, 1, QStringLiteral("stranger"), {}});
    m_broadcaster->acknowledge({id + 1, 1, m_a, {}});
    m_broadcaster->acknowledge({0, 1, m_a, {}});
    m_loop->run();
    QCOMPARE(m_broadcaster->stats().foreignAcks, 3U);
    QCOMPARE(m_broadcaster->waitingFor(id), QStringList{m_a});
    m_broadcaster->acknowledge({id, 1, m_a, {}});
    m_loop->run();
    QCOMPARE(m_report.outcome, Outcome::AllAcked);
}

// BC-04, RG-14
void tst_BroadcastAcks::staleAckChangesNothing()
{
    const auto before = add(m_a);
    const quint64 first = start();
    const auto after = add(m_a);
    m_loop->run();
    QCOMPARE(m_report.failures.size(), 1U);
    const quint64 second = start();
    m_broadcaster->acknowledge({second, 1, m_a, {}});
    QCOMPARE(m_broadcaster->stats().staleAcks, 1U);
    QCOMPARE(m_broadcaster->waitingFor(second), QStringList{m_a});
    before->replies[0].done(); // for the first broadcast, which is over
    m_loop->run();
    QCOMPARE(m_broadcaster->stats().lateAcks, 1U);
    QCOMPARE(m_broadcaster->waitingFor(second), QStringList{m_a});
    after->replies[0].done();
    m_loop->run();
    QCOMPARE(m_report.correlationId, second);
    QVERIFY(first != second);
    QCOMPARE(m_report.outcome, Outcome::AllAcked);
}

// BC-04
void tst_BroadcastAcks::ackOfTheSkippedIsForeign()
{
    add(m_a);
    QVERIFY(m_broadcaster->setLive(m_a, 1, false));
    add(m_b);
    const quint64 id = start();
    m_broadcaster->acknowledge({id, 1, m_a, {}});
    QCOMPARE(m_broadcaster->stats().foreignAcks, 1U);
    m_loop->advance(5 * kNsPerSecond);
    QCOMPARE(m_report.skippedDead, QStringList{m_a});
}

// BC-02
void tst_BroadcastAcks::broadcastsDoNotMix()
{
    const auto a = add(m_a);
    const quint64 first = start();
    m_loop->advance(kNsPerSecond);
    const quint64 second = start();
    a->replies[1].done();
    m_loop->run();
    QCOMPARE(m_report.correlationId, second);
    QCOMPARE(m_broadcaster->waitingFor(first), QStringList{m_a});
    m_loop->advance(4 * kNsPerSecond);
    QCOMPARE(m_report.correlationId, first);
    QCOMPARE(m_report.outcome, Outcome::Partial);
}

void tst_BroadcastAcks::replyFromAnotherThreadArrives()
{
    const auto a = add(m_a);
    start();
    std::thread worker([&] { a->replies[0].done(); });
    worker.join();
    QCOMPARE(m_report.correlationId, 0U); // told on the main thread
    m_loop->run();
    QCOMPARE(m_report.outcome, Outcome::AllAcked);
}

// SH-08, BC-04
void tst_BroadcastAcks::replyAfterTheEndIsHarmless()
{
    const auto a = add(m_a);
    const auto b = add(m_b);
    start();
    a->replies[0].done(); // on its way
    m_broadcaster.reset();
    b->replies[0].done();
    m_loop->advance(10 * kNsPerSecond);
    QCOMPARE(m_report.correlationId, 0U);
    QCOMPARE(m_loop->timers.size(), 0U);
}

QTEST_GUILESS_MAIN(tst_BroadcastAcks)

#include "tst_broadcastacks.moc"
