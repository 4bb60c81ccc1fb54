// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "bench.h"

#include <QTest>

using namespace fairlead::ship;
using namespace fairlead::ship::bench;

/// Connection mode initialisation, chapter 5.1.
class tst_ShipInit : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void clientBegins();
    void serverWaits();
    void goodBytesLeadToTheHello();
    void otherBytesEndIt_data();
    void otherBytesEndIt();
    void silenceEndsIt_data();
    void silenceEndsIt();
    void nothingHappensBeforeTheStart();
    void startsOnce();
    void localEndsAreSilent();
};

void tst_ShipInit::clientBegins()
{
    Bench bench(trusting(Role::Client));
    bench.start();
    QCOMPARE(bench.take(), (QByteArrayList{"state init-wait", "send 00 00"}));
    QCOMPARE(bench.left(TimerId::Init), 10'500);
}

void tst_ShipInit::serverWaits()
{
    Bench bench(trusting(Role::Server));
    bench.start();
    QCOMPARE(bench.take(), (QByteArrayList{"state init-wait"}));
    QCOMPARE(bench.left(TimerId::Init), 10'500);
}

void tst_ShipInit::goodBytesLeadToTheHello()
{
    const auto client = inState(State::InitWait, trusting(Role::Client));
    client->receive(kInitBytes);
    QCOMPARE(client->takeSent(), (QByteArrayList{QByteArray("send ") + kReady}));
    const auto server = inState(State::InitWait, trusting(Role::Server));
    server->receive(kInitBytes);
    QCOMPARE(server->takeSent(), (QByteArrayList{"send 00 00", QByteArray("send ") + kReady}));
    QCOMPARE(server->left(TimerId::Init), -1);
}

void tst_ShipInit::otherBytesEndIt_data()
{
    QTest::addColumn<QByteArray>("message");
    // CMI_001, CMI_002, CMI_005, CMI_006, RR25
    QTest::newRow("other type") << QByteArray("01 00");
    QTest::newRow("other head") << QByteArray("00 01");
    QTest::newRow("no head") << QByteArray("00");
    QTest::newRow("long") << QByteArray("00 0000");
    QTest::newRow("unknown type") << QByteArray("ff 00");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("hello") << QByteArray(kReady);
    QTest::newRow("data") << QByteArray(kData);
    QTest::newRow("close") << QByteArray(kAnnounce);
}

void tst_ShipInit::otherBytesEndIt()
{
    QFETCH(QByteArray, message);
    const auto client = inState(State::InitWait, trusting(Role::Client));
    client->receive(message);
    QCOMPARE(client->takeSent(), (QByteArrayList{"end init-failed 4001"}));
    const auto server = inState(State::InitWait, trusting(Role::Server));
    server->receive(message);
    QCOMPARE(server->takeSent(), (QByteArrayList{"send 00 00", "end init-failed 4001"}));
    QCOMPARE(server->armedTimers(), 0);
}

void tst_ShipInit::silenceEndsIt_data()
{
    QTest::addColumn<bool>("client");
    QTest::newRow("CMI_003 server") << false;
    QTest::newRow("CMI_004 client") << true;
}

// LC-08
void tst_ShipInit::silenceEndsIt()
{
    QFETCH(bool, client);
    const auto bench = inState(State::InitWait, trusting(client ? Role::Client : Role::Server));
    bench->advance(10'000);
    QCOMPARE(bench->take(), QByteArrayList());
    bench->advance(20'000);
    QCOMPARE(bench->takeSent(), (QByteArrayList{"end timeout 4001"}));
}

void tst_ShipInit::nothingHappensBeforeTheStart()
{
    Bench bench(trusting(Role::Server));
    bench.receive(kInitBytes);
    bench.receive(kReady);
    bench.advance(100'000);
    QCOMPARE(bench.take(), QByteArrayList());
    QCOMPARE(bench.state(), State::Idle);
}

void tst_ShipInit::startsOnce()
{
    const auto bench = inState(State::HelloReady, trusting(Role::Client));
    bench->start();
    QCOMPARE(bench->take(), QByteArrayList());
    QCOMPARE(bench->state(), State::HelloReady);
}

void tst_ShipInit::localEndsAreSilent()
{
    for (const Role role : {Role::Client, Role::Server}) {
        const auto bench = inState(State::InitWait, trusting(role));
        bench->close();
        QCOMPARE(bench->takeSent(), (QByteArrayList{"end local-close 4001"}));
        const auto unstarted = inState(State::Idle, trusting(role));
        unstarted->abort();
        QCOMPARE(unstarted->takeSent(), (QByteArrayList{"end user-abort 4500"}));
    }
}

QTEST_APPLESS_MAIN(tst_ShipInit)

#include "tst_shipinit.moc"
