// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "hellotest.h"

#include <QTest>

using namespace fairlead::ship;
using namespace fairlead::ship::bench;

/// The hello of who has not decided yet, chapter 5.2.
class tst_ShipHelloPending : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void pendingSaysHowLongItWaits();
    void pendingPlansItsRequest_data();
    void pendingPlansItsRequest();
    void pendingLimitsAWaitOfAPartnerThatIsAlmostOver();
    void pendingAsksForProlongation();
    void pendingEndsWithoutReply();
    void pendingEndsWhenTheTimeIsOver();
    void pendingGrantsProlongations();
    void acceptingAPendingPartnerKeepsWaiting();
    void acceptingAReadyPartnerGoesOn();
    void acceptingBeforeTheHelloCounts();
    void refusingAborts();
    void aLateReplyIsPassedOver();
    void anAnsweredRequestHasNoLateReply();
    void aReadyThatCrossesARequestIsNoReply();
    void anAcceptedPartnerAnswersOnce();
    void pendingAsksNoMoreThanItsShare();
    void aPartnerThatAnswersPendingStaysReady();
    void apartnerThatLeavesWhilePendingHasNotDecided();
};

void tst_ShipHelloPending::pendingSaysHowLongItWaits()
{
    Bench bench(undecided(Role::Client));
    bench.start();
    static_cast<void>(bench.take());
    bench.receive(kInitBytes);
    QCOMPARE(bench.take(), (QByteArrayList{"state hello-pending", sent(kPending)}));
    QCOMPARE(bench.left(TimerId::HelloWait), 60'000);
    QCOMPARE(bench.armedTimers(), 1);
}

void tst_ShipHelloPending::pendingPlansItsRequest_data()
{
    QTest::addColumn<QByteArray>("message");
    QTest::addColumn<qint64>("send");
    QTest::addColumn<qint64>("wait");
    QTest::addColumn<qint64>("reply");
    const auto row = [](const char *name, const QByteArray &message, qint64 s, qint64 w, qint64 r) {
        QTest::newRow(name) << message << s << w << r;
    };
    row("ready, long", hello("ready", 60'000), 45'000, -1, -1);
    row("ready, twice the gap", hello("ready", 30'000), 15'000, -1, -1);
    row("ready, less", hello("ready", 10'000), 5'000, -1, -1);
    row("ready, threshold", hello("ready", 2'000), 1'000, -1, -1);
    row("ready, almost over", hello("ready", 1'999), -1, -1, 3'298);
    row("pending, long", hello("pending", 119'950), 104'950, 60'000, -1);
    row("pending, almost over", hello("pending", 1'999), -1, 60'000, -1);
    row("pending, nothing left", hello("pending", 0), -1, 60'000, -1);
    row("longest", hello("ready", 4'294'967'295), 4'294'952'295, -1, -1);
}

void tst_ShipHelloPending::pendingPlansItsRequest()
{
    QFETCH(QByteArray, message);
    QFETCH(qint64, send);
    QFETCH(qint64, wait);
    QFETCH(qint64, reply);
    const auto bench = pending();
    bench->receive(message);
    QCOMPARE(bench->left(TimerId::HelloSend), send);
    QCOMPARE(bench->left(TimerId::HelloWait), wait);
    QCOMPARE(bench->left(TimerId::HelloReply), reply);
    QCOMPARE(bench->takeSent(), QByteArrayList());
}

// RR10: a ready partner limits us itself, unless it is gone.
void tst_ShipHelloPending::pendingLimitsAWaitOfAPartnerThatIsAlmostOver()
{
    const auto bench = pending();
    bench->receive(hello("ready", 1'000));
    QCOMPARE(bench->left(TimerId::HelloWait), -1);
    QCOMPARE(bench->left(TimerId::HelloSend), -1);
    QCOMPARE(bench->left(TimerId::HelloReply), 2'200);
    bench->advance(2'200);
    QCOMPARE(bench->takeSent(), aborted("end timeout 4001"));
}

void tst_ShipHelloPending::pendingAsksForProlongation()
{
    const auto bench = pending();
    bench->receive(hello("ready", 60'000));
    QCOMPARE(bench->take(), (QByteArrayList{"notice partner-ready"}));
    bench->advance(45'000);
    QCOMPARE(bench->take(), (QByteArrayList{sent(kProlong), "notice prolongation-asked"}));
    QCOMPARE(bench->left(TimerId::HelloReply), 60'000);
    bench->receive(hello("ready", 75'000));
    QCOMPARE(bench->left(TimerId::HelloReply), -1);
    QCOMPARE(bench->left(TimerId::HelloSend), 60'000);
    QCOMPARE(bench->take(), QByteArrayList());
}

void tst_ShipHelloPending::pendingEndsWithoutReply()
{
    const auto bench = pending();
    bench->receive(hello("ready", 60'000));
    bench->advance(45'000);
    static_cast<void>(bench->take());
    bench->advance(59'999);
    QCOMPARE(bench->state(), State::HelloPending);
    bench->advance(1);
    QCOMPARE(bench->takeSent(), aborted("end timeout 4001"));
}

void tst_ShipHelloPending::pendingEndsWhenTheTimeIsOver()
{
    const auto silent = pending();
    silent->advance(60'000);
    QCOMPARE(silent->takeSent(), aborted("end timeout 4001"));
    // Also when the partner waits longer than we do: our own time goes on.
    const auto patient = pending();
    patient->receive(hello("pending", 240'000));
    patient->advance(60'000);
    QCOMPARE(patient->takeSent(), aborted("end timeout 4001"));
}

void tst_ShipHelloPending::pendingGrantsProlongations()
{
    const auto bench = pending();
    bench->advance(45'000);
    bench->receive(kProlong);
    QCOMPARE(bench->take(),
             (QByteArrayList{"notice partner-pending",
                             "notice prolongation-granted",
                             sent(hello("pending", 75'000))}));
    QCOMPARE(bench->left(TimerId::HelloWait), 75'000);
}

void tst_ShipHelloPending::acceptingAPendingPartnerKeepsWaiting()
{
    const auto bench = pending();
    bench->receive(hello("pending", 60'000));
    static_cast<void>(bench->take());
    bench->advance(20'000);
    bench->trust(Trust::Trusted);
    QCOMPARE(bench->take(), (QByteArrayList{"state hello-ready", sent(hello("ready", 40'000))}));
    QCOMPARE(bench->armedTimers(), 1);
    bench->receive(kReady);
    QCOMPARE(bench->state(), State::ProposalWait);
}

void tst_ShipHelloPending::acceptingAReadyPartnerGoesOn()
{
    const auto bench = pending();
    bench->receive(kReady);
    static_cast<void>(bench->take());
    bench->trust(Trust::Trusted);
    QCOMPARE(bench->take(),
             (QByteArrayList{R"(send 01 {"connectionHello":[{"phase":"ready"}]})",
                             "state proposal-wait"}));
    QCOMPARE(bench->armedTimers(), 1);
}

void tst_ShipHelloPending::acceptingBeforeTheHelloCounts()
{
    Bench bench(undecided(Role::Client));
    bench.trust(Trust::Trusted);
    bench.start();
    bench.receive(kInitBytes);
    QCOMPARE(bench.state(), State::HelloReady);
    Bench other(trusting(Role::Client));
    other.start();
    other.trust(Trust::Pending);
    other.receive(kInitBytes);
    QCOMPARE(other.state(), State::HelloPending);
    // Afterwards nobody becomes undecided again.
    other.trust(Trust::Trusted);
    other.trust(Trust::Pending);
    QCOMPARE(other.state(), State::HelloReady);
}

void tst_ShipHelloPending::refusingAborts()
{
    for (const auto &bench : {ready(), pending()}) {
        bench->trust(Trust::Rejected);
        QCOMPARE(bench->takeSent(), aborted("end rejected-here 4452"));
    }
}

// The request and our own decision cross each other: what answers the request comes too late.
void tst_ShipHelloPending::aLateReplyIsPassedOver()
{
    const auto bench = pending();
    bench->receive(kReady);
    bench->advance(45'000);
    bench->trust(Trust::Trusted);
    static_cast<void>(bench->take());
    bench->receive(hello("ready", 75'000));
    QCOMPARE(bench->take(), QByteArrayList());
    QCOMPARE(bench->state(), State::ProposalWait);
    bench->receive(kAnnounceMax);
    QCOMPARE(bench->state(), State::ConfirmWait);
    // There is one such answer only.
    static_cast<void>(bench->take());
    bench->receive(kReady);
    QCOMPARE(bench->takeSent(),
             (QByteArrayList{sent(kProtocolUnexpected), "end protocol-error 4001"}));
}

void tst_ShipHelloPending::anAnsweredRequestHasNoLateReply()
{
    const auto bench = pending();
    bench->receive(kReady);
    bench->advance(45'000);
    bench->receive(hello("ready", 75'000));
    bench->trust(Trust::Trusted);
    static_cast<void>(bench->take());
    bench->receive(hello("ready", 75'000));
    QCOMPARE(bench->takeSent(),
             (QByteArrayList{sent(kProtocolUnexpected), "end protocol-error 4001"}));
}

// The partner's user decides while our request is on its way: two messages follow.
void tst_ShipHelloPending::aReadyThatCrossesARequestIsNoReply()
{
    const auto bench = pending();
    bench->receive(kPending);
    bench->advance(45'000);
    bench->receive(hello("ready", 14'900));
    bench->trust(Trust::Trusted);
    bench->receive(hello("ready", 74'900));
    QCOMPARE(bench->state(), State::ProposalWait);
    bench->receive(kAnnounceMax);
    QCOMPARE(bench->state(), State::ConfirmWait);
}

// Our user decides while our request is on its way, the partner's afterwards.
void tst_ShipHelloPending::anAcceptedPartnerAnswersOnce()
{
    const auto crossing = [] {
        auto bench = pending();
        bench->receive(kPending);
        bench->advance(45'000);
        bench->trust(Trust::Trusted);
        return bench;
    };
    const auto twice = crossing();
    twice->receive(hello("ready", 14'900));
    twice->receive(hello("ready", 74'900));
    QCOMPARE(twice->state(), State::ProposalWait);
    const auto inTurn = crossing();
    inTurn->receive(hello("pending", 74'900));
    inTurn->receive(hello("ready", 70'000));
    QCOMPARE(inTurn->state(), State::ProposalWait);
    inTurn->receive(hello("ready", 70'000));
    QCOMPARE(inTurn->state(), State::Closed);
}

// RR10: a partner that grants whatever it is asked for does not hold a connection for ever.
void tst_ShipHelloPending::pendingAsksNoMoreThanItsShare()
{
    Settings settings = undecided(Role::Server);
    settings.maxRequests = 3;
    const auto bench = inState(State::HelloPending, settings);
    for (int i = 0; i < 3; ++i) {
        bench->receive(kReady);
        bench->advance(45'000);
        QCOMPARE(bench->takeSent(), (QByteArrayList{sent(kProlong)}));
    }
    bench->receive(kReady);
    bench->advance(45'000);
    QCOMPARE(bench->takeSent(), aborted("end timeout 4001"));
}

void tst_ShipHelloPending::aPartnerThatAnswersPendingStaysReady()
{
    const auto bench = pending();
    bench->receive(kReady);
    bench->advance(45'000);
    static_cast<void>(bench->take());
    bench->receive(hello("pending", 119'950));
    QCOMPARE(bench->left(TimerId::HelloSend), 104'950);
    QCOMPARE(bench->take(), QByteArrayList());
    bench->trust(Trust::Trusted);
    QCOMPARE(bench->state(), State::ProposalWait);
}

// RR27
void tst_ShipHelloPending::apartnerThatLeavesWhilePendingHasNotDecided()
{
    const auto bench = ready();
    bench->receive(kPending);
    bench->peerGone();
    QCOMPARE(bench->takeSent(), (QByteArrayList{"end not-accepted-yet gone"}));
    QVERIFY(redialAfter(EndReason::NotAcceptedYet) == Redial::Slowly);
    const auto other = ready();
    other->peerGone();
    QCOMPARE(other->takeSent(), (QByteArrayList{"end connection-lost gone"}));
}

QTEST_APPLESS_MAIN(tst_ShipHelloPending)
#include "tst_shiphellopending.moc"
