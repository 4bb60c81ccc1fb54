// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "protocol/dialgate.h"

#include <QTest>

using namespace fairlead::ship;

namespace {

constexpr qint64 kMs = 1'000'000;
constexpr qint64 kNow = 1'000'000'000'000;

Ski ski(unsigned char first)
{
    Ski::Raw raw{};
    raw[0] = first;
    return Ski(raw);
}

DialFacts desired()
{
    DialFacts facts{ski(1), ski(2)};
    facts.desired = true;
    return facts;
}

} // namespace

/// What may be dialled, chapters 8 and 9.
class tst_ShipDialGate : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void dialsWhatIsDesired();
    void dialsNobodyTwice();
    void dialsNotItself();
    void pausesAfterAnOrderlyEnd();
    void leavesAloneWhoHasToDecide();
    void neverAsksAgainAfterARefusal_data();
    void neverAsksAgainAfterARefusal();
    void aUserGoesFirst();
    void oneSideEndsItsDial();
};

void tst_ShipDialGate::dialsWhatIsDesired()
{
    QCOMPARE(judgeDial(desired(), kNow).verdict, DialVerdict::Dial);
    DialFacts facts = desired();
    facts.desired = false;
    facts.userAsked = true;
    QCOMPARE(judgeDial(facts, kNow).verdict, DialVerdict::NotDesired);
}

// RR11
void tst_ShipDialGate::dialsNobodyTwice()
{
    DialFacts facts = desired();
    facts.userAsked = true;
    facts.dialling = true;
    QCOMPARE(judgeDial(facts, kNow).verdict, DialVerdict::AlreadyDialling);
    facts.live = true;
    QCOMPARE(judgeDial(facts, kNow).verdict, DialVerdict::AlreadyLive);
}

void tst_ShipDialGate::dialsNotItself()
{
    DialFacts facts = desired();
    facts.peer = facts.own;
    QCOMPARE(judgeDial(facts, kNow).verdict, DialVerdict::Self);
}

// RR15
void tst_ShipDialGate::pausesAfterAnOrderlyEnd()
{
    for (const EndReason reason :
         {EndReason::LocalClose, EndReason::PeerClosed, EndReason::Duplicate, EndReason::Timeout}) {
        DialFacts facts = desired();
        facts.lastEnd = reason;
        facts.lastEndAt = kNow;
        const DialDecision early = judgeDial(facts, kNow + 1'999 * kMs);
        QCOMPARE(early.verdict, DialVerdict::Later);
        QCOMPARE(early.earliest, kNow + 2'000 * kMs);
        QCOMPARE(judgeDial(facts, early.earliest).verdict, DialVerdict::Dial);
    }
}

// RR27
void tst_ShipDialGate::leavesAloneWhoHasToDecide()
{
    for (const EndReason reason : {EndReason::NotAcceptedYet, EndReason::RejectedByPeer}) {
        DialFacts facts = desired();
        facts.lastEnd = reason;
        facts.lastEndAt = kNow;
        QCOMPARE(judgeDial(facts, kNow + 59'999 * kMs).earliest, kNow + 60'000 * kMs);
        QCOMPARE(judgeDial(facts, kNow + 60'000 * kMs).verdict, DialVerdict::Dial);
    }
}

void tst_ShipDialGate::neverAsksAgainAfterARefusal_data()
{
    QTest::addColumn<EndReason>("reason");
    for (const EndReason reason : {EndReason::TrustRemovedByPeer,
                                   EndReason::TrustRemovedHere,
                                   EndReason::RejectedHere,
                                   EndReason::UserAbort,
                                   EndReason::PinNotSupported,
                                   EndReason::IdentityMismatch}) {
        QTest::newRow(toText(reason)) << reason;
    }
}

// RR23
void tst_ShipDialGate::neverAsksAgainAfterARefusal()
{
    QFETCH(EndReason, reason);
    DialFacts facts = desired();
    facts.lastEnd = reason;
    facts.lastEndAt = kNow;
    QCOMPARE(judgeDial(facts, kNow + 86'400'000 * kMs).verdict, DialVerdict::NotByItself);
    facts.userAsked = true;
    QCOMPARE(judgeDial(facts, kNow + 2'000 * kMs).verdict, DialVerdict::Dial);
}

void tst_ShipDialGate::aUserGoesFirst()
{
    DialFacts facts = desired();
    facts.lastEnd = EndReason::NotAcceptedYet;
    facts.lastEndAt = kNow;
    facts.userAsked = true;
    QCOMPARE(judgeDial(facts, kNow).verdict, DialVerdict::Later);
    QCOMPARE(judgeDial(facts, kNow + 2'000 * kMs).verdict, DialVerdict::Dial);
}

// RG-07, RR12
void tst_ShipDialGate::oneSideEndsItsDial()
{
    QVERIFY(endsOwnDial(ski(0x80), ski(0x7F)));
    QVERIFY(!endsOwnDial(ski(0x7F), ski(0x80)));
    QVERIFY(!endsOwnDial(ski(1), ski(1)));
}

QTEST_APPLESS_MAIN(tst_ShipDialGate)

#include "tst_shipdialgate.moc"
