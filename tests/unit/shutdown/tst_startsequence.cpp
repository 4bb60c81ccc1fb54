// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/shutdown/startsequence.h"

#include <QtTest/QSignalSpy>
#include <QtTest/QTest>

#include <stdexcept>

using namespace fairlead;
using namespace fairlead::core;
using State = StartSequence::State;

class tst_StartSequence : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void stepsRunInOrder();
    void failureAtEachStepRollsBack_data();
    void failureAtEachStepRollsBack();
    void throwingStepIsAFailure();
    void throwingUndoStopsNothing();
    void secondStartIsRefused();
    void startAfterShutdownIsRefused();
    void shutdownFromInsideAStepRollsBack();
    void missingOptionalPartDegrades();
    void degradedFollowsThePart();
    void badStepIsRefused();

private:
    void add(const char *name, bool optional = false);

    std::unique_ptr<StartSequence> m_sequence;
    QStringList m_log;
    QString m_failing;
};

void tst_StartSequence::init()
{
    m_sequence = std::make_unique<StartSequence>();
    m_log.clear();
    m_failing.clear();
}

void tst_StartSequence::add(const char *name, bool optional)
{
    StartStep step;
    step.name = QString::fromLatin1(name);
    step.optional = optional;
    step.start = [this, id = step.name]() -> Result<> {
        if (m_failing == id)
            return Error(ErrorCode::AddressInUse, QStringLiteral("in use"));
        m_log << QLatin1Char('+') + id;
        return {};
    };
    step.undo = [this, id = step.name] { m_log << QLatin1Char('-') + id; };
    QVERIFY(m_sequence->add(step));
}

// SH-06
void tst_StartSequence::stepsRunInOrder()
{
    add("store");
    add("ports");
    add("discovery");
    const QSignalSpy states(m_sequence.get(), &StartSequence::stateChanged);
    QVERIFY(m_sequence->start());
    QCOMPARE(
        m_log,
        QStringList(
            {QStringLiteral("+store"), QStringLiteral("+ports"), QStringLiteral("+discovery")}));
    QCOMPARE(m_sequence->state(), State::Running);
    QCOMPARE(states.count(), 2);
    QVERIFY(!m_sequence->isDegraded());
}

void tst_StartSequence::failureAtEachStepRollsBack_data()
{
    QTest::addColumn<QString>("failing");
    QTest::addColumn<QString>("log");
    QTest::newRow("SH-06 SV-03 first") << "a"
                                       << "";
    QTest::newRow("SH-06 SV-03 middle") << "b"
                                        << "+a -a";
    QTest::newRow("SH-06 SV-03 last") << "c"
                                      << "+a +b -b -a";
}

void tst_StartSequence::failureAtEachStepRollsBack()
{
    QFETCH(QString, failing);
    QFETCH(QString, log);
    add("a");
    add("b");
    add("c");
    m_failing = failing;
    for (int i = 0; i < 2; ++i) {
        m_log.clear();
        const Result<> started = m_sequence->start();
        QCOMPARE(started.error().code(), ErrorCode::AddressInUse);
        QCOMPARE(started.error().details().value(QStringLiteral("step")).toString(), failing);
        QCOMPARE(m_log.join(QLatin1Char(' ')), log);
        QCOMPARE(m_sequence->state(), State::Idle);
    }
    m_failing.clear();
    m_log.clear();
    QVERIFY(m_sequence->start());
    QCOMPARE(m_log.join(QLatin1Char(' ')), QStringLiteral("+a +b +c"));
}

void tst_StartSequence::throwingStepIsAFailure()
{
    add("a");
    StartStep step;
    step.name = QStringLiteral("b");
    step.start = []() -> Result<> { throw std::runtime_error("broken"); };
    QVERIFY(m_sequence->add(step));
    const Result<> started = m_sequence->start();
    QCOMPARE(started.error().code(), ErrorCode::Internal);
    QVERIFY(started.error().text().contains(QStringLiteral("broken")));
    QCOMPARE(m_log.last(), QStringLiteral("-a"));
}

void tst_StartSequence::throwingUndoStopsNothing()
{
    add("a");
    StartStep step;
    step.name = QStringLiteral("b");
    step.start = [] { return Result<>(); };
    step.undo = [] { throw std::runtime_error("stuck"); };
    QVERIFY(m_sequence->add(step));
    add("c");
    m_failing = QStringLiteral("c");
    QVERIFY(!m_sequence->start());
    QCOMPARE(m_log.last(), QStringLiteral("-a"));
    QCOMPARE(m_sequence->undoFailures().size(), 1U);
    QCOMPARE(m_sequence->undoFailures()[0].step, QStringLiteral("b"));
}

// SH-06
void tst_StartSequence::secondStartIsRefused()
{
    StartStep step;
    step.name = QStringLiteral("a");
    Result<> inside;
    step.start = [&]() -> Result<> {
        inside = m_sequence->start();
        return {};
    };
    QVERIFY(m_sequence->add(step));
    QVERIFY(m_sequence->start());
    QCOMPARE(inside.error().code(), ErrorCode::AlreadyStarted);
    QCOMPARE(m_sequence->start().error().code(), ErrorCode::AlreadyStarted);
    QCOMPARE(m_sequence->state(), State::Running);
}

// SH-06
void tst_StartSequence::startAfterShutdownIsRefused()
{
    add("a");
    QVERIFY(m_sequence->start());
    m_sequence->shutDown();
    m_sequence->shutDown();
    QCOMPARE(m_sequence->start().error().code(), ErrorCode::ShuttingDown);
    QCOMPARE(m_log, QStringList{QStringLiteral("+a")});

    StartSequence never;
    never.shutDown();
    QCOMPARE(never.start().error().code(), ErrorCode::ShuttingDown);
}

// SH-03
void tst_StartSequence::shutdownFromInsideAStepRollsBack()
{
    add("a");
    StartStep step;
    step.name = QStringLiteral("b");
    step.start = [&]() -> Result<> {
        m_sequence->shutDown();
        return {};
    };
    QVERIFY(m_sequence->add(step));
    add("c");
    QCOMPARE(m_sequence->start().error().code(), ErrorCode::ShuttingDown);
    QCOMPARE(m_log, QStringList({QStringLiteral("+a"), QStringLiteral("-a")}));
    QCOMPARE(m_sequence->state(), State::ShutDown);
}

// SH-06: what is not needed for running is missed, not fatal.
void tst_StartSequence::missingOptionalPartDegrades()
{
    add("a");
    add("b", true);
    add("c");
    m_failing = QStringLiteral("b");
    const QSignalSpy degraded(m_sequence.get(), &StartSequence::degradedChanged);
    QVERIFY(m_sequence->start());
    QVERIFY(m_sequence->isDegraded());
    QCOMPARE(degraded.count(), 1);
    QCOMPARE(m_sequence->missing().size(), 1U);
    QCOMPARE(m_sequence->missing()[0].step, QStringLiteral("b"));
    QCOMPARE(m_sequence->missing()[0].error.code(), ErrorCode::AddressInUse);
    QCOMPARE(m_log, QStringList({QStringLiteral("+a"), QStringLiteral("+c")}));
}

void tst_StartSequence::degradedFollowsThePart()
{
    add("a");
    add("b", true);
    add("c", true);
    m_failing = QStringLiteral("c");
    QSignalSpy degraded(m_sequence.get(), &StartSequence::degradedChanged);
    QVERIFY(m_sequence->start());
    QVERIFY(m_sequence->markFailed(QStringLiteral("b"), Error(ErrorCode::Timeout, QString())));
    QVERIFY(m_sequence->markFailed(QStringLiteral("b"),
                                   Error(ErrorCode::Unreachable, QStringLiteral("gone"))));
    QCOMPARE(m_sequence->missing().size(), 2U);
    QCOMPARE(m_sequence->missing()[0].step, QStringLiteral("b"));
    QCOMPARE(m_sequence->missing()[0].error.code(), ErrorCode::Unreachable);
    QVERIFY(m_sequence->markWorking(QStringLiteral("c")));
    QVERIFY(m_sequence->isDegraded());
    QVERIFY(m_sequence->markWorking(QStringLiteral("b")));
    QVERIFY(m_sequence->markWorking(QStringLiteral("b")));
    QVERIFY(!m_sequence->isDegraded());
    QCOMPARE(degraded.count(), 2);
    QCOMPARE(m_sequence->markFailed(QStringLiteral("a"), {}).error().code(), ErrorCode::NotFound);
    QCOMPARE(m_sequence->markWorking(QStringLiteral("x")).error().code(), ErrorCode::NotFound);
}

void tst_StartSequence::badStepIsRefused()
{
    add("a");
    QCOMPARE(m_sequence->add({}).error().code(), ErrorCode::InvalidArgument);
    StartStep same;
    same.name = QStringLiteral("a");
    same.start = [] { return Result<>(); };
    QCOMPARE(m_sequence->add(same).error().code(), ErrorCode::AlreadyExists);
    QVERIFY(m_sequence->start());
    same.name = QStringLiteral("b");
    QCOMPARE(m_sequence->add(same).error().code(), ErrorCode::AlreadyStarted);
}

QTEST_APPLESS_MAIN(tst_StartSequence)

#include "tst_startsequence.moc"
