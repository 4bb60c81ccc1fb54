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

std::unique_ptr<Bench> client(State state)
{
    return inState(state, trusting(Role::Client));
}

std::unique_ptr<Bench> server(State state)
{
    return inState(state, trusting(Role::Server));
}

QByteArray spread(const QByteArray &message)
{
    QByteArray out = message.left(3);
    for (const char c : message.mid(3)) {
        if (c == '}' || c == ']')
            out.append("\n\t ");
        out.append(c);
        if (c == '{' || c == '[' || c == ',')
            out.append(" \r\n\t");
    }
    return out.append("\r\n ");
}

} // namespace

/// The official test cases (TC_SHIP_...) that the protocol itself has to pass, as the tester plays
/// them. MDNS_001, CONN_001, ROLE_001 to 003 and SEC_001 and 002 are about discovery, the registry and
/// TLS.
class tst_ShipOfficial : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void msg001EmptyValue();
    void msg002UnknownType();
    void msg003WhiteSpace();
    void cmi001ServerGetsWrongType();
    void cmi002ClientGetsWrongType();
    void cmi003ServerGetsNothing();
    void cmi004ClientGetsNothing();
    void cmi005ServerGetsWrongHead();
    void cmi006ClientGetsWrongHead();
    void hello001BothReady();
    void hello002Prolongation_data();
    void hello002Prolongation();
    void hello003NeverReady();
    void hello004PendingIsIgnored();
    void prot001Server();
    void prot002Client();
    void prot003ServerTimeout();
    void prot004ClientTimeout();
    void prot005ServerGetsSomethingElse();
    void prot006ClientGetsSomethingElse();
    void pin001None();
    void term001NoFreeText();
    void am001AnswersRequests();
    void amdata001DataBeforeTheAnswer();
    void amdata002RequestBetweenData();
    void amdata003RepeatedRequests();
    void amdata004PeerNeverAsks();
};

// TC_SHIP_MSG_001
void tst_ShipOfficial::msg001EmptyValue()
{
    for (const auto &bench : {client(State::Data), server(State::Data)}) {
        bench->receive("02");
        bench->receive(kData);
        QVERIFY(bench->take().contains(R"(deliver ee1.0 {"datagram":[{"a":1}]})"));
    }
}

// TC_SHIP_MSG_002
void tst_ShipOfficial::msg002UnknownType()
{
    for (const auto &bench : {client(State::Data), server(State::Data)}) {
        bench->receive("ff 00");
        bench->receive(kAccessRequest);
        QVERIFY(bench->take().contains(sent(kAccessUs)));
    }
}

// TC_SHIP_MSG_003
void tst_ShipOfficial::msg003WhiteSpace()
{
    const auto bench = server(State::HelloReady);
    bench->receive(spread(kReady));
    bench->receive(spread(kAnnounceMax));
    bench->receive(spread(kSelect));
    bench->receive(spread(kPinNone));
    bench->receive(spread(kAccessRequest));
    bench->receive(spread(kAccessPeer));
    QCOMPARE(bench->state(), State::Data);
    QVERIFY(bench->take().contains("peer peer"));
    bench->receive(spread(kAnnounce));
    QCOMPARE(bench->takeSent(), (QByteArrayList{sent(kConfirm)}));
}

// TC_SHIP_CMI_001
void tst_ShipOfficial::cmi001ServerGetsWrongType()
{
    const auto bench = server(State::InitWait);
    bench->receive("01 00");
    QCOMPARE(bench->takeSent(), (QByteArrayList{sent(kInitBytes), "end init-failed 4001"}));
}

// TC_SHIP_CMI_002
void tst_ShipOfficial::cmi002ClientGetsWrongType()
{
    const auto bench = client(State::InitWait);
    bench->receive("01 00");
    QCOMPARE(bench->takeSent(), (QByteArrayList{"end init-failed 4001"}));
}

// TC_SHIP_CMI_003
void tst_ShipOfficial::cmi003ServerGetsNothing()
{
    const auto bench = server(State::InitWait);
    bench->advance(10'000);
    QCOMPARE(bench->state(), State::InitWait);
    bench->advance(20'000);
    QCOMPARE(bench->takeSent(), (QByteArrayList{"end timeout 4001"}));
}

// TC_SHIP_CMI_004
void tst_ShipOfficial::cmi004ClientGetsNothing()
{
    const auto bench = client(State::InitWait);
    bench->advance(10'000);
    QCOMPARE(bench->state(), State::InitWait);
    bench->advance(20'000);
    QCOMPARE(bench->takeSent(), (QByteArrayList{"end timeout 4001"}));
}

// TC_SHIP_CMI_005
void tst_ShipOfficial::cmi005ServerGetsWrongHead()
{
    const auto bench = server(State::InitWait);
    bench->receive("00 01");
    QCOMPARE(bench->takeSent(), (QByteArrayList{sent(kInitBytes), "end init-failed 4001"}));
}

// TC_SHIP_CMI_006
void tst_ShipOfficial::cmi006ClientGetsWrongHead()
{
    const auto bench = client(State::InitWait);
    bench->receive("00 01");
    QCOMPARE(bench->takeSent(), (QByteArrayList{"end init-failed 4001"}));
}

// TC_SHIP_HELLO_001
void tst_ShipOfficial::hello001BothReady()
{
    const auto bench = server(State::InitWait);
    bench->receive(kInitBytes);
    QCOMPARE(bench->takeSent(), (QByteArrayList{sent(kInitBytes), sent(kReady)}));
    // What is announced has to be within 58 and 240 s.
    QVERIFY(bench->left(TimerId::HelloWait) >= 58'000);
    QVERIFY(bench->left(TimerId::HelloWait) <= 240'000);
    bench->receive(R"(01 {"connectionHello":[{"phase":"ready"}]})");
    QCOMPARE(bench->state(), State::ProposalWait);
}

// TC_SHIP_HELLO_002
void tst_ShipOfficial::hello002Prolongation_data()
{
    QTest::addColumn<int>("requests");
    QTest::newRow("two") << 2;
    QTest::newRow("ten") << 10;
}

void tst_ShipOfficial::hello002Prolongation()
{
    QFETCH(int, requests);
    for (const auto &bench : {client(State::HelloReady), server(State::HelloReady)}) {
        bench->advance(45'000);
        for (int i = 0; i < requests; ++i) {
            bench->receive(kProlong);
            const QByteArrayList lines = bench->takeSent();
            QCOMPARE(lines.size(), 1);
            QVERIFY(lines.first().startsWith(R"(send 01 {"connectionHello":[{"phase":"ready"})"));
            bench->advance(60'000);
            QCOMPARE(bench->state(), State::HelloReady);
        }
        bench->receive(kReady);
        QVERIFY(bench->state() > State::HelloReady && bench->state() < State::Data);
    }
}

// TC_SHIP_HELLO_003
void tst_ShipOfficial::hello003NeverReady()
{
    for (const auto &bench : {client(State::HelloReady), server(State::HelloReady)}) {
        bench->advance(60'000);
        QCOMPARE(bench->takeSent(), (QByteArrayList{sent(kAborted), "end timeout 4001"}));
    }
}

// TC_SHIP_HELLO_004
void tst_ShipOfficial::hello004PendingIsIgnored()
{
    for (const auto &bench : {client(State::HelloReady), server(State::HelloReady)}) {
        bench->receive(R"(01 {"connectionHello":[{"phase":"pending"},{"waiting":120000}]})");
        QCOMPARE(bench->takeSent(), QByteArrayList());
        bench->receive(kReady);
        QVERIFY(bench->state() > State::HelloReady && bench->state() < State::Data);
    }
}

// TC_SHIP_PROT_001
void tst_ShipOfficial::prot001Server()
{
    const auto bench = server(State::ProposalWait);
    bench->receive(kAnnounceMax);
    bench->receive(kSelect);
    QCOMPARE(bench->takeSent(), (QByteArrayList{sent(kSelect), sent(kPinNone)}));
}

// TC_SHIP_PROT_002
void tst_ShipOfficial::prot002Client()
{
    const auto bench = client(State::HelloReady);
    bench->receive(kReady);
    bench->receive(kSelect);
    QCOMPARE(bench->takeSent(),
             (QByteArrayList{sent(kAnnounceMax), sent(kSelect), sent(kPinNone)}));
}

// TC_SHIP_PROT_003
void tst_ShipOfficial::prot003ServerTimeout()
{
    for (const State state : {State::ProposalWait, State::ConfirmWait}) {
        const auto bench = server(state);
        bench->advance(10'000);
        QCOMPARE(bench->takeSent(), (QByteArrayList{sent(kProtocolTimeout), "end timeout 4001"}));
    }
}

// TC_SHIP_PROT_004
void tst_ShipOfficial::prot004ClientTimeout()
{
    const auto bench = client(State::ChoiceWait);
    bench->advance(10'000);
    QCOMPARE(bench->takeSent(), (QByteArrayList{sent(kProtocolTimeout), "end timeout 4001"}));
}

// TC_SHIP_PROT_005
void tst_ShipOfficial::prot005ServerGetsSomethingElse()
{
    for (const State state : {State::ProposalWait, State::ConfirmWait}) {
        const auto bench = server(state);
        bench->receive(kReady);
        QCOMPARE(bench->takeSent(),
                 (QByteArrayList{sent(kProtocolUnexpected), "end protocol-error 4001"}));
    }
}

// TC_SHIP_PROT_006
void tst_ShipOfficial::prot006ClientGetsSomethingElse()
{
    const auto bench = client(State::ChoiceWait);
    bench->receive(kReady);
    QCOMPARE(bench->takeSent(),
             (QByteArrayList{sent(kProtocolUnexpected), "end protocol-error 4001"}));
}

// TC_SHIP_PIN_001
void tst_ShipOfficial::pin001None()
{
    for (const auto &bench : {client(State::PinWait), server(State::PinWait)}) {
        bench->receive(kPinNone);
        QCOMPARE(bench->state(), State::Data);
    }
}

// TC_SHIP_TERM_001
void tst_ShipOfficial::term001NoFreeText()
{
    for (const auto &bench : {client(State::Data), server(State::Data)}) {
        bench->close();
        QCOMPARE(bench->takeSent(), (QByteArrayList{sent(kAnnounce)}));
        bench->receive(kConfirm);
        QCOMPARE(bench->takeSent(), (QByteArrayList{"end local-close 4001"}));
    }
}

// TC_SHIP_AM_001
void tst_ShipOfficial::am001AnswersRequests()
{
    for (const auto &bench : {client(State::Data), server(State::Data)}) {
        bench->receive(kAccessRequest);
        QCOMPARE(bench->takeSent(), (QByteArrayList{sent(kAccessUs)}));
    }
}

// TC_SHIP_AMDATA_001
void tst_ShipOfficial::amdata001DataBeforeTheAnswer()
{
    for (const auto &bench : {client(State::PinWait), server(State::PinWait)}) {
        bench->receive(kPinNone); // our own request is open from here on
        bench->receive(kData);
        QVERIFY(bench->take().contains(R"(deliver ee1.0 {"datagram":[{"a":1}]})"));
    }
}

// TC_SHIP_AMDATA_002
void tst_ShipOfficial::amdata002RequestBetweenData()
{
    const auto bench = server(State::Data);
    bench->receive(kData);
    bench->receive(kAccessRequest);
    bench->receive(kData);
    const QByteArray deliver = R"(deliver ee1.0 {"datagram":[{"a":1}]})";
    QCOMPARE(bench->take(), (QByteArrayList{deliver, sent(kAccessUs), deliver}));
}

// TC_SHIP_AMDATA_003
void tst_ShipOfficial::amdata003RepeatedRequests()
{
    const auto bench = client(State::Data);
    for (int i = 0; i < 5; ++i) {
        bench->receive(kAccessRequest);
        bench->receive(kAccessPeer);
        QCOMPARE(bench->take(), (QByteArrayList{sent(kAccessUs), "peer peer"}));
    }
}

// TC_SHIP_AMDATA_004
void tst_ShipOfficial::amdata004PeerNeverAsks()
{
    const auto bench = server(State::Data);
    bench->advance(600'000);
    QCOMPARE(bench->send("{}"), SendVerdict::Sent);
    bench->receive(kData);
    QCOMPARE(bench->state(), State::Data);
}

QTEST_APPLESS_MAIN(tst_ShipOfficial)

#include "tst_shipofficial.moc"
