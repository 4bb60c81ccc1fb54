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

std::unique_ptr<Bench> inData(Settings settings = trusting(Role::Server))
{
    return inState(State::Data, std::move(settings));
}

} // namespace

/// Data exchange and access methods, chapter 5.5.
class tst_ShipData : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void asksOnceWhoThePeerIs();
    void neednotAsk();
    void answersEveryTime();
    void asksBeforeItAnswers();
    void dataNeedsNoAccessMethods();
    void deliversInOrderAndUnchanged();
    void deliversExtensions();
    void sendsUnchanged();
    void boundsWhatItSends();
    void sendsInDataExchangeOnly();
    void learnsThePeersId();
    void anotherIdEndsIt();
    void anotherIdThanBeforeEndsIt();
    void brokenMessagesArePassedOver_data();
    void brokenMessagesArePassedOver();
    void tooLargeMessagesEndIt();
    void nothingIsWaitedFor();
    void asksAgain();
};

void tst_ShipData::asksOnceWhoThePeerIs()
{
    const auto bench = inState(State::PinWait, trusting(Role::Client));
    bench->receive(kPinNone);
    QCOMPARE(bench->take(), (QByteArrayList{"state data", sent(kAccessRequest)}));
    bench->receive(kPinNone);
    QCOMPARE(bench->take(), QByteArrayList());
}

void tst_ShipData::neednotAsk()
{
    Settings settings = trusting(Role::Client);
    settings.askAccessMethods = false;
    const auto bench = inState(State::PinWait, settings);
    bench->receive(kPinNone);
    QCOMPARE(bench->take(), (QByteArrayList{"state data"}));
    bench->receive(kAccessRequest);
    QCOMPARE(bench->take(), (QByteArrayList{sent(kAccessUs)}));
}

// AM_001, RR17
void tst_ShipData::answersEveryTime()
{
    const auto bench = inData();
    for (int i = 0; i < 3; ++i) {
        bench->receive(kAccessRequest);
        QCOMPARE(bench->take(), (QByteArrayList{sent(kAccessUs)}));
        bench->receive(kAccessPeer);
        QCOMPARE(bench->take(), (QByteArrayList{"peer peer"}));
    }
}

// RR17
void tst_ShipData::asksBeforeItAnswers()
{
    const auto bench = inState(State::PinWait, trusting(Role::Client));
    bench->receive(kAccessRequest);
    QCOMPARE(bench->take(), (QByteArrayList{sent(kAccessRequest), sent(kAccessUs)}));
    bench->receive(kAccessPeer);
    QCOMPARE(bench->take(), (QByteArrayList{"peer peer"}));
    bench->receive(kPinNone);
    QCOMPARE(bench->take(), (QByteArrayList{"state data"}));
}

// AMDATA_001, RR17: some peers send data before they answer.
void tst_ShipData::dataNeedsNoAccessMethods()
{
    const auto bench = inState(State::PinWait, trusting(Role::Server));
    bench->receive(kPinNone);
    bench->receive(kData);
    QCOMPARE(bench->take(),
             (QByteArrayList{
                 "state data", sent(kAccessRequest), R"(deliver ee1.0 {"datagram":[{"a":1}]})"}));
    QCOMPARE(bench->send("{}"), SendVerdict::Sent);
}

// RR6
void tst_ShipData::deliversInOrderAndUnchanged()
{
    const auto bench = inData();
    const QByteArray odd = R"({ "datagram" : [ {"a":1.10} , {"a":"},{\u00fc"} ] })";
    for (const QByteArray &payload : {QByteArray("{\"n\":1}"), odd, QByteArray("[]"), odd}) {
        bench->receiveRaw(viewOf(encode(Data{"ee1.0", viewOf(payload), {}})));
        QCOMPARE(bench->take(), (QByteArrayList{"deliver ee1.0 " + payload}));
    }
}

void tst_ShipData::deliversExtensions()
{
    const auto bench = inData();
    const QByteArray bytes = bytesOf(
        R"(02 {"data":[{"header":[{"protocolId":"xx"}]},{"payload":{}},{"extension":[{"extensionId":"x"},{"binary":"00ff"}]}]})");
    Actions out;
    bench->machine.receive(viewOf(bytes), bench->now, out);
    QCOMPARE(out.size(), std::size_t(1));
    const auto &data = std::get<DeliverData>(out.front());
    QCOMPARE(data.protocolId, QByteArray("xx"));
    QCOMPARE(*data.extension->extensionId, QByteArray("x"));
    QCOMPARE(*data.extension->binary, QByteArray("00ff"));
    QVERIFY(!data.extension->string);
}

void tst_ShipData::sendsUnchanged()
{
    const auto bench = inData();
    QCOMPARE(bench->send(R"({"datagram":[ {"a":1.10}]})"), SendVerdict::Sent);
    QCOMPARE(
        bench->take(),
        (QByteArrayList{
            R"(send 02 {"data":[{"header":[{"protocolId":"ee1.0"}]},{"payload":{"datagram":[ {"a":1.10}]}}]})"}));
}

// AD-06
void tst_ShipData::boundsWhatItSends()
{
    Settings settings = trusting(Role::Server);
    settings.limits.maxBytes = 1000;
    const auto bench = inData(settings);
    QCOMPARE(bench->send(QByteArray(940, '1')), SendVerdict::Sent);
    QCOMPARE(bench->send(QByteArray(941, '1')), SendVerdict::TooLarge);
}

void tst_ShipData::sendsInDataExchangeOnly()
{
    for (int i = 0; i < kStateCount; ++i) {
        const auto state = static_cast<State>(i);
        const Role role = state == State::ChoiceWait ? Role::Client : Role::Server;
        const auto bench
            = inState(state, state == State::HelloPending ? undecided(role) : trusting(role));
        const SendVerdict wanted
            = state == State::Data ? SendVerdict::Sent : SendVerdict::NotInDataExchange;
        QVERIFY2(bench->send("{}") == wanted, toText(state));
        QVERIFY2(bench->take().isEmpty() == (state != State::Data), toText(state));
    }
}

void tst_ShipData::learnsThePeersId()
{
    const auto bench = inData();
    bench->receive(
        R"(01 {"accessMethods":[{"id":"peer"},{"dnsSd_mDns":[]},{"dns":[{"uri":"wss://host:1/ship/"}]}]})");
    QCOMPARE(bench->take(), (QByteArrayList{"peer peer mdns wss://host:1/ship/"}));
}

// RR16
void tst_ShipData::anotherIdEndsIt()
{
    const auto bench = inData();
    bench->receive(kAccessPeer);
    static_cast<void>(bench->take());
    bench->receive(R"(01 {"accessMethods":[{"id":"other"}]})");
    QCOMPARE(bench->take(), (QByteArrayList{"state close-announced", sent(kAnnounce)}));
    bench->receive(kConfirm);
    QCOMPARE(bench->takeSent(), (QByteArrayList{"end identity-mismatch 4450"}));
}

// RR16
void tst_ShipData::anotherIdThanBeforeEndsIt()
{
    Settings settings = trusting(Role::Client);
    settings.peerShipId = "peer";
    const auto same = inData(settings);
    same->receive(kAccessPeer);
    QCOMPARE(same->state(), State::Data);
    settings.peerShipId = "known";
    const auto other = inData(settings);
    other->receive(kAccessPeer);
    QCOMPARE(other->state(), State::CloseAnnounced);
    QVERIFY(!other->take().contains("peer peer"));
}

void tst_ShipData::brokenMessagesArePassedOver_data()
{
    QTest::addColumn<QByteArray>("message");
    QTest::addColumn<QByteArray>("kind");
    const auto row = [](const char *name, const char *message, const char *kind) {
        QTest::newRow(name) << QByteArray(message) << QByteArray(kind);
    };
    row("MSG_001 no value", "02", "no-value");
    row("MSG_002 unknown type", "ff 00", "unknown-type");
    row("no JSON", "02 ffff", "bad-json");
    row("no payload", R"(02 {"data":[{"header":[{"protocolId":"ee1.0"}]}]})", "missing-member");
    row("unknown element", R"(01 {"later":[]})", "unknown-element");
    row("data in control", R"(01 {"data":[]})", "misplaced-element");
    row("init", kInitBytes, "unexpected");
    row("hello", kReady, "unexpected");
    row("hello pending", kPending, "unexpected");
    row("announceMax", kAnnounceMax, "unexpected");
    row("select", kSelect, "unexpected");
    row("PIN input", kPinInput, "unexpected");
    row("PIN error", kPinError, "unexpected");
    row("broken close", R"(03 {"connectionClose":[{"phase":"x"}]})", "bad-value");
}

void tst_ShipData::brokenMessagesArePassedOver()
{
    QFETCH(QByteArray, message);
    QFETCH(QByteArray, kind);
    const auto bench = inData();
    bench->receive(message);
    QCOMPARE(bench->take(), (QByteArrayList{"notice discarded " + kind}));
    bench->receive(kData);
    QCOMPARE(bench->take(), (QByteArrayList{R"(deliver ee1.0 {"datagram":[{"a":1}]})"}));
}

// AD-06
void tst_ShipData::tooLargeMessagesEndIt()
{
    Settings settings = trusting(Role::Server);
    settings.limits.maxBytes = 1000;
    const auto bench = inData(settings);
    bench->receiveRaw(viewOf(encode(Data{"ee1.0", viewOf(QByteArray(1000, '1')), {}})));
    QCOMPARE(bench->takeSent(), (QByteArrayList{sent(kAnnounce)}));
    bench->receive(kConfirm);
    QCOMPARE(bench->takeSent(), (QByteArrayList{"end too-large 4001"}));
}

// AMDATA_004: a peer that never asks and never answers stays.
void tst_ShipData::nothingIsWaitedFor()
{
    const auto bench = inData();
    QCOMPARE(bench->armedTimers(), 0);
    bench->advance(86'400'000);
    QCOMPARE(bench->take(), QByteArrayList());
}

void tst_ShipData::asksAgain()
{
    const auto bench = inData();
    bench->askAccessMethods();
    QCOMPARE(bench->take(), (QByteArrayList{sent(kAccessRequest)}));
    const auto early = inState(State::HelloReady, trusting(Role::Server));
    early->askAccessMethods();
    QCOMPARE(early->take(), QByteArrayList());
}

QTEST_APPLESS_MAIN(tst_ShipData)

#include "tst_shipdata.moc"
