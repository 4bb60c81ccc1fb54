// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "hellotest.h"

#include <QTest>

using namespace fairlead::ship;
using namespace fairlead::ship::bench;

/// The hello, chapter 5.2: both sides run it alike, whoever dialled.
class tst_ShipHello : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readySaysHowLongItWaits();
    void rejectedIsAbortedAtOnce();
    void readyAndReadyGoOn();
    void readyIgnoresAPendingPartner();
    void readyGrantsProlongations();
    void readyGrantsNoMoreThanItsShare();
    void readyEndsWhenTheTimeIsOver();
    void abortedByThePeerIsNotAnswered();
    void whatDoesNotBelongAborts_data();
    void whatDoesNotBelongAborts();
    void oddWaitingDoesNoHarm();
};

void tst_ShipHello::readySaysHowLongItWaits()
{
    Bench bench(trusting(Role::Server));
    bench.start();
    static_cast<void>(bench.take());
    bench.receive(kInitBytes);
    QCOMPARE(bench.take(), (QByteArrayList{sent(kInitBytes), "state hello-ready", sent(kReady)}));
    QCOMPARE(bench.left(TimerId::HelloWait), 60'000);
    QCOMPARE(bench.armedTimers(), 1);
}

void tst_ShipHello::rejectedIsAbortedAtOnce()
{
    Settings settings = trusting(Role::Server);
    settings.trust = Trust::Rejected;
    Bench bench(settings);
    bench.start();
    bench.receive(kInitBytes);
    QCOMPARE(bench.takeSent(),
             (QByteArrayList{sent(kInitBytes), sent(kAborted), "end rejected-here 4452"}));
    QCOMPARE(bench.armedTimers(), 0);
}

void tst_ShipHello::readyAndReadyGoOn()
{
    const auto bench = ready();
    // A partner that is ready need not say for how long.
    bench->receive(R"(01 {"connectionHello":[{"phase":"ready"}]})");
    QCOMPARE(bench->take(), (QByteArrayList{"state proposal-wait"}));
    QCOMPARE(bench->left(TimerId::HelloWait), -1);
}

// HELLO_004
void tst_ShipHello::readyIgnoresAPendingPartner()
{
    const auto bench = ready();
    bench->advance(10'000);
    bench->receive(hello("pending", 120'000));
    bench->receive(R"(01 {"connectionHello":[{"phase":"pending"}]})");
    bench->receive(R"(01 {"connectionHello":[{"phase":"pending"},{"prolongationRequest":false}]})");
    QCOMPARE(bench->take(), (QByteArrayList{"notice partner-pending"}));
    QCOMPARE(bench->left(TimerId::HelloWait), 50'000);
    QCOMPARE(bench->state(), State::HelloReady);
}

// HELLO_002: what is granted adds to what is left.
void tst_ShipHello::readyGrantsProlongations()
{
    const auto bench = ready();
    bench->advance(45'000);
    bench->receive(kProlong);
    QCOMPARE(bench->takeSent(), (QByteArrayList{sent(hello("ready", 75'000))}));
    QCOMPARE(bench->left(TimerId::HelloWait), 75'000);
    bench->advance(60'000);
    bench->receive(kProlong);
    QCOMPARE(bench->takeSent(), (QByteArrayList{sent(hello("ready", 75'000))}));
    bench->advance(74'999);
    QCOMPARE(bench->state(), State::HelloReady);
    bench->advance(1);
    QCOMPARE(bench->takeSent(), aborted("end timeout 4001"));
}

void tst_ShipHello::readyGrantsNoMoreThanItsShare()
{
    Settings settings = trusting(Role::Server);
    settings.maxProlongations = 2;
    const auto bench = inState(State::HelloReady, settings);
    bench->receive(kProlong);
    bench->receive(kProlong);
    static_cast<void>(bench->take());
    bench->advance(1'000);
    bench->receive(kProlong);
    QCOMPARE(bench->take(), (QByteArrayList{sent(hello("ready", 179'000))}));
    QCOMPARE(bench->left(TimerId::HelloWait), 179'000);
}

// HELLO_003
void tst_ShipHello::readyEndsWhenTheTimeIsOver()
{
    const auto bench = ready();
    bench->advance(59'999);
    QCOMPARE(bench->take(), QByteArrayList());
    bench->advance(1);
    QCOMPARE(bench->takeSent(), aborted("end timeout 4001"));
}

// RR9
void tst_ShipHello::abortedByThePeerIsNotAnswered()
{
    for (const auto &bench : {ready(), pending()}) {
        bench->receive(kAborted);
        QCOMPARE(bench->takeSent(), (QByteArrayList{"end rejected-by-peer 4001"}));
        QCOMPARE(bench->armedTimers(), 0);
    }
}

void tst_ShipHello::whatDoesNotBelongAborts_data()
{
    QTest::addColumn<QByteArray>("message");
    QTest::addColumn<bool>("inReady");
    const auto both = [](const char *name, const char *message) {
        QTest::addRow("%s, ready", name) << QByteArray(message) << true;
        QTest::addRow("%s, pending", name) << QByteArray(message) << false;
    };
    both("init", kInitBytes);
    both("unknown phase", R"(01 {"connectionHello":[{"phase":"steady"}]})");
    both("no phase", R"(01 {"connectionHello":[]})");
    both("no JSON", "01 ffff");
    both("announceMax", kAnnounceMax);
    both("select", kSelect);
    both("protocol error", kProtocolUnexpected);
    both("PIN state", kPinNone);
    both("PIN input", kPinInput);
    both("PIN error", kPinError);
    both("access request", kAccessRequest);
    both("access methods", kAccessPeer);
    both("data", kData);
    both("close", kAnnounce);
    const auto pendingOnly = [](const char *name, const char *message) {
        QTest::newRow(name) << QByteArray(message) << false;
    };
    pendingOnly("ready without waiting", R"(01 {"connectionHello":[{"phase":"ready"}]})");
    pendingOnly("pending with neither", R"(01 {"connectionHello":[{"phase":"pending"}]})");
    pendingOnly("pending with a request that is none",
                R"(01 {"connectionHello":[{"phase":"pending"},{"prolongationRequest":false}]})");
    pendingOnly(
        "pending with both",
        R"(01 {"connectionHello":[{"phase":"pending"},{"waiting":1},{"prolongationRequest":true}]})");
}

void tst_ShipHello::whatDoesNotBelongAborts()
{
    QFETCH(QByteArray, message);
    QFETCH(bool, inReady);
    const auto bench = inReady ? ready() : pending();
    bench->receive(message);
    QCOMPARE(bench->takeSent(), aborted("end protocol-error 4001"));
    QCOMPARE(bench->armedTimers(), 0);
}

void tst_ShipHello::oddWaitingDoesNoHarm()
{
    // Ready, then a request: the partner's time was off and begins anew.
    const auto bench = pending();
    bench->receive(kReady);
    bench->receive(kProlong);
    QCOMPARE(bench->takeSent(), (QByteArrayList{sent(hello("pending", 60'000))}));
    QCOMPARE(bench->left(TimerId::HelloWait), 60'000);
    bench->trust(Trust::Trusted);
    QCOMPARE(bench->state(), State::ProposalWait);
    QCOMPARE(bench->takeSent(),
             (QByteArrayList{R"(send 01 {"connectionHello":[{"phase":"ready"}]})"}));
}

QTEST_APPLESS_MAIN(tst_ShipHello)
#include "tst_shiphello.moc"
