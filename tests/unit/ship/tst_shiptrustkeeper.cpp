// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "keeperworld.h"

using namespace fairlead;
using namespace fairlead::test;
using fairlead::ship::Role;
using fairlead::ship::ShipCommands;
using fairlead::ship::Ski;
using fairlead::ship::TrustedPeer;
using fairlead::ship::TrustKeeper;
using fairlead::ship::TrustSource;

/// Trust that is decided at run time and kept.
class tst_ShipTrustKeeper : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void trustIsKeptBeforeItIsAnswered();
    void trustOutlivesTheProcess();
    void whatTheStoreRefusesIsNotDecided();
    void untrustedPeersAreForgotten();
    void configuredPeersAreTheConfigurations();
    void rejectionsAreListed();
    void windowsAreBoundedByTheBook();
    void whatIsLearnedIsKept();
    void skisAreReadAsPeopleTypeThem_data();
    void skisAreReadAsPeopleTypeThem();
    void pinsAreChecked();
    void theIdentityIsShown();
    void whoIsFoundIsListed();
    void decisionsAreEvents();
    void whoWaitsIsShownAsItIs();
    void requestsLeaveTheBoardWithTime();
    void manyStrangersMakeFewMessages();
    void closedEndpointsShowNothing();
    void nobodyIsRefusedWhileTheStoreCannotBeRead();
    void damagedRecordsStopNoOther();
    void followersLearnWhoIsTrusted();
    void hostsWithoutRecordsStillDecide();
};

// The record is there before the operator hears that it is.
void tst_ShipTrustKeeper::trustIsKeptBeforeItIsAnswered()
{
    FakeHost host;
    Plugin plugin(host);
    LinkHarness peer(plugin.endpoint, Role::Server);
    peer.connect();
    peer.receive(kInit);
    QCOMPARE(plugin.stateOf(kPeerSki), QStringLiteral("pending"));
    bool isAnswered = false;
    plugin.commands.call(QStringLiteral("trust"),
                         {{QStringLiteral("ski"), QString::fromUtf8(kPeerSki)},
                          {QStringLiteral("label"), QStringLiteral("Heat pump")}},
                         CommandReply([&](const Result<QJsonValue> &answer) {
                             isAnswered = answer.has_value();
                             QVERIFY(host.records.kept.contains(kPeerSki));
                         }));
    host.main.run();
    peer.executor.run();
    QVERIFY(!isAnswered);
    QVERIFY(!plugin.keeper.desk()->isTrusted(skiOf(kPeerSki)));
    host.turn();
    QVERIFY(isAnswered);
    peer.executor.run();
    QVERIFY(peer.stream.sent.last().contains("\"ready\""));
    const TrustedPeer kept = *plugin.keeper.desk()->find(skiOf(kPeerSki));
    QCOMPARE(kept.source, TrustSource::Verified);
    QCOMPARE(kept.label, QByteArray("Heat pump"));
    QCOMPARE(host.records.kept[kPeerSki], toRecord(kept));
}

void tst_ShipTrustKeeper::trustOutlivesTheProcess()
{
    FakeHost host;
    {
        Plugin plugin(host);
        QVERIFY(plugin.askAbout("trust", kPeerSki).isObject());
        QCOMPARE(plugin.keeper.desk()->find(skiOf(kPeerSki))->source, TrustSource::Entered);
    }
    Plugin again(host);
    QCOMPARE(again.stateOf(kPeerSki), QStringLiteral("disconnected"));
    LinkHarness peer(again.endpoint, Role::Server);
    peer.shakeHands();
    QCOMPARE(again.stateOf(kPeerSki), QStringLiteral("connected"));
    // A label of later keeps what is known.
    QCOMPARE(again.askAbout("trust", kPeerSki, {{QStringLiteral("label"), QStringLiteral("b")}})
                 .toObject()
                 .value(QStringLiteral("label"))
                 .toString(),
             QStringLiteral("b"));
    QVERIFY(host.records.kept[kPeerSki].contains("\"entered\""));
    QVERIFY(host.records.kept[kPeerSki].contains("\"b\""));
}

void tst_ShipTrustKeeper::whatTheStoreRefusesIsNotDecided()
{
    FakeHost host;
    Plugin plugin(host);
    host.records.refusal = Error(ErrorCode::StorageFull, QStringLiteral("no space is left"));
    QCOMPARE(plugin.askAbout("trust", kPeerSki), QJsonValue(QStringLiteral("storage-full")));
    QCOMPARE(plugin.stateOf(kPeerSki), QStringLiteral("none"));
    host.records.refusal = Error();
    QVERIFY(plugin.askAbout("trust", kPeerSki).isObject());
    host.records.refusal = Error(ErrorCode::StorageFull, QStringLiteral("no space is left"));
    QCOMPARE(plugin.askAbout("untrust", kPeerSki), QJsonValue(QStringLiteral("storage-full")));
    QCOMPARE(plugin.stateOf(kPeerSki), QStringLiteral("disconnected"));
    // Who comes by the window is told to people, for it ends with the process.
    const QByteArray other(40, 'c');
    plugin.ask("window");
    LinkHarness peer(plugin.endpoint, Role::Server);
    peer.open(other);
    host.turn();
    QCOMPARE(host.log.lines.filter(QStringLiteral("ship-trust-unkept")).size(), 1);
}

// RR23
void tst_ShipTrustKeeper::untrustedPeersAreForgotten()
{
    FakeHost host;
    Plugin plugin(host);
    QCOMPARE(plugin.askAbout("untrust", kPeerSki), QJsonValue(QStringLiteral("not-found")));
    plugin.askAbout("trust", kPeerSki);
    QVERIFY(plugin.askAbout("untrust", kPeerSki).isObject());
    QVERIFY(host.records.kept.empty());
    QCOMPARE(plugin.stateOf(kPeerSki), QStringLiteral("none"));
    LinkHarness peer(plugin.endpoint, Role::Server);
    peer.connect();
    QCOMPARE(plugin.stateOf(kPeerSki), QStringLiteral("pending"));
}

void tst_ShipTrustKeeper::configuredPeersAreTheConfigurations()
{
    FakeHost host;
    Plugin plugin(
        host,
        {{QStringLiteral("trusted"), QJsonArray{QString::fromUtf8(kPeerSki + " Heat pump")}}});
    QCOMPARE(plugin.stateOf(kPeerSki), QStringLiteral("disconnected"));
    QCOMPARE(plugin.askAbout("untrust", kPeerSki), QJsonValue(QStringLiteral("configured")));
    QVERIFY(plugin.text.contains(QStringLiteral("configuration")));
    QCOMPARE(plugin.askAbout("reject", kPeerSki), QJsonValue(QStringLiteral("invalid-transition")));
    QVERIFY(plugin.keeper.desk()->isTrusted(skiOf(kPeerSki)));
    QVERIFY(host.records.kept.empty());
    // So is whom an endpoint dials.
    EndpointConfig config = configOf({});
    config.peer = QByteArray(40, 'd');
    const auto options = ship::parseShipOptions(config, Role::Client);
    QVERIFY(options);
    const ship::ShipEndpoint dialling(*options, plugin.keeper.desk());
    QCOMPARE(plugin.askAbout("untrust", config.peer), QJsonValue(QStringLiteral("configured")));
}

void tst_ShipTrustKeeper::rejectionsAreListed()
{
    FakeHost host;
    Plugin plugin(host);
    LinkHarness peer(plugin.endpoint, Role::Server);
    peer.connect();
    peer.receive(kInit);
    QVERIFY(plugin.askAbout("reject", kPeerSki).isObject());
    peer.executor.run();
    QVERIFY(peer.isClosed());
    QCOMPARE(plugin.stateOf(kPeerSki), QStringLiteral("rejected"));
    host.clock.time += 60'000 * kNsPerMs;
    QCOMPARE(plugin.stateOf(kPeerSki), QStringLiteral("none"));
}

void tst_ShipTrustKeeper::windowsAreBoundedByTheBook()
{
    FakeHost host;
    Plugin plugin(host);
    const auto isOpen = [&] { return plugin.keeper.desk()->isWindowOpen(host.clock.now()); };
    QCOMPARE(plugin.ask("window").toObject().value(QStringLiteral("seconds")), QJsonValue(60));
    QVERIFY(isOpen());
    QCOMPARE(plugin.ask("show").toObject().value(QStringLiteral("window")), QJsonValue(true));
    host.clock.time += 60'000 * kNsPerMs;
    QVERIFY(!isOpen());
    plugin.ask("window", {{QStringLiteral("seconds"), 2}});
    host.clock.time += 1'999 * kNsPerMs;
    QVERIFY(isOpen());
    LinkHarness peer(plugin.endpoint, Role::Server);
    peer.clock.time = host.clock.time;
    peer.connect();
    QVERIFY(!isOpen());
    host.turn();
    QVERIFY(host.records.kept[kPeerSki].contains("auto-accept"));
}

// RR16
void tst_ShipTrustKeeper::whatIsLearnedIsKept()
{
    FakeHost host;
    {
        Plugin plugin(host);
        plugin.askAbout("trust", kPeerSki);
        LinkHarness peer(plugin.endpoint, Role::Server);
        peer.shakeHands();
        peer.receive("\1{\"accessMethods\":[{\"id\":\"HeatPump-1\"}]}");
        host.turn();
        QVERIFY(host.records.kept[kPeerSki].contains("HeatPump-1"));
    }
    Plugin again(host);
    LinkHarness peer(again.endpoint, Role::Server);
    peer.shakeHands();
    peer.receive("\1{\"accessMethods\":[{\"id\":\"Another\"}]}");
    peer.advance(500);
    QVERIFY(peer.isClosed());
    QCOMPARE(peer.link.reason().code(), ErrorCode::IdentityMismatch);
}

void tst_ShipTrustKeeper::skisAreReadAsPeopleTypeThem_data()
{
    QTest::addColumn<QByteArray>("typed");
    QTest::addColumn<bool>("isGood");
    QTest::newRow("blanks") << QByteArray("AAAA aaaa aaaa aaaa aaaa aaaa aaaa aaaa aaaa aaaa")
                            << true;
    QTest::newRow("colons and dashes")
        << QByteArray("aa:aa-AA:aa aaaa aaaa aaaa aaaa aaaa aaaa aaaa aaaa") << true;
    QTest::newRow("short") << QByteArray(39, 'a') << false;
    QTest::newRow("long") << QByteArray(41, 'a') << false;
    QTest::newRow("no digit") << QByteArray(40, 'g') << false;
    QTest::newRow("nothing") << QByteArray() << false;
    QTest::newRow("ourselves") << kOwnSki << false;
}

void tst_ShipTrustKeeper::skisAreReadAsPeopleTypeThem()
{
    QFETCH(QByteArray, typed);
    QFETCH(bool, isGood);
    FakeHost host;
    Plugin plugin(host);
    const QJsonValue answer = plugin.askAbout("trust", typed);
    if (isGood) {
        QCOMPARE(answer.toObject().value(QStringLiteral("ski")),
                 QJsonValue(QString::fromUtf8(kPeerSki)));
        return;
    }
    QCOMPARE(answer, QJsonValue(QStringLiteral("invalid-argument")));
    QVERIFY2(typed == kOwnSki || plugin.text.contains(QStringLiteral("40 hex digits")),
             qPrintable(plugin.text));
    QVERIFY(host.records.kept.empty());
}

void tst_ShipTrustKeeper::pinsAreChecked()
{
    FakeHost host;
    Plugin plugin(host);
    const auto enter = [&](const char *pin) {
        return plugin.askAbout("pin", kPeerSki, {{QStringLiteral("pin"), QLatin1String(pin)}});
    };
    QCOMPARE(enter("12345678"), QJsonValue(QStringLiteral("not-found")));
    plugin.askAbout("trust", kPeerSki);
    QCOMPARE(enter("1234"), QJsonValue(QStringLiteral("invalid-argument")));
    QVERIFY(!plugin.text.contains(QStringLiteral("1234")));
    QCOMPARE(enter("12345678").toObject().value(QStringLiteral("connections")), QJsonValue(0));
    QCOMPARE(plugin.keeper.desk()->peerPin(skiOf(kPeerSki)), QByteArray("12345678"));
    LinkHarness peer(plugin.endpoint, Role::Server);
    peer.connect();
    QCOMPARE(enter("12345678").toObject().value(QStringLiteral("connections")), QJsonValue(1));
}

void tst_ShipTrustKeeper::theIdentityIsShown()
{
    FakeHost host;
    Plugin plugin(host);
    const QJsonObject own = plugin.ask("show").toObject();
    QCOMPARE(own.value(QStringLiteral("ski")),
             QJsonValue(QStringLiteral("1111 1111 1111 1111 1111 1111 1111 1111 1111 1111")));
    QCOMPARE(own.value(QStringLiteral("qr")), QJsonValue(QStringLiteral("SHIP;SKI:1;ENDSHIP;")));
    QCOMPARE(plugin.askAbout("show", kPeerSki), QJsonValue(QStringLiteral("not-found")));
    plugin.askAbout("trust", kPeerSki, {{QStringLiteral("label"), QStringLiteral("pump")}});
    QCOMPARE(plugin.askAbout("show", kPeerSki).toObject().value(QStringLiteral("label")),
             QJsonValue(QStringLiteral("pump")));

    TrustKeeper keeper;
    keeper.attach(host);
    ShipCommands fresh(keeper, [] { return QJsonArray(); });
    QString code;
    fresh.call(QStringLiteral("show"), {}, CommandReply([&](const Result<QJsonValue> &answer) {
                   code = QLatin1String(errorName(answer.error().code()));
               }));
    QCOMPARE(code, QStringLiteral("not-running"));
}

void tst_ShipTrustKeeper::whoIsFoundIsListed()
{
    FakeHost host;
    Plugin plugin(host);
    const QString stranger(40, u'5');
    const QString left(40, u'6');
    const auto foundPeer = [](const QString &ski, bool isPresent) {
        return QJsonObject{
            {QStringLiteral("ski"), ski},
            {QStringLiteral("present"), isPresent},
            {QStringLiteral("id"), QStringLiteral("Pump-1")},
            {QStringLiteral("brand"), QStringLiteral("Brand")},
            {QStringLiteral("addresses"), QJsonArray{QStringLiteral("192.0.2.7:4712")}}};
    };
    const QString trusted = QString::fromLatin1(kPeerSki);
    // Two listeners may see one peer, and one of them no more.
    plugin.found = {foundPeer(stranger, true),
                    foundPeer(trusted, true),
                    foundPeer(trusted, false),
                    foundPeer(left, false)};
    plugin.askAbout("trust", kPeerSki, {{QStringLiteral("label"), QStringLiteral("pump")}});
    QCOMPARE(plugin.stateOf(stranger.toLatin1()), QStringLiteral("found"));
    QCOMPARE(plugin.stateOf(kPeerSki), QStringLiteral("disconnected"));
    QCOMPARE(plugin.stateOf(left.toLatin1()), QStringLiteral("none"));
    QCOMPARE(plugin.ask("list").toArray().size(), 2);
    const QJsonObject one = plugin.askAbout("show", stranger.toLatin1()).toObject();
    QCOMPARE(one.value(QStringLiteral("shipId")), QJsonValue(QStringLiteral("Pump-1")));
    QCOMPARE(one.value(QStringLiteral("brand")), QJsonValue(QStringLiteral("Brand")));
    const QJsonObject known = plugin.askAbout("show", kPeerSki).toObject();
    QCOMPARE(known.value(QStringLiteral("label")), QJsonValue(QStringLiteral("pump")));
    QCOMPARE(known.value(QStringLiteral("present")), QJsonValue(true));
    QCOMPARE(known.value(QStringLiteral("addresses")),
             QJsonValue(QJsonArray{QStringLiteral("192.0.2.7:4712")}));
}

void tst_ShipTrustKeeper::decisionsAreEvents()
{
    FakeHost host;
    Plugin plugin(host);
    QVERIFY(host.events.told.isEmpty());
    LinkHarness peer(plugin.endpoint, Role::Server);
    peer.connect();
    host.turn();
    QCOMPARE(host.events.told, QByteArrayList{"trust-requested " + kPeerSki});
    QCOMPARE(host.events.endpoints, QStringList{QStringLiteral("pump")});
    // It waits on, and is not told of again.
    plugin.keeper.desk()->keepWaiting(skiOf(kPeerSki), host.clock.now());
    host.turn();
    QCOMPARE(host.events.told.size(), 1);
    plugin.askAbout("reject", kPeerSki);
    QCOMPARE(host.events.told.last(), "trust-refused " + kPeerSki);
    plugin.askAbout("trust", kPeerSki);
    QCOMPARE(host.events.told.last(), "trust-granted " + kPeerSki);
    plugin.askAbout("untrust", kPeerSki);
    QCOMPARE(host.events.told.last(), "trust-withdrawn " + kPeerSki);
    QCOMPARE(host.events.told.size(), 4);
    // What is not carried out is no event.
    plugin.askAbout("untrust", kPeerSki);
    QCOMPARE(host.events.told.size(), 4);
    // The first through the window is nobody's decision, and told all the same.
    plugin.ask("window");
    LinkHarness first(plugin.endpoint, Role::Server);
    first.connect();
    host.turn();
    QCOMPARE(host.events.told.last(), "trust-granted " + kPeerSki);
}

void tst_ShipTrustKeeper::whoWaitsIsShownAsItIs()
{
    FakeHost host;
    Plugin plugin(host);
    const QByteArray topic = "ship/$pairing/pump";
    // What an earlier run left there is not true any more.
    QCOMPARE(host.publisher.shown[topic], QByteArray("{\"requests\":[]}"));
    QCOMPARE(host.publisher.expiry[topic], kNever);
    LinkHarness peer(plugin.endpoint, Role::Server);
    peer.connect();
    host.turn();
    QCOMPARE(host.requestsAt(topic).size(), 1);
    const QJsonObject request = host.requestsAt(topic)[0].toObject();
    QCOMPARE(request.value(QStringLiteral("ski")), QJsonValue(QString::fromUtf8(kPeerSki)));
    QCOMPARE(request.value(QStringLiteral("attempts")), QJsonValue(1));
    QCOMPARE(host.publisher.expiry[topic], 600U);
    LinkHarness second(plugin.endpoint, Role::Server);
    second.connect();
    host.turn();
    QCOMPARE(host.requestsAt(topic)[0].toObject().value(QStringLiteral("attempts")), QJsonValue(2));
    plugin.askAbout("reject", kPeerSki);
    QCOMPARE(host.publisher.shown[topic], QByteArray("{\"requests\":[]}"));
    LinkHarness other(plugin.endpoint, Role::Server);
    other.open(QByteArray(40, 'c'));
    host.turn();
    QCOMPARE(host.requestsAt(topic).size(), 1);
    plugin.askAbout("trust", QByteArray(40, 'c'));
    QCOMPARE(host.publisher.shown[topic], QByteArray("{\"requests\":[]}"));
    const int count = host.publisher.count;
    plugin.ask("window");
    QCOMPARE(host.publisher.count, count);
}

void tst_ShipTrustKeeper::requestsLeaveTheBoardWithTime()
{
    FakeHost host;
    Plugin plugin(host);
    LinkHarness peer(plugin.endpoint, Role::Server);
    peer.clock.time = host.clock.time;
    peer.connect();
    host.turn();
    QCOMPARE(host.requestsAt("ship/$pairing/pump").size(), 1);
    host.timers.advance(host.clock, 599'000 * kNsPerMs);
    QCOMPARE(host.requestsAt("ship/$pairing/pump").size(), 1);
    host.timers.advance(host.clock, 1'000 * kNsPerMs);
    QCOMPARE(host.publisher.shown["ship/$pairing/pump"], QByteArray("{\"requests\":[]}"));
    QVERIFY(host.timers.armed.empty());
}

void tst_ShipTrustKeeper::manyStrangersMakeFewMessages()
{
    FakeHost host;
    Plugin plugin(host);
    const int before = host.publisher.count;
    for (int i = 0; i < 60; ++i) {
        LinkHarness peer(plugin.endpoint, Role::Server);
        peer.clock.time = host.clock.time;
        peer.open(QByteArray::number(100 + i).leftJustified(40, 'b'));
        host.turn();
    }
    QVERIFY(host.publisher.count - before <= 16);
    QVERIFY(host.requestsAt("ship/$pairing/pump").size() < 60);
    host.timers.advance(host.clock, 1'000 * kNsPerMs);
    QCOMPARE(host.requestsAt("ship/$pairing/pump").size(), 60);
}

void tst_ShipTrustKeeper::closedEndpointsShowNothing()
{
    FakeHost host;
    Plugin plugin(host);
    plugin.endpoint.reset();
    host.turn();
    QVERIFY(host.publisher.shown["ship/$pairing/pump"].isEmpty());
    QVERIFY(plugin.keeper.desk()->boards().empty());
}

// RR14
void tst_ShipTrustKeeper::nobodyIsRefusedWhileTheStoreCannotBeRead()
{
    FakeHost host;
    host.records.unreadable = Error(ErrorCode::StorageFailed, QStringLiteral("no such disk"));
    Plugin plugin(host, {{QStringLiteral("strangers"), QStringLiteral("refused")}});
    QCOMPARE(host.log.lines.filter(QStringLiteral("ship-trust-unread")).size(), 1);
    LinkHarness peer(plugin.endpoint, Role::Server);
    peer.connect();
    peer.receive(kInit);
    QVERIFY(peer.stream.sent.last().contains("\"pending\""));
    QCOMPARE(plugin.askAbout("trust", kPeerSki), QJsonValue(QStringLiteral("storage-failed")));
}

void tst_ShipTrustKeeper::damagedRecordsStopNoOther()
{
    FakeHost host;
    const TrustedPeer good{skiOf(kPeerSki), TrustSource::Verified, {}, {}, 1, 0};
    host.records.kept = {{kPeerSki, toRecord(good)},
                         {QByteArray(40, 'b'), "{"},
                         {QByteArray(40, 'c'), toRecord(good)}};
    Plugin plugin(host);
    QCOMPARE(plugin.keeper.desk()->peers().size(), std::size_t(1));
    QCOMPARE(host.log.lines.filter(QStringLiteral("ship-trust-damaged")).size(), 2);
}

void tst_ShipTrustKeeper::followersLearnWhoIsTrusted()
{
    FakeHost host;
    Plugin plugin(host);
    QStringList told;
    std::shared_ptr<void> follower = plugin.keeper.follow([&told](const Ski &ski, bool isTrusted) {
        told.append(QString::fromUtf8(ski.toHex().left(1)) + (isTrusted ? u'+' : u'-'));
    });
    plugin.askAbout("trust", kPeerSki);
    plugin.askAbout("trust", kPeerSki);
    plugin.askAbout("untrust", kPeerSki);
    const QStringList wanted{QStringLiteral("a+"), QStringLiteral("a-")};
    QCOMPARE(told, wanted);
    follower.reset();
    plugin.askAbout("trust", kPeerSki);
    QCOMPARE(told, wanted);
}

void tst_ShipTrustKeeper::hostsWithoutRecordsStillDecide()
{
    FakeHost host;
    host.hasRecords = false;
    Plugin plugin(host);
    QVERIFY(plugin.askAbout("trust", kPeerSki).isObject());
    QVERIFY(plugin.keeper.desk()->isTrusted(skiOf(kPeerSki)));
    QVERIFY(plugin.askAbout("untrust", kPeerSki).isObject());
    QVERIFY(!plugin.keeper.desk()->isTrusted(skiOf(kPeerSki)));
}

QTEST_APPLESS_MAIN(tst_ShipTrustKeeper)

#include "tst_shiptrustkeeper.moc"
