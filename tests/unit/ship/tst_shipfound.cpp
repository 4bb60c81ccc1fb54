// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "discovery/foundpeers.h"
#include "discovery/servicelabel.h"

#include <QTest>

#include <set>

using namespace fairlead::ship;

namespace {

Ski ski(int number)
{
    Ski::Raw raw{};
    raw[0] = static_cast<unsigned char>(number >> 8);
    raw[19] = static_cast<unsigned char>(number);
    return Ski(raw);
}

Announcement announcement(int number = 1)
{
    return {ski(number),
            "Pump-" + QByteArray::number(number),
            "/ship/",
            false,
            "Brand",
            "HeatPump",
            "X1",
            "4711",
            "4"};
}

QByteArrayList txt(int number = 1)
{
    return writeTxt(announcement(number));
}

qsizetype sizeOf(const QByteArrayList &strings)
{
    qsizetype size = 0;
    for (const QByteArray &string : strings)
        size += 1 + string.size();
    return size;
}

ServiceRef ref(const char *name, int interface = 2, int family = 0)
{
    return {name, "local", interface, family};
}

ServiceReport report(const char *address, int number = 1, quint16 port = 4712)
{
    return {QStringLiteral("pump.local"), QString::fromLatin1(address), port, txt(number)};
}

PeerAddress at(const char *host, quint16 port = 4712)
{
    return {QString::fromLatin1(host), port};
}

using Skis = std::vector<Ski>;

} // namespace

/// What mDNS says, chapter 3.
class tst_ShipFound : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyKeyIsAnnounced();
    void recordsKeepTheirLimits();
    void textsAreCutBetweenCharacters_data();
    void textsAreCutBetweenCharacters();
    void recordsAreReadTolerantly();
    void recordsOfOthersAreIgnored_data();
    void recordsOfOthersAreIgnored();
    void pathsThatNoRequestCanNameAreNotTaken_data();
    void pathsThatNoRequestCanNameAreNotTaken();
    void labelsTellPeopleWhatItIs();
    void takenLabelsAreNumbered();
    void addressesAreJudged_data();
    void addressesAreJudged();
    void placesOutliveTheProcessAsText();
    void addressesComeBeforeNames();
    void reportsOfAllInterfacesAreOnePeer();
    void reportsComeInPieces();
    void whoVanishesKeepsItsAddresses();
    void anAddressThatChangesReplacesTheOneBefore();
    void ourselvesAreNotFound();
    void aServiceMayChangeItsPeer();
    void theDaemonsEndIsNobodysEnd();
    void strangersMakeRoom();
    void nobodyFillsTheTableInAnothersName();
    void addressesAreBounded();
};

// TC_SHIP_MDNS_001
void tst_ShipFound::everyKeyIsAnnounced()
{
    const QByteArray hex = ski(1).toHex();
    const QByteArrayList strings = txt();
    QCOMPARE(strings.first(), QByteArray("txtvers=1"));
    QCOMPARE(std::set(strings.cbegin(), strings.cend()),
             (std::set<QByteArray>{"txtvers=1",
                                   "id=Pump-1",
                                   "path=/ship/",
                                   "ski=" + hex,
                                   "register=false",
                                   "brand=Brand",
                                   "type=HeatPump",
                                   "model=X1",
                                   "serial=4711",
                                   "cat=4"}));
    Announcement open = announcement();
    open.registers = true;
    QVERIFY(writeTxt(open).contains("register=true"));
    const Announcement bare{ski(1), "id", "/", false, {}, {}, {}, {}, {}};
    QCOMPARE(writeTxt(bare),
             (QByteArrayList{"txtvers=1", "id=id", "path=/", "ski=" + hex, "register=false"}));
    QCOMPARE(readTxt(strings), std::optional(announcement()));
    QCOMPARE(readTxt(writeTxt(open)), std::optional(open));
}

void tst_ShipFound::recordsKeepTheirLimits()
{
    Announcement large = announcement();
    large.id = QByteArray(80, 'i');
    large.path = '/' + QByteArray(31, 'p');
    large.brand = large.type = large.model = large.serial = QByteArray(40, 'x');
    large.categories = "1,2,3,4,5,6,7,x,800,";
    const QByteArrayList strings = writeTxt(large);
    QVERIFY(strings.contains("id=" + QByteArray(63, 'i')));
    QVERIFY(strings.contains("brand=" + QByteArray(32, 'x')));
    QVERIFY(strings.contains("cat=1,2,3,4,5,6,7,800"));
    QVERIFY(sizeOf(strings) <= 400);
    QVERIFY(strings.contains("serial=" + QByteArray(32, 'x')));
    // Whatever the path takes, people's texts give way.
    large.path = '/' + QByteArray(99, 'p');
    const QByteArrayList more = writeTxt(large);
    QVERIFY(sizeOf(more) <= 400);
    QVERIFY(more.contains("path=" + large.path));
    QVERIFY(more.contains("model=" + QByteArray(32, 'x')));
    QVERIFY(!more.contains("serial=" + QByteArray(32, 'x')));

    large.brand = "a=b";
    QVERIFY(writeTxt(large).contains("brand=ab"));
}

void tst_ShipFound::textsAreCutBetweenCharacters_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("size");
    QTest::addColumn<QByteArray>("cut");
    const QByteArray umlaut = "\xc3\xa4";
    const QByteArray smile = "\xf0\x9f\x98\x80";
    QTest::newRow("fits") << QByteArray("pump") << 4 << QByteArray("pump");
    QTest::newRow("plain") << QByteArray("pumps") << 4 << QByteArray("pump");
    QTest::newRow("between") << umlaut + umlaut << 2 << umlaut;
    QTest::newRow("two bytes") << umlaut + umlaut << 3 << umlaut;
    QTest::newRow("four bytes") << "a" + smile << 4 << QByteArray("a");
    QTest::newRow("nothing") << smile << 3 << QByteArray("");
}

void tst_ShipFound::textsAreCutBetweenCharacters()
{
    QFETCH(QByteArray, text);
    QFETCH(int, size);
    QTEST(clipped(text, size), "cut");
}

void tst_ShipFound::recordsAreReadTolerantly()
{
    const QByteArray hex = ski(1).toHex();
    const auto read = readTxt({"flag",
                               "=value",
                               "Register=TRUE",
                               "SKI=" + hex.toUpper(),
                               "new=thing",
                               "brand=a=b",
                               "brand=second",
                               "type=" + QByteArray(40, 't'),
                               "model=two\nlines\xff",
                               "cat=2, 3,x",
                               "txtvers=1"});
    QVERIFY(read.has_value());
    QVERIFY(read->ski == ski(1));
    QVERIFY(read->registers);
    QCOMPARE(read->id, QByteArray());
    QCOMPARE(read->path, QByteArray("/ship/"));
    QCOMPARE(read->brand, QByteArray("a=b"));
    QCOMPARE(read->type, QByteArray(32, 't'));
    QCOMPARE(read->model, QByteArray("two lines\xef\xbf\xbd"));
    QCOMPARE(read->categories, QByteArray("2,3"));
}

void tst_ShipFound::recordsOfOthersAreIgnored_data()
{
    QTest::addColumn<QByteArrayList>("strings");
    const QByteArray key = "ski=" + ski(1).toHex();
    QTest::newRow("nothing") << QByteArrayList();
    QTest::newRow("no version") << QByteArrayList{key};
    QTest::newRow("another version") << QByteArrayList{"txtvers=2", key};
    QTest::newRow("no SKI") << QByteArrayList{"txtvers=1", "id=x"};
    QTest::newRow("a short SKI") << QByteArrayList{"txtvers=1", key.chopped(1)};
    QTest::newRow("a long SKI") << QByteArrayList{"txtvers=1", key + '0'};
}

void tst_ShipFound::recordsOfOthersAreIgnored()
{
    QFETCH(QByteArrayList, strings);
    QVERIFY(!readTxt(strings).has_value());
}

void tst_ShipFound::pathsThatNoRequestCanNameAreNotTaken_data()
{
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<QByteArray>("taken");
    QTest::newRow("its own") << QByteArray("/eebus/1.0?x=y") << QByteArray("/eebus/1.0?x=y");
    QTest::newRow("the root") << QByteArray("/") << QByteArray("/");
    QTest::newRow("empty") << QByteArray() << QByteArray("/ship/");
    QTest::newRow("relative") << QByteArray("ship/") << QByteArray("/ship/");
    QTest::newRow("a blank") << QByteArray("/ship HTTP/1.1") << QByteArray("/ship/");
    QTest::newRow("lines") << QByteArray("/a\r\nHost: x") << QByteArray("/ship/");
    QTest::newRow("not encoded") << QByteArray("/\xc3\xa4") << QByteArray("/ship/");
    QTest::newRow("endless") << '/' + QByteArray(255, 'a') << QByteArray("/ship/");
}

void tst_ShipFound::pathsThatNoRequestCanNameAreNotTaken()
{
    QFETCH(QByteArray, path);
    const auto read = readTxt({"txtvers=1", "ski=" + ski(1).toHex(), "path=" + path});
    QVERIFY(read.has_value());
    QTEST(read->path, "taken");
}

void tst_ShipFound::labelsTellPeopleWhatItIs()
{
    QCOMPARE(labelFor(announcement()), QByteArray("HeatPump Brand X1"));
    Announcement some = announcement();
    some.type.clear();
    QCOMPARE(labelFor(some), QByteArray("Brand X1"));
    some.brand = some.model = "\xc3\xa4" + QByteArray(40, 'x');
    QCOMPARE(labelFor(some).size(), qsizetype(63));
    some.brand.clear();
    some.model.clear();
    QCOMPARE(labelFor(some), QByteArray("Fairlead 00000000"));
}

void tst_ShipFound::takenLabelsAreNumbered()
{
    QCOMPARE(labelAfter("Pump"), QByteArray("Pump (2)"));
    QCOMPARE(labelAfter("Pump (2)"), QByteArray("Pump (3)"));
    QCOMPARE(labelAfter("Pump (99)"), QByteArray("Pump (100)"));
    QCOMPARE(labelAfter("Pump (x)"), QByteArray("Pump (x) (2)"));
    const QByteArray full(63, 'x');
    QCOMPARE(labelAfter(full), QByteArray(59, 'x') + " (2)");
    QCOMPARE(labelAfter(QByteArray(59, 'x') + " (9)"), QByteArray(58, 'x') + " (10)");
    QCOMPARE(labelAfter(QByteArray(57, 'x') + "\xc3\xa4xxxx"),
             QByteArray(57, 'x') + "\xc3\xa4 (2)");
}

void tst_ShipFound::addressesAreJudged_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<int>("interface");
    QTest::addColumn<QString>("dialled");
    const auto row = [](const char *name, const char *text, int interface, const char *dialled) {
        QTest::newRow(name) << QString::fromLatin1(text)
                            << interface << QString::fromLatin1(dialled);
    };
    row("IPv4", "192.0.2.7", 3, "192.0.2.7");
    row("IPv4 without configuration", "169.254.3.4", 3, "169.254.3.4");
    row("IPv6", "2001:DB8::7", 3, "2001:db8::7");
    row("IPv6 with a zone it does not need", "2001:db8::7%3", 3, "2001:db8::7");
    row("link-local", "fe80::7", 3, "fe80::7%3");
    row("link-local with its zone", "fe80::7%eth0", 3, "fe80::7%eth0");
    row("link-local without interface", "fe80::7", -1, "");
    row("multicast", "224.0.0.251", 3, "");
    row("IPv6 multicast", "ff02::fb", 3, "");
    row("nowhere", "0.0.0.0", 3, "");
    row("IPv6 nowhere", "::", 3, "");
    row("a name", "pump.local", 3, "");
    row("nothing", "", 3, "");
}

// RR11
void tst_ShipFound::addressesAreJudged()
{
    QFETCH(QString, text);
    QFETCH(int, interface);
    QTEST(dialAddress(text, interface), "dialled");
}

void tst_ShipFound::placesOutliveTheProcessAsText()
{
    const QList<PeerAddress> places
        = {at("192.0.2.8"), at("fe80::7%3", 1), at("pump.local", 65535)};
    const QByteArray text = placesText(places);
    QCOMPARE(text, QByteArray("192.0.2.8:4712 [fe80::7%3]:1 pump.local:65535"));
    QCOMPARE(placesFromText(text), places);
    QCOMPARE(placesText({at("a b"), at("c")}), QByteArray("c:4712"));
    QCOMPARE(placesFromText(" x :1 y: z:0 z:65536 [::1]:2  "), (QList<PeerAddress>{at("::1", 2)}));
}

// RR11, SV-14
void tst_ShipFound::addressesComeBeforeNames()
{
    QCOMPARE(dialOrder({at("pump.local"),
                        at("2001:db8::7"),
                        at("192.0.2.8"),
                        at("192.0.2.7"),
                        at("fe80::7%3"),
                        at("192.0.2.8"),
                        at("192.0.2.8", 4713)}),
             (QList<PeerAddress>{at("192.0.2.8"),
                                 at("192.0.2.7"),
                                 at("192.0.2.8", 4713),
                                 at("2001:db8::7"),
                                 at("fe80::7%3"),
                                 at("pump.local")}));
}

void tst_ShipFound::reportsOfAllInterfacesAreOnePeer()
{
    FoundPeers table(ski(9), [](const Ski &) { return true; });
    QCOMPARE(table.report(ref("Pump", 2, 0), report("192.0.2.7")), Skis{ski(1)});
    QCOMPARE(table.report(ref("Pump", 2, 0), report("192.0.2.7")), Skis{});
    QCOMPARE(table.report(ref("Pump", 3, 1), report("fe80::7")), Skis{ski(1)});
    QCOMPARE(table.peers().size(), std::size_t(1));
    const FoundPeer *peer = table.find(ski(1));
    QVERIFY(peer && peer->isPresent);
    QCOMPARE(peer->claims.model, QByteArray("X1"));
    QCOMPARE(peer->addresses,
             (QList<PeerAddress>{at("192.0.2.7"), at("fe80::7%3"), at("pump.local")}));
    QCOMPARE(table.remove(ref("Pump", 2, 0)), Skis{ski(1)});
    peer = table.find(ski(1));
    QVERIFY(peer->isPresent);
    QCOMPARE(peer->addresses, (QList<PeerAddress>{at("fe80::7%3"), at("pump.local")}));
}

void tst_ShipFound::reportsComeInPieces()
{
    FoundPeers table(ski(9), [](const Ski &) { return true; });
    // Without its record nobody knows who it is.
    ServiceReport nameless = report("192.0.2.7");
    nameless.txt.clear();
    QCOMPARE(table.report(ref("Pump"), nameless), Skis{});
    QCOMPARE(table.report(ref("Pump"), {QString(), QString(), 0, txt()}), Skis{ski(1)});
    QVERIFY(table.find(ski(1))->addresses.isEmpty());
    QCOMPARE(table.report(ref("Pump"), {QStringLiteral("pump.local"), QString(), 4712, {}}),
             Skis{ski(1)});
    QCOMPARE(table.find(ski(1))->addresses, QList<PeerAddress>{at("pump.local")});
    QCOMPARE(table.report(ref("Pump"), nameless), Skis{ski(1)});
    QCOMPARE(table.find(ski(1))->addresses,
             (QList<PeerAddress>{at("192.0.2.7"), at("pump.local")}));
    QCOMPARE(table.find(ski(1))->claims.id, QByteArray("Pump-1"));
}

void tst_ShipFound::whoVanishesKeepsItsAddresses()
{
    FoundPeers table(ski(9), [](const Ski &) { return true; });
    (void)table.report(ref("Pump"), report("192.0.2.7"));
    const QList<PeerAddress> before = table.find(ski(1))->addresses;
    QCOMPARE(table.remove(ref("Other")), Skis{});
    QCOMPARE(table.remove(ref("Pump")), Skis{ski(1)});
    const FoundPeer *peer = table.find(ski(1));
    QVERIFY(peer);
    QVERIFY(!peer->isPresent);
    QCOMPARE(peer->addresses, before);
    QCOMPARE(peer->claims, announcement());
    // Back, and its address is still to come.
    QCOMPARE(table.report(ref("Pump"), {QStringLiteral("pump.local"), QString(), 4712, txt()}),
             Skis{ski(1)});
    QVERIFY(table.find(ski(1))->isPresent);
    QCOMPARE(table.find(ski(1))->addresses, before);
}

void tst_ShipFound::anAddressThatChangesReplacesTheOneBefore()
{
    FoundPeers table(ski(9), [](const Ski &) { return true; });
    (void)table.report(ref("Pump"), report("192.0.2.7"));
    QCOMPARE(table.report(ref("Pump"), report("192.0.2.8", 1, 4713)), Skis{ski(1)});
    QCOMPARE(table.find(ski(1))->addresses,
             (QList<PeerAddress>{at("192.0.2.8", 4713), at("pump.local", 4713)}));
    (void)table.remove(ref("Pump"));
    (void)table.report(ref("Pump"), report("192.0.2.9"));
    QCOMPARE(table.find(ski(1))->addresses,
             (QList<PeerAddress>{at("192.0.2.9"), at("pump.local")}));
}

void tst_ShipFound::ourselvesAreNotFound()
{
    FoundPeers table(ski(1), [](const Ski &) { return true; });
    QCOMPARE(table.report(ref("Pump"), report("192.0.2.7")), Skis{});
    QVERIFY(table.peers().empty());
}

void tst_ShipFound::aServiceMayChangeItsPeer()
{
    FoundPeers table(ski(9), [](const Ski &) { return true; });
    (void)table.report(ref("Pump"), report("192.0.2.7", 1));
    QCOMPARE(table.report(ref("Pump"), report("192.0.2.7", 2)), (Skis{ski(1), ski(2)}));
    QVERIFY(!table.find(ski(1))->isPresent);
    QVERIFY(table.find(ski(2))->isPresent);
    // A record that is not SHIP's any more ends what it said before.
    ServiceReport other = report("192.0.2.7", 2);
    other.txt = {"txtvers=2"};
    QCOMPARE(table.report(ref("Pump"), other), Skis{ski(2)});
    QVERIFY(!table.find(ski(2))->isPresent);
}

void tst_ShipFound::theDaemonsEndIsNobodysEnd()
{
    FoundPeers table(ski(9), [](const Ski &) { return true; });
    (void)table.report(ref("Pump"), report("192.0.2.7", 1));
    (void)table.report(ref("Box"), report("192.0.2.8", 2));
    QCOMPARE(table.removeAll(), (Skis{ski(1), ski(2)}));
    QCOMPARE(table.removeAll(), Skis{});
    QCOMPARE(table.find(ski(1))->addresses.first(), at("192.0.2.7"));
}

void tst_ShipFound::strangersMakeRoom()
{
    FoundLimits limits;
    limits.peers = 2;
    limits.services = 2;
    FoundPeers table(
        ski(9), [](const Ski &one) { return one == ski(1) || one == ski(5); }, limits);
    (void)table.report(ref("two"), report("192.0.2.2", 2));
    (void)table.report(ref("three"), report("192.0.2.3", 3));
    QCOMPARE(table.report(ref("four"), report("192.0.2.4", 4)), Skis{});
    QCOMPARE(table.passedOver(), quint64(1));
    // Who is wanted finds a place, who is there keeps it.
    QCOMPARE(table.report(ref("one"), report("192.0.2.1", 1)), Skis{ski(1)});
    QVERIFY(!table.find(ski(2)));
    QVERIFY(table.find(ski(3)));
    // Who left gives way to anybody.
    (void)table.remove(ref("three"));
    QCOMPARE(table.report(ref("four"), report("192.0.2.4", 4)), Skis{ski(4)});
    QVERIFY(!table.find(ski(3)));
    (void)table.report(ref("five"), report("192.0.2.5", 5));
    QVERIFY(table.find(ski(5)) && table.find(ski(1)) && !table.find(ski(4)));
    (void)table.remove(ref("one"));
    (void)table.report(ref("six"), report("192.0.2.6", 6));
    QVERIFY2(table.find(ski(1)), "who is wanted is remembered");
    QCOMPARE(table.passedOver(), quint64(2));
}

void tst_ShipFound::nobodyFillsTheTableInAnothersName()
{
    FoundPeers table(ski(9), [](const Ski &) { return false; });
    for (int i = 0; i < 1000; ++i) {
        (void)table.report(ref(QByteArray::number(i).constData()),
                           report(("192.0.2." + QByteArray::number(i % 250)).constData(), 1));
    }
    QCOMPARE(table.passedOver(), quint64(0));
    QCOMPARE(table.report(ref("Pump"), report("192.0.2.2", 2)), Skis{ski(2)});
    // What was said last of it is among the few that are kept.
    (void)table.report(ref("Real"), report("198.51.100.1", 1));
    QVERIFY(table.find(ski(1))->addresses.contains(at("198.51.100.1")));
    QVERIFY(table.find(ski(1))->addresses.size() <= 16);
}

void tst_ShipFound::addressesAreBounded()
{
    FoundPeers table(ski(9), [](const Ski &) { return true; });
    for (int i = 1; i <= 40; ++i) {
        (void)table.report(ref("Pump", i),
                           report(("192.0.2." + QByteArray::number(i)).constData()));
    }
    QCOMPARE(table.find(ski(1))->addresses.size(), qsizetype(16));
    QCOMPARE(table.find(ski(1))->addresses.last(), at("pump.local"));
    QCOMPARE(table.passedOver(), quint64(24));
}

QTEST_APPLESS_MAIN(tst_ShipFound)
#include "tst_shipfound.moc"
