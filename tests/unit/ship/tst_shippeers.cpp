// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "bench.h"

#include <QTest>

using namespace fairlead::ship;
using namespace fairlead::ship::bench;

namespace {

/// One line of a recorded session: from the peer, or what we have to say then.
struct Line
{
    bool fromPeer;
    const char *message;
};

constexpr bool kPeer = true;
constexpr bool kUs = false;

constexpr char kDiscovery[]
    = R"(02 {"data":[{"header":[{"protocolId":"ee1.0"}]},{"payload":{"datagram":[{"header":[{"specificationVersion":"1.3.0"},{"addressSource":[{"device":"d:_i:peer"},{"entity":[0]},{"feature":0}]},{"addressDestination":[{"entity":[0]},{"feature":0}]},{"msgCounter":1},{"cmdClassifier":"read"}]},{"payload":[{"cmd":[[{"nodeManagementDetailedDiscoveryData":[]}]]}]}]}}]})";

/// ship-go dials, then closes.
constexpr Line kShipGoClient[] = {
    {kPeer, kInitBytes},
    {kUs, kInitBytes},
    {kUs, kReady},
    {kPeer, kReady},
    {kPeer, kAnnounceMax},
    {kUs, kSelect},
    {kPeer, kSelect},
    {kUs, kPinNone},
    {kPeer, kPinNone},
    {kUs, kAccessRequest},
    {kPeer, kAccessRequest},
    {kUs, kAccessUs},
    {kPeer, R"(01 {"accessMethods":[{"id":"shipgo-client"}]})"},
    {kPeer, kDiscovery},
    {kPeer, kAnnounce},
    {kUs, kConfirm},
};

/// The same session with the roles exchanged: ship-go listens, we dial and close.
constexpr Line kShipGoServer[] = {
    {kUs, kInitBytes},
    {kPeer, kInitBytes},
    {kUs, kReady},
    {kPeer, kReady},
    {kUs, kAnnounceMax},
    {kPeer, kSelect},
    {kUs, kSelect},
    {kUs, kPinNone},
    {kPeer, kPinNone},
    {kUs, kAccessRequest},
    {kPeer, kAccessRequest},
    {kUs, kAccessUs},
    {kPeer, R"(01 {"accessMethods":[{"id":"shipgo-server"}]})"},
};

/// openeebus dials, and sends data before its request for access methods is answered.
constexpr Line kOpeneebusClient[] = {
    {kPeer, kInitBytes},
    {kUs, kInitBytes},
    {kUs, kReady},
    {kPeer, kReady},
    {kPeer, kAnnounceMax},
    {kUs, kSelect},
    {kPeer, kSelect},
    {kUs, kPinNone},
    {kPeer, kPinNone},
    {kUs, kAccessRequest},
    {kPeer, kDiscovery},
    {kPeer, kAccessRequest},
    {kUs, kAccessUs},
    {kPeer, R"(01 {"accessMethods":[{"id":"oe-peer"}]})"},
};

template <std::size_t Count>
void replay(const Line (&lines)[Count], Role role, QByteArrayList *said, QByteArrayList *heard)
{
    Bench bench(trusting(role));
    bench.start();
    for (const Line &line : lines) {
        if (line.fromPeer)
            bench.receive(line.message);
    }
    for (const QByteArray &line : bench.take()) {
        if (line.startsWith("send "))
            said->append(line.mid(5));
        else if (!line.startsWith("state "))
            heard->append(line);
    }
}

template <std::size_t Count>
QByteArrayList ours(const Line (&lines)[Count])
{
    QByteArrayList said;
    for (const Line &line : lines) {
        if (!line.fromPeer)
            said.append(line.message);
    }
    return said;
}

QByteArray discovery()
{
    const QByteArray message = kDiscovery;
    const qsizetype begin = message.indexOf(R"({"datagram")");
    return "deliver ee1.0 " + message.mid(begin, message.size() - begin - 3);
}

} // namespace

/// Sessions of other stacks, replayed from what was recorded of them.
class tst_ShipPeers : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void shipGoDials();
    void shipGoListens();
    void openeebusSendsDataFirst();
    void everythingInOneBurst();
    void aPeerThatClosesWithoutAborted();
    void manyResetsLeaveNothing();
};

void tst_ShipPeers::shipGoDials()
{
    QByteArrayList said;
    QByteArrayList heard;
    replay(kShipGoClient, Role::Server, &said, &heard);
    QCOMPARE(said, ours(kShipGoClient));
    QCOMPARE(heard, (QByteArrayList{"peer shipgo-client", discovery()}));
}

void tst_ShipPeers::shipGoListens()
{
    QByteArrayList said;
    QByteArrayList heard;
    replay(kShipGoServer, Role::Client, &said, &heard);
    QCOMPARE(said, ours(kShipGoServer));
    QCOMPARE(heard, (QByteArrayList{"peer shipgo-server"}));
}

// AMDATA_001, RR17
void tst_ShipPeers::openeebusSendsDataFirst()
{
    QByteArrayList said;
    QByteArrayList heard;
    replay(kOpeneebusClient, Role::Server, &said, &heard);
    QCOMPARE(said, ours(kOpeneebusClient));
    QCOMPARE(heard, (QByteArrayList{discovery(), "peer oe-peer"}));
}

// RR7: a client that does not wait for our side of the first steps.
void tst_ShipPeers::everythingInOneBurst()
{
    Bench bench(trusting(Role::Server));
    bench.start();
    for (const char *message :
         {kInitBytes, kReady, kAnnounceMax, kSelect, kPinNone, kAccessRequest, kData, kData}) {
        bench.receive(message);
    }
    QCOMPARE(bench.state(), State::Data);
    QCOMPARE(bench.take().join('\n').count("deliver "), 2);
}

// RR27
void tst_ShipPeers::aPeerThatClosesWithoutAborted()
{
    const auto bench = inState(State::HelloReady, trusting(Role::Client));
    bench->receive(R"(01 {"connectionHello":[{"phase":"pending"},{"waiting":60000}]})");
    bench->peerGone();
    QVERIFY(bench->ended() == EndReason::NotAcceptedYet);
}

// RR21, RR28: what happened to earlier connections does not show.
void tst_ShipPeers::manyResetsLeaveNothing()
{
    for (int i = 0; i < 30; ++i) {
        for (std::size_t cut = 0; cut < std::size(kShipGoClient); ++cut) {
            Bench bench(trusting(Role::Server));
            bench.start();
            for (std::size_t at = 0; at < cut; ++at) {
                if (kShipGoClient[at].fromPeer)
                    bench.receive(kShipGoClient[at].message);
            }
            bench.peerGone();
            QCOMPARE(bench.state(), State::Closed);
            QCOMPARE(bench.armedTimers(), 0);
        }
    }
    shipGoDials();
}

QTEST_APPLESS_MAIN(tst_ShipPeers)

#include "tst_shippeers.moc"
