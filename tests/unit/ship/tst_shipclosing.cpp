// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "bench.h"

#include <QTest>

using namespace fairlead::ship;
using namespace fairlead::ship::bench;

namespace {

QByteArray sent(const char *message)
{
    return QByteArray("send ") + message;
}

std::unique_ptr<Bench> at(State state)
{
    const Role role = state == State::ChoiceWait ? Role::Client : Role::Server;
    return inState(state, state == State::HelloPending ? undecided(role) : trusting(role));
}

} // namespace

/// The end of a connection, chapter 5.6.
class tst_ShipClosing : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void announcesAndWaits();
    void takesTheConfirmation();
    void doesNotWaitForEver();
    void twoAnnouncementsMeet();
    void nothingPassesAfterAnAnnouncement();
    void confirmsAndLeavesTheClosingToThePeer();
    void waitsNoLongerThanThePeerSays_data();
    void waitsNoLongerThanThePeerSays();
    void aConfirmationAloneEndsIt();
    void removedTrustIsSaid();
    void removedTrustIsUnderstood();
    void localEndsHaveTheWordsOfTheirState_data();
    void localEndsHaveTheWordsOfTheirState();
    void abortsWaitForNothing();
    void aSecondCloseChangesNothing();
    void aLostConnectionHasItsReason();
    void nothingFollowsTheEnd();
    void givesAdviceOnRedialling();
};

// TERM_001, RR22
void tst_ShipClosing::announcesAndWaits()
{
    const auto bench = at(State::Data);
    bench->close();
    QCOMPARE(bench->take(), (QByteArrayList{"state close-announced", sent(kAnnounce)}));
    QCOMPARE(bench->left(TimerId::Close), 500);
    QCOMPARE(bench->armedTimers(), 1);
}

void tst_ShipClosing::takesTheConfirmation()
{
    const auto bench = at(State::CloseAnnounced);
    bench->receive(kConfirm);
    QCOMPARE(bench->take(), (QByteArrayList{"state closed", "end local-close 4001"}));
    QCOMPARE(bench->armedTimers(), 0);
}

void tst_ShipClosing::doesNotWaitForEver()
{
    const auto bench = at(State::CloseAnnounced);
    bench->advance(499);
    QCOMPARE(bench->take(), QByteArrayList());
    bench->advance(1);
    QCOMPARE(bench->takeSent(), (QByteArrayList{"end local-close 4001"}));
}

void tst_ShipClosing::twoAnnouncementsMeet()
{
    const auto bench = at(State::CloseAnnounced);
    bench->receive(kAnnounce);
    QCOMPARE(bench->takeSent(), (QByteArrayList{sent(kConfirm), "end local-close 4001"}));
}

void tst_ShipClosing::nothingPassesAfterAnAnnouncement()
{
    for (const State state : {State::CloseAnnounced, State::CloseConfirmed}) {
        const auto bench = at(state);
        for (const char *message : {kData, kAccessRequest, kReady, kPinRequired, "01 ffff", "ff"})
            bench->receive(message);
        QCOMPARE(bench->send("{}"), SendVerdict::NotInDataExchange);
        QCOMPARE(bench->take(), QByteArrayList());
        QCOMPARE(bench->state(), state);
    }
}

void tst_ShipClosing::confirmsAndLeavesTheClosingToThePeer()
{
    const auto bench = at(State::Data);
    bench->receive(kAnnounce);
    QCOMPARE(bench->take(), (QByteArrayList{"state close-confirmed", sent(kConfirm)}));
    bench->receive(kAnnounce);
    bench->receive(kConfirm);
    bench->close();
    QCOMPARE(bench->take(), QByteArrayList());
    bench->peerGone();
    QCOMPARE(bench->takeSent(), (QByteArrayList{"end peer-closed gone"}));
}

void tst_ShipClosing::waitsNoLongerThanThePeerSays_data()
{
    QTest::addColumn<QByteArray>("maxTime");
    QTest::addColumn<qint64>("patience");
    QTest::newRow("absent") << QByteArray() << qint64(500);
    QTest::newRow("less") << QByteArray(R"(,{"maxTime":100})") << qint64(100);
    QTest::newRow("none") << QByteArray(R"(,{"maxTime":0})") << qint64(0);
    QTest::newRow("days") << QByteArray(R"(,{"maxTime":4294967295})") << qint64(500);
}

// RR9
void tst_ShipClosing::waitsNoLongerThanThePeerSays()
{
    QFETCH(QByteArray, maxTime);
    QFETCH(qint64, patience);
    const auto bench = at(State::Data);
    bench->receive(R"(03 {"connectionClose":[{"phase":"announce"})" + maxTime + "]}");
    QCOMPARE(bench->left(TimerId::Close), patience);
    static_cast<void>(bench->take());
    bench->advance(patience);
    QCOMPARE(bench->takeSent(), (QByteArrayList{"end peer-closed 4001"}));
}

// RR9
void tst_ShipClosing::aConfirmationAloneEndsIt()
{
    const auto bench = at(State::Data);
    bench->receive(kConfirm);
    QCOMPARE(bench->takeSent(), (QByteArrayList{"end peer-closed 4001"}));
}

// RR23
void tst_ShipClosing::removedTrustIsSaid()
{
    for (const State state : {State::PinWait, State::Data}) {
        const auto bench = at(state);
        bench->trust(Trust::Rejected);
        QCOMPARE(bench->takeSent(), (QByteArrayList{sent(kAnnounceRemoved)}));
        bench->receive(kConfirm);
        QCOMPARE(bench->takeSent(), (QByteArrayList{"end trust-removed-here 4001"}));
    }
}

void tst_ShipClosing::removedTrustIsUnderstood()
{
    const auto bench = at(State::Data);
    bench->receive(kAnnounceRemoved);
    bench->advance(500);
    QCOMPARE(bench->takeSent(), (QByteArrayList{sent(kConfirm), "end trust-removed-by-peer 4001"}));
}

void tst_ShipClosing::localEndsHaveTheWordsOfTheirState_data()
{
    QTest::addColumn<State>("state");
    QTest::addColumn<int>("reason");
    QTest::addColumn<QByteArrayList>("wanted");
    using enum EndReason;
    const auto row = [](State state, EndReason reason, const char *message, const char *end) {
        QByteArrayList wanted;
        if (message != nullptr)
            wanted.append(sent(message));
        if (end != nullptr)
            wanted.append(end);
        QTest::addRow("%s %s", toText(state), toText(reason)) << state << int(reason) << wanted;
    };
    for (const State state : {State::Idle, State::InitWait})
        row(state, LocalClose, nullptr, "end local-close 4001");
    for (const State state : {State::HelloReady, State::HelloPending})
        row(state, LocalClose, kAborted, "end local-close 4001");
    for (const State state : {State::ProposalWait, State::ChoiceWait, State::ConfirmWait})
        row(state, LocalClose, kProtocolUnexpected, "end local-close 4001");
    for (const State state : {State::PinWait, State::Data})
        row(state, LocalClose, kAnnounce, nullptr);
    row(State::Data, TrustRemovedHere, kAnnounceRemoved, nullptr);
    row(State::HelloReady, TrustRemovedHere, kAborted, "end trust-removed-here 4001");
    // RR12: a superseded connection ends orderly in data exchange, and without a word before.
    row(State::Data, Duplicate, kAnnounce, nullptr);
    for (const State state : {State::InitWait,
                              State::HelloReady,
                              State::HelloPending,
                              State::ProposalWait,
                              State::ChoiceWait,
                              State::ConfirmWait,
                              State::PinWait}) {
        row(state, Duplicate, nullptr, "end duplicate 1000");
    }
    for (const State state : {State::CloseAnnounced, State::CloseConfirmed, State::Closed})
        row(state, Duplicate, nullptr, nullptr);
}

void tst_ShipClosing::localEndsHaveTheWordsOfTheirState()
{
    QFETCH(State, state);
    QFETCH(int, reason);
    QFETCH(QByteArrayList, wanted);
    const auto bench = at(state);
    bench->close(static_cast<EndReason>(reason));
    QCOMPARE(bench->takeSent(), wanted);
}

void tst_ShipClosing::abortsWaitForNothing()
{
    const auto bench = at(State::Data);
    bench->abort();
    QCOMPARE(bench->takeSent(), (QByteArrayList{sent(kAnnounce), "end user-abort 4500"}));
    const auto hello = at(State::HelloPending);
    hello->abort();
    QCOMPARE(hello->takeSent(), (QByteArrayList{sent(kAborted), "end user-abort 4500"}));
    const auto closing = at(State::CloseAnnounced);
    closing->abort();
    QCOMPARE(closing->takeSent(), (QByteArrayList{"end local-close 4001"}));
    const auto confirmed = at(State::CloseConfirmed);
    confirmed->abort();
    QCOMPARE(confirmed->takeSent(), (QByteArrayList{"end peer-closed 4001"}));
}

void tst_ShipClosing::aSecondCloseChangesNothing()
{
    const auto bench = at(State::Data);
    bench->close(EndReason::Duplicate);
    bench->advance(200);
    static_cast<void>(bench->take());
    bench->close(EndReason::TrustRemovedHere);
    bench->trust(Trust::Rejected);
    QCOMPARE(bench->take(), QByteArrayList());
    QCOMPARE(bench->left(TimerId::Close), 300);
    bench->receive(kConfirm);
    QCOMPARE(bench->takeSent(), (QByteArrayList{"end duplicate 1000"}));
}

void tst_ShipClosing::aLostConnectionHasItsReason()
{
    for (int i = 0; i < kStateCount; ++i) {
        const auto state = static_cast<State>(i);
        const auto bench = at(state);
        bench->peerGone();
        QByteArrayList wanted{"end connection-lost gone"};
        if (state == State::CloseAnnounced)
            wanted = {"end local-close gone"};
        else if (state == State::CloseConfirmed)
            wanted = {"end peer-closed gone"};
        else if (state == State::Closed)
            wanted.clear();
        QCOMPARE(bench->takeSent(), wanted);
        QCOMPARE(bench->armedTimers(), 0);
    }
}

// RR28, TS-02
void tst_ShipClosing::nothingFollowsTheEnd()
{
    const auto bench = at(State::Closed);
    bench->start();
    for (const char *message :
         {kInitBytes, kReady, kAnnounceMax, kSelect, kPinNone, kData, kAnnounce})
        bench->receive(message);
    for (int i = 0; i < kTimerCount; ++i)
        bench->fire(static_cast<TimerId>(i));
    bench->trust(Trust::Trusted);
    bench->trust(Trust::Rejected);
    QVERIFY(bench->enterPin("1234abcd"));
    bench->askAccessMethods();
    bench->close();
    bench->abort();
    bench->peerGone();
    QCOMPARE(bench->send("{}"), SendVerdict::NotInDataExchange);
    QCOMPARE(bench->take(), QByteArrayList());
    QCOMPARE(bench->armedTimers(), 0);
}

// RR15, RR23, RR27
void tst_ShipClosing::givesAdviceOnRedialling()
{
    using enum EndReason;
    for (const EndReason reason : {TrustRemovedHere,
                                   TrustRemovedByPeer,
                                   RejectedHere,
                                   UserAbort,
                                   Duplicate,
                                   PinNotSupported,
                                   IdentityMismatch}) {
        QVERIFY2(redialAfter(reason) == Redial::Never, toText(reason));
    }
    for (const EndReason reason :
         {RejectedByPeer, NotAcceptedYet, InitFailed, ProtocolError, VersionMismatch}) {
        QVERIFY2(redialAfter(reason) == Redial::Slowly, toText(reason));
    }
    for (const EndReason reason : {LocalClose, PeerClosed, ConnectionLost, Timeout})
        QVERIFY2(redialAfter(reason) == Redial::Soon, toText(reason));
    QSet<QByteArray> names;
    for (int i = 0; i < kEndReasonCount; ++i)
        names.insert(toText(static_cast<EndReason>(i)));
    QCOMPARE(names.size(), kEndReasonCount);
}

QTEST_APPLESS_MAIN(tst_ShipClosing)

#include "tst_shipclosing.moc"
