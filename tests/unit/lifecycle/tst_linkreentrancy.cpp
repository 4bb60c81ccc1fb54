// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "linkrecorder.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QPointer>
#include <QtTest/QTest>

#include <stdexcept>

using namespace fairlead;
using State = Link::State;

namespace {

const QStringList kSteps = {
    QStringLiteral("New>Handshaking"),
    QStringLiteral("Handshaking>Ready"),
    QStringLiteral("register"),
    QStringLiteral("admit"),
    QStringLiteral("connected"),
    QStringLiteral("Ready>Draining"),
    QStringLiteral("draining"),
    QStringLiteral("Draining>Closed"),
    QStringLiteral("stop"),
    QStringLiteral("unregister"),
    QStringLiteral("withdraw"),
    QStringLiteral("transport-drained"),
    QStringLiteral("disconnected"),
    QStringLiteral("closed"),
};

} // namespace

/// Hooks and slots that call back into the link at every step of its life.
class tst_LinkReentrancy : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void closeAtAnyStepTearsDownOnce_data();
    void closeAtAnyStepTearsDownOnce();
    void deletionAskedForAtAnyStepIsSafe_data();
    void deletionAskedForAtAnyStepIsSafe();
    void throwingTeardownStepDoesNotStopTheOthers_data();
    void throwingTeardownStepDoesNotStopTheOthers();
    void everyReceiverSeesTheChangesInOrder();
    void successFromTheSlotOfTheBeginningFollowsIt();
    void answerGivenWhileAskedCounts_data();
    void answerGivenWhileAskedCounts();
    void drainAsSoonAsConnected();
    void drainBeforeTheAnswerIsNoConnection_data();
    void drainBeforeTheAnswerIsNoConnection();
    void refusalIsNotOverturnedByItsHook();
    void failureIsNotOverturnedByItsSlot();
};

void tst_LinkReentrancy::closeAtAnyStepTearsDownOnce_data()
{
    QTest::addColumn<QString>("at");
    for (const QString &step : kSteps)
        QTest::addRow("LC-06 LC-07 %s", qPrintable(step)) << step;
}

void tst_LinkReentrancy::closeAtAnyStepTearsDownOnce()
{
    QFETCH(const QString, at);
    LinkRecorder hooks;
    int depth = 0;
    int deepest = 0;
    hooks.act = [&](const QString &step, Link &link) {
        deepest = std::max(deepest, ++depth);
        if (step == at) {
            link.close(failure(), CloseMode::Drain, false);
            QCOMPARE(link.state(), State::Closed);
            QVERIFY(!link.begin());
            QVERIFY(!link.succeed());
            QVERIFY(!link.drain(failure()));
            QVERIFY(!link.fail(failure()));
        }
        --depth;
    };
    Link link(1, Link::Direction::Dialled, hooks);
    hooks.watch(link);
    Result<> ignored = link.begin();
    ignored = link.succeed();
    ignored = link.drain(failure(ErrorCode::ShuttingDown));
    link.close(failure(ErrorCode::Timeout), CloseMode::Drain, false);

    QCOMPARE(link.state(), State::Closed);
    QCOMPARE(deepest, 1); // no step ran inside another
    QCOMPARE(hooks.registered, 0);
    QCOMPARE(hooks.routed, 0);
    QCOMPARE(hooks.endings, 1);
    for (const char *once : {"stop", "transport-drained", "closed"})
        QCOMPARE(hooks.count(QLatin1String(once)), 1);
    QCOMPARE(hooks.count(QStringLiteral("disconnected")), hooks.count(QStringLiteral("connected")));
    QCOMPARE(hooks.count(QStringLiteral("disconnected")) + hooks.count(QStringLiteral("ended")), 1);
    // Nothing of the success goes on after the close.
    const QStringList after = hooks.log.mid(hooks.log.indexOf(at) + 1);
    for (const char *step : {"register", "admit", "connected", "draining"})
        QVERIFY2(!after.contains(QLatin1String(step)), step);
    hooks.act = nullptr;
}

void tst_LinkReentrancy::deletionAskedForAtAnyStepIsSafe_data()
{
    closeAtAnyStepTearsDownOnce_data();
}

void tst_LinkReentrancy::deletionAskedForAtAnyStepIsSafe()
{
    QFETCH(const QString, at);
    LinkRecorder hooks;
    hooks.act = [&](const QString &step, Link &link) {
        if (step == at)
            link.deleteLater();
    };
    const QPointer<Link> link = new Link(1, Link::Direction::Accepted, hooks);
    hooks.watch(*link);
    QVERIFY(link->begin());
    QVERIFY(link->succeed());
    QVERIFY(link->drain(failure()));
    link->close(failure(), CloseMode::Drain, true);
    QVERIFY(link);
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    QVERIFY(!link);
    QCOMPARE(hooks.registered, 0);
    QCOMPARE(hooks.endings, 1);
}

void tst_LinkReentrancy::throwingTeardownStepDoesNotStopTheOthers_data()
{
    QTest::addColumn<QString>("at");
    for (const char *step : {"stop", "unregister", "withdraw", "transport-drained", "disconnected"})
        QTest::addRow("LC-06 %s", step) << QString::fromLatin1(step);
}

void tst_LinkReentrancy::throwingTeardownStepDoesNotStopTheOthers()
{
    QFETCH(const QString, at);
    LinkRecorder hooks;
    Link link(1, Link::Direction::Accepted, hooks);
    hooks.watch(link);
    QVERIFY(link.begin());
    QVERIFY(link.succeed());
    hooks.log.clear();
    hooks.act = [&](const QString &step, Link &) {
        if (step == at)
            throw std::runtime_error("broken hook");
    };
    QTest::ignoreMessage(QtCriticalMsg, QRegularExpression(QStringLiteral("broken hook")));
    link.close(failure(), CloseMode::Drain, true);
    QCOMPARE(hooks.log,
             QStringList({QStringLiteral("Ready>Closed"),
                          QStringLiteral("stop"),
                          QStringLiteral("unregister"),
                          QStringLiteral("withdraw"),
                          QStringLiteral("transport-drained"),
                          QStringLiteral("disconnected"),
                          QStringLiteral("closed")}));
    hooks.act = nullptr;
}

void tst_LinkReentrancy::everyReceiverSeesTheChangesInOrder()
{
    LinkRecorder hooks;
    Link link(1, Link::Direction::Accepted, hooks);
    QObject::connect(&link, &Link::stateChanged, &link, [&link](State, State to) {
        if (to == State::Handshaking)
            QVERIFY(link.succeed());
        if (to == State::Ready)
            link.close(failure(), CloseMode::Abort, false);
    });
    hooks.watch(link); // the second receiver
    QVERIFY(link.begin());
    const QStringList changes = hooks.log.filter(QStringLiteral(">"));
    QCOMPARE(changes,
             QStringList({QStringLiteral("New>Handshaking"),
                          QStringLiteral("Handshaking>Ready"),
                          QStringLiteral("Ready>Closed")}));
    QCOMPARE(hooks.count(QStringLiteral("register")), 0);
}

void tst_LinkReentrancy::successFromTheSlotOfTheBeginningFollowsIt()
{
    LinkRecorder hooks;
    Link link(1, Link::Direction::Accepted, hooks);
    hooks.watch(link);
    hooks.act = [](const QString &step, Link &l) {
        if (step == QLatin1String("New>Handshaking"))
            QVERIFY(l.succeed());
    };
    QVERIFY(link.begin());
    QCOMPARE(hooks.log,
             QStringList({QStringLiteral("New>Handshaking"),
                          QStringLiteral("Handshaking>Ready"),
                          QStringLiteral("register"),
                          QStringLiteral("admit"),
                          QStringLiteral("connected")}));
    hooks.act = nullptr;
}

void tst_LinkReentrancy::answerGivenWhileAskedCounts_data()
{
    QTest::addColumn<bool>("accepted");
    QTest::newRow("LC-04 accepted") << true;
    QTest::newRow("LC-05 refused") << false;
}

void tst_LinkReentrancy::answerGivenWhileAskedCounts()
{
    QFETCH(const bool, accepted);
    LinkRecorder hooks;
    hooks.admission = Admission::Pending;
    hooks.act = [&](const QString &step, Link &l) {
        if (step == QLatin1String("admit"))
            l.completeAdmission(accepted ? Result<>() : Result<>(failure()));
    };
    Link link(1, Link::Direction::Accepted, hooks);
    QVERIFY(link.begin());
    QCOMPARE(link.succeed().has_value(), accepted);
    QCOMPARE(hooks.count(QStringLiteral("connected")), accepted ? 1 : 0);
    QCOMPARE(hooks.count(QStringLiteral("rejected")), accepted ? 0 : 1);
    QCOMPARE(hooks.registered, accepted ? 1 : 0);
    hooks.act = nullptr;
}

void tst_LinkReentrancy::drainAsSoonAsConnected()
{
    LinkRecorder hooks;
    hooks.act = [](const QString &step, Link &l) {
        if (step == QLatin1String("connected"))
            QVERIFY(l.drain(failure(ErrorCode::ShuttingDown)));
    };
    Link link(1, Link::Direction::Accepted, hooks);
    hooks.watch(link);
    QVERIFY(link.begin());
    QVERIFY(link.succeed());
    QCOMPARE(link.state(), State::Draining);
    QVERIFY(hooks.hasInOrder({QStringLiteral("connected"),
                              QStringLiteral("Ready>Draining"),
                              QStringLiteral("draining")}));
    hooks.act = nullptr;
}

void tst_LinkReentrancy::drainBeforeTheAnswerIsNoConnection_data()
{
    QTest::addColumn<bool>("pending");
    QTest::newRow("LC-04 while asked") << false;
    QTest::newRow("LC-04 while waiting") << true;
}

void tst_LinkReentrancy::drainBeforeTheAnswerIsNoConnection()
{
    QFETCH(const bool, pending);
    LinkRecorder hooks;
    hooks.admission = pending ? Admission::Pending : Admission::Accepted;
    hooks.act = [&](const QString &step, Link &l) {
        if (!pending && step == QLatin1String("admit"))
            QVERIFY(l.drain(failure(ErrorCode::ShuttingDown)));
    };
    Link link(1, Link::Direction::Accepted, hooks);
    QVERIFY(link.begin());
    QVERIFY(link.succeed());
    if (pending) {
        QVERIFY(link.drain(failure(ErrorCode::ShuttingDown)));
        link.completeAdmission({});
    }
    QCOMPARE(link.state(), State::Draining);
    QCOMPARE(hooks.count(QStringLiteral("draining")), 1);
    link.close(failure(), CloseMode::Drain, true);
    QCOMPARE(hooks.count(QStringLiteral("connected")), 0);
    QCOMPARE(hooks.count(QStringLiteral("ended")), 1);
    QCOMPARE(hooks.registered, 0);
    QCOMPARE(hooks.routed, 0);
    hooks.act = nullptr;
}

// LC-05, LC-07
void tst_LinkReentrancy::refusalIsNotOverturnedByItsHook()
{
    LinkRecorder hooks;
    hooks.admission = Admission::Refused;
    hooks.admitError = failure(ErrorCode::NotAuthorized);
    hooks.act = [](const QString &step, Link &l) {
        if (step == QLatin1String("rejected"))
            l.close(failure(ErrorCode::ConnectionReset), CloseMode::Abort, false);
    };
    Link link(1, Link::Direction::Dialled, hooks);
    QVERIFY(link.begin());
    QVERIFY(!link.succeed());
    QCOMPARE(link.reason().code(), ErrorCode::NotAuthorized);
    QCOMPARE(hooks.count(QStringLiteral("reconnect")), 0);
    QCOMPARE(hooks.count(QStringLiteral("stop")), 1);
    hooks.act = nullptr;
}

// LC-07, LC-09
void tst_LinkReentrancy::failureIsNotOverturnedByItsSlot()
{
    LinkRecorder hooks;
    hooks.act = [](const QString &step, Link &l) {
        if (step != QLatin1String("handshake-failed"))
            return;
        QVERIFY(!l.succeed());
        QVERIFY(!l.fail(failure(ErrorCode::Timeout)));
        l.close(failure(ErrorCode::ConnectionReset), CloseMode::Abort, false);
    };
    Link link(1, Link::Direction::Accepted, hooks);
    hooks.watch(link);
    QVERIFY(link.begin());
    QVERIFY(link.fail(failure(ErrorCode::ProtocolViolation)));
    QCOMPARE(link.reason().code(), ErrorCode::ProtocolViolation);
    QCOMPARE(hooks.count(QStringLiteral("handshake-failed")), 1);
    QCOMPARE(hooks.count(QStringLiteral("stop")), 1);
    hooks.act = nullptr;
}

QTEST_GUILESS_MAIN(tst_LinkReentrancy)

#include "tst_linkreentrancy.moc"
