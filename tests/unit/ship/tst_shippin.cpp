// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "bench.h"
#include "protocol/pin.h"

#include <QTest>

using namespace fairlead::ship;
using namespace fairlead::ship::bench;

namespace {

QByteArray sent(const char *message)
{
    return QByteArray("send ") + message;
}

constexpr char kPinOptionalBusy[]
    = R"(01 {"connectionPinState":[{"pinState":"optional"},{"inputPermission":"busy"}]})";

Settings demanding(PinDemand demand)
{
    Settings settings = trusting(Role::Server);
    settings.pinDemand = demand;
    settings.ownPin = "1234ABCD";
    return settings;
}

std::unique_ptr<Bench> atPin(Settings settings)
{
    return inState(State::PinWait, std::move(settings));
}

/// The last message before and the first of the phase.
std::unique_ptr<Bench> enteringPin(Settings settings)
{
    auto bench = inState(State::ConfirmWait, std::move(settings));
    bench->receive(kSelect);
    return bench;
}

} // namespace

/// The PIN states, chapter 5.4: two directions that know nothing of each other.
class tst_ShipPin : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void saysWhatItDemands();
    void noneAndNoneGoOn();
    void silenceEndsIt();
    void requiredPinIsChecked();
    void optionalPinLetsDataPass();
    void wrongPinsArePunished();
    void penaltiesOutliveTheConnection();
    void inputThatNobodyAskedForIsPassedOver();
    void requiredMeansNothingElseIsAnswered();
    void aKnownPinIsEnteredAtOnce();
    void aUserIsAskedForThePin();
    void aBusyPeerIsWaitedFor();
    void aWrongPinIsAskedForAgain();
    void anUnansweredPinEndsIt();
    void anIgnoredPinIsNotRepeated();
    void anOptionalPinMayComeLater();
    void withoutAnyoneToAskItIsLeft();
    void peopleHaveTheirTime();
    void dataIsTooEarly();
    void optionalMayBecomeRequired();
    void brokenMessagesEndIt();
    void strayMessagesArePassedOver_data();
    void strayMessagesArePassedOver();
    void aRefusedSelectionEndsIt();
    void knowsPins();
};

void tst_ShipPin::saysWhatItDemands()
{
    QVERIFY(enteringPin(trusting(Role::Server))->takeSent().contains(sent(kPinNone)));
    QVERIFY(enteringPin(demanding(PinDemand::Required))->takeSent().contains(sent(kPinRequired)));
    QVERIFY(enteringPin(demanding(PinDemand::Optional))->takeSent().contains(sent(kPinOptional)));
}

// PIN_001
void tst_ShipPin::noneAndNoneGoOn()
{
    const auto bench = atPin(trusting(Role::Server));
    QCOMPARE(bench->left(TimerId::PinState), 10'000);
    bench->receive(kPinNone);
    QCOMPARE(bench->take(), (QByteArrayList{"state data", sent(kAccessRequest)}));
    QCOMPARE(bench->armedTimers(), 0);
}

// LC-08
void tst_ShipPin::silenceEndsIt()
{
    const auto bench = atPin(trusting(Role::Server));
    bench->advance(10'000);
    QCOMPARE(bench->takeSent(), (QByteArrayList{sent(kAnnounce)}));
    bench->advance(500);
    QCOMPARE(bench->takeSent(), (QByteArrayList{"end timeout 4001"}));
}

void tst_ShipPin::requiredPinIsChecked()
{
    const auto bench = atPin(demanding(PinDemand::Required));
    bench->receive(kPinNone);
    QCOMPARE(bench->state(), State::PinWait);
    bench->receive(kPinInput);
    QCOMPARE(bench->take(),
             (QByteArrayList{
                 sent(kPinOk), "notice peer-pin-accepted", "state data", sent(kAccessRequest)}));
    QCOMPARE(bench->armedTimers(), 0);
    // The other order of the two directions.
    const auto other = atPin(demanding(PinDemand::Required));
    other->receive(kPinInput);
    QCOMPARE(other->state(), State::PinWait);
    other->receive(kPinNone);
    QCOMPARE(other->state(), State::Data);
}

void tst_ShipPin::optionalPinLetsDataPass()
{
    const auto bench = atPin(demanding(PinDemand::Optional));
    bench->receive(kPinNone);
    QCOMPARE(bench->state(), State::Data);
    static_cast<void>(bench->take());
    bench->receive(kPinInput);
    QCOMPARE(bench->take(), (QByteArrayList{sent(kPinOk), "notice peer-pin-accepted"}));
    bench->receive(kPinInput);
    QCOMPARE(bench->take(), (QByteArrayList{"notice discarded unexpected"}));
}

void tst_ShipPin::wrongPinsArePunished()
{
    const auto bench = atPin(demanding(PinDemand::Required));
    bench->receive(kPinNone);
    for (int i = 0; i < 2; ++i) {
        bench->receive(kPinWrongInput);
        QCOMPARE(bench->takeSent(), (QByteArrayList{sent(kPinError)}));
    }
    for (int i = 3; i <= 8; ++i) {
        bench->receive(i % 2 == 0 ? kPinWrongInput : R"(01 {"connectionPinInput":[{"pin":""}]})");
        QCOMPARE(bench->takeSent(), (QByteArrayList{sent(kPinError), sent(kPinRequiredBusy)}));
        QCOMPARE(bench->left(TimerId::PinPenalty), i < 6 ? 12'000 : 75'000);
        QCOMPARE(bench->machine.wrongPins(), quint32(i));
        // Meanwhile not even the right one is looked at.
        bench->receive(kPinInput);
        QCOMPARE(bench->takeSent(), QByteArrayList());
        bench->advance(i < 6 ? 12'000 : 75'000);
        QCOMPARE(bench->takeSent(), (QByteArrayList{sent(kPinRequired)}));
    }
    bench->receive(kPinInput);
    QCOMPARE(bench->state(), State::Data);
}

void tst_ShipPin::penaltiesOutliveTheConnection()
{
    Settings settings = demanding(PinDemand::Optional);
    settings.wrongPins = 5;
    const auto bench = atPin(settings);
    bench->receive(kPinNone);
    static_cast<void>(bench->take());
    bench->receive(kPinWrongInput);
    QCOMPARE(bench->takeSent(), (QByteArrayList{sent(kPinError), sent(kPinOptionalBusy)}));
    QCOMPARE(bench->left(TimerId::PinPenalty), 75'000);
    QCOMPARE(bench->machine.wrongPins(), 6U);
}

void tst_ShipPin::inputThatNobodyAskedForIsPassedOver()
{
    const auto bench = atPin(trusting(Role::Server));
    bench->receive(kPinInput);
    bench->receive(kPinError);
    QCOMPARE(bench->take(),
             (QByteArrayList{"notice discarded unexpected", "notice discarded unexpected"}));
    QCOMPARE(bench->state(), State::PinWait);
}

void tst_ShipPin::requiredMeansNothingElseIsAnswered()
{
    const auto bench = atPin(demanding(PinDemand::Required));
    bench->receive(kPinNone);
    bench->receive(kAccessRequest);
    bench->receive(kAccessPeer);
    QCOMPARE(bench->take(),
             (QByteArrayList{"notice discarded unexpected", "notice discarded unexpected"}));
    bench->receive(kPinInput);
    static_cast<void>(bench->take());
    bench->receive(kAccessRequest);
    QCOMPARE(bench->take(), (QByteArrayList{sent(kAccessUs)}));
}

void tst_ShipPin::aKnownPinIsEnteredAtOnce()
{
    Settings settings = trusting(Role::Client);
    settings.peerPin = "1234abcd";
    const auto bench = atPin(settings);
    bench->receive(kPinRequired);
    QCOMPARE(bench->takeSent(), (QByteArrayList{sent(kPinInput)}));
    QCOMPARE(bench->left(TimerId::PinReply), 10'000);
    QCOMPARE(bench->send("{}"), SendVerdict::NotInDataExchange);
    bench->receive(kPinOk);
    QCOMPARE(bench->take(),
             (QByteArrayList{"notice pin-accepted", "state data", sent(kAccessRequest)}));
    QCOMPARE(bench->armedTimers(), 0);
}

void tst_ShipPin::aUserIsAskedForThePin()
{
    const auto bench = atPin(trusting(Role::Client));
    QVERIFY(bench->enterPin("0000000000000000")); // kept until it is asked for
    QVERIFY(!bench->enterPin("123"));
    QVERIFY(!bench->enterPin("1234567g"));
    bench->receive(kPinRequired);
    QCOMPARE(bench->takeSent(),
             (QByteArrayList{R"(send 01 {"connectionPinInput":[{"pin":"0000000000000000"}]})"}));
    const auto other = atPin(trusting(Role::Client));
    other->receive(kPinRequired);
    QCOMPARE(other->take(), (QByteArrayList{"notice pin-wanted"}));
    QVERIFY(other->enterPin("1234abcd"));
    QCOMPARE(other->take(), (QByteArrayList{sent(kPinInput)}));
    // A second one waits for the verdict on the first.
    QVERIFY(other->enterPin("00000000"));
    QCOMPARE(other->take(), QByteArrayList());
}

void tst_ShipPin::aBusyPeerIsWaitedFor()
{
    const auto bench = atPin(trusting(Role::Client));
    bench->receive(kPinRequiredBusy);
    QCOMPARE(bench->take(), (QByteArrayList{"notice pin-busy"}));
    QVERIFY(bench->enterPin("1234abcd"));
    QCOMPARE(bench->take(), (QByteArrayList{"notice pin-busy"}));
    bench->advance(90'000);
    bench->receive(kPinRequired);
    QCOMPARE(bench->take(), (QByteArrayList{sent(kPinInput)}));
}

void tst_ShipPin::aWrongPinIsAskedForAgain()
{
    Settings settings = trusting(Role::Client);
    settings.peerPin = "00000000";
    const auto bench = atPin(settings);
    bench->receive(kPinRequired);
    static_cast<void>(bench->take());
    bench->receive(kPinError);
    QCOMPARE(bench->take(), (QByteArrayList{"notice pin-refused", "notice pin-wanted"}));
    bench->receive(kPinRequiredBusy);
    bench->receive(kPinRequired);
    QCOMPARE(bench->take(), (QByteArrayList{"notice pin-busy", "notice pin-wanted"}));
    QVERIFY(bench->enterPin("1234abcd"));
    bench->receive(kPinOk);
    QCOMPARE(bench->state(), State::Data);
}

// LC-08
void tst_ShipPin::anUnansweredPinEndsIt()
{
    Settings settings = trusting(Role::Client);
    settings.peerPin = "1234abcd";
    const auto bench = atPin(settings);
    bench->receive(kPinRequired);
    static_cast<void>(bench->take());
    bench->advance(10'000);
    QCOMPARE(bench->takeSent(), (QByteArrayList{sent(kAnnounce)}));
    bench->receive(kConfirm);
    QCOMPARE(bench->takeSent(), (QByteArrayList{"end timeout 4001"}));
}

void tst_ShipPin::anIgnoredPinIsNotRepeated()
{
    Settings settings = trusting(Role::Client);
    settings.peerPin = "1234abcd";
    const auto bench = atPin(settings);
    bench->receive(kPinRequired);
    static_cast<void>(bench->take());
    bench->receive(kPinRequired);
    QCOMPARE(bench->take(), (QByteArrayList{"notice pin-wanted"}));
    QCOMPARE(bench->left(TimerId::PinReply), -1);
}

void tst_ShipPin::anOptionalPinMayComeLater()
{
    const auto bench = atPin(trusting(Role::Client));
    bench->receive(kPinOptional);
    QCOMPARE(bench->take(),
             (QByteArrayList{"notice pin-wanted", "state data", sent(kAccessRequest)}));
    QVERIFY(bench->enterPin("1234abcd"));
    QCOMPARE(bench->take(), (QByteArrayList{sent(kPinInput)}));
    bench->advance(10'000);
    QCOMPARE(bench->take(), QByteArrayList());
    QCOMPARE(bench->state(), State::Data);
    QVERIFY(bench->enterPin("1234abcd"));
    static_cast<void>(bench->take());
    bench->receive(kPinOk);
    QCOMPARE(bench->take(), (QByteArrayList{"notice pin-accepted"}));
    QCOMPARE(bench->armedTimers(), 0);
}

void tst_ShipPin::withoutAnyoneToAskItIsLeft()
{
    Settings settings = trusting(Role::Client);
    settings.canAskForPin = false;
    const auto bench = atPin(settings);
    bench->receive(kPinRequired);
    QCOMPARE(bench->takeSent(), (QByteArrayList{sent(kAnnounce)}));
    bench->receive(kConfirm);
    QCOMPARE(bench->takeSent(), (QByteArrayList{"end pin-not-supported 4001"}));
    const auto optional = atPin(settings);
    optional->receive(kPinOptional);
    QCOMPARE(optional->state(), State::Data);
    settings.peerPin = "00000000";
    const auto wrong = atPin(settings);
    wrong->receive(kPinRequired);
    wrong->receive(kPinError);
    QCOMPARE(wrong->state(), State::CloseAnnounced);
}

// LC-08, RR10
void tst_ShipPin::peopleHaveTheirTime()
{
    for (const Settings &settings : {demanding(PinDemand::Required), trusting(Role::Client)}) {
        const auto bench = atPin(settings);
        bench->receive(settings.pinDemand == PinDemand::Required ? kPinNone : kPinRequired);
        bench->advance(599'999);
        QCOMPARE(bench->state(), State::PinWait);
        bench->advance(1);
        QCOMPARE(bench->takeSent(), (QByteArrayList{sent(kAnnounce)}));
    }
}

void tst_ShipPin::dataIsTooEarly()
{
    const auto bench = atPin(trusting(Role::Server));
    bench->receive(kData);
    QCOMPARE(bench->take(), (QByteArrayList{"state close-announced", sent(kAnnounce)}));
    bench->advance(500);
    QCOMPARE(bench->takeSent(), (QByteArrayList{"end protocol-error 4001"}));
}

void tst_ShipPin::optionalMayBecomeRequired()
{
    const auto bench = atPin(demanding(PinDemand::Required));
    bench->receive(kPinOptional);
    bench->receive(kPinRequired);
    bench->receive(kPinInput);
    QCOMPARE(bench->state(), State::PinWait);
    bench->receive(kPinOk);
    QCOMPARE(bench->state(), State::Data);
}

void tst_ShipPin::brokenMessagesEndIt()
{
    for (const char *message : {"01 ffff",
                                R"(01 {"connectionPinState":[]})",
                                R"(03 {"connectionClose":[]})",
                                R"(02 {"data":[]})"}) {
        const auto bench = atPin(trusting(Role::Server));
        bench->receive(message);
        QCOMPARE(bench->takeSent(), (QByteArrayList{sent(kAnnounce)}));
    }
}

void tst_ShipPin::strayMessagesArePassedOver_data()
{
    QTest::addColumn<QByteArray>("message");
    QTest::newRow("init") << QByteArray(kInitBytes);
    QTest::newRow("hello") << QByteArray(kReady);
    QTest::newRow("select") << QByteArray(kSelect);
    QTest::newRow("announceMax") << QByteArray(kAnnounceMax);
    QTest::newRow("unknown element") << QByteArray(R"(01 {"later":[]})");
    QTest::newRow("MSG_001 no value") << QByteArray("01");
    QTest::newRow("MSG_002 unknown type") << QByteArray("ff 00");
}

void tst_ShipPin::strayMessagesArePassedOver()
{
    QFETCH(QByteArray, message);
    const auto bench = atPin(trusting(Role::Server));
    bench->receive(message);
    QCOMPARE(bench->takeSent(), QByteArrayList());
    bench->receive(kPinNone);
    QCOMPARE(bench->state(), State::Data);
}

// RR9: some peers leave the socket open after their error.
void tst_ShipPin::aRefusedSelectionEndsIt()
{
    const auto bench = atPin(trusting(Role::Client));
    bench->receive(kProtocolMismatch);
    QCOMPARE(bench->takeSent(), (QByteArrayList{"end peer-reported-error 4001"}));
    const auto other = atPin(trusting(Role::Client));
    other->receive(kAborted);
    QCOMPARE(other->takeSent(), (QByteArrayList{"end rejected-by-peer 4001"}));
}

void tst_ShipPin::knowsPins()
{
    QVERIFY(isPin("00000000"));
    QVERIFY(isPin("0123456789abcDEF"));
    QVERIFY(!isPin("0000000"));
    QVERIFY(!isPin("00000000000000000"));
    QVERIFY(!isPin("0000000g"));
    QVERIFY(isSamePin("abcdef01", "ABCDEF01"));
    QVERIFY(!isSamePin("abcdef01", "abcdef02"));
    QVERIFY(!isSamePin("0abcdef01", "abcdef01"));
    QVERIFY(!isSamePin("abcdef01", "abcdef0123"));
    QVERIFY(!isSamePin("", ""));
}

QTEST_APPLESS_MAIN(tst_ShipPin)

#include "tst_shippin.moc"
