// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "trust/qrtext.h"
#include "trust/trustbook.h"

#include <QTest>

using namespace fairlead::ship;

namespace {

constexpr qint64 kMs = 1'000'000;
constexpr qint64 kStart = 1'000'000'000'000;
constexpr qint64 kUtc = 1'700'000'000'000;

Ski ski(int number)
{
    Ski::Raw raw{};
    raw[0] = static_cast<unsigned char>(number >> 8);
    raw[19] = static_cast<unsigned char>(number);
    return Ski(raw);
}

TrustedPeer peer(int number, TrustSource source = TrustSource::Verified)
{
    return {ski(number), source, {}, {}, kUtc, 0};
}

PeerClaims claims(const char *shipId, const char *brand = "")
{
    return {shipId, brand, {}, {}};
}

TrustBook loaded(const TrustLimits &limits = TrustLimits())
{
    TrustBook book(limits);
    book.load({});
    return book;
}

Trust judged(TrustBook &book, int number, qint64 now = kStart)
{
    return book.judge(ski(number), {}, now, kUtc).trust;
}

/// Where strangers are refused.
Trust judgedAtTheClosedDoor(TrustBook &book, int number)
{
    return book.judge(ski(number), {}, kStart, kUtc, {"door", false}).trust;
}

} // namespace

/// Who may connect, chapter 7.
class tst_ShipTrust : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void knownPeersAreTrusted();
    void strangersWaitForADecision();
    void strangersAreRefusedWhereNobodyIsAsked();
    void nobodyIsRefusedBeforeTheStoreIsRead();
    void theWindowAcceptsOneStranger();
    void theWindowEnds();
    void theWindowIsNotForTheRejected();
    void rejectionLastsAWhile();
    void removedPeersMayAskAgain();
    void configuredPeersStay();
    void configurationIsByEndpoint();
    void whatIsKnownOfConfiguredPeersIsStored();
    void requestsTellWhereTheyCame();
    void whoWaitsIsNotForgotten();
    void sightsAreStoredNowAndThen();
    void requestsAreForgotten();
    void requestsAreBounded();
    void peersAreBounded();
    void acceptingTwiceKeepsTheBetter();
    void theShipIdStays();
    void claimsAreLearned();
    void recordsComeBack();
    void damagedRecordsAreNone_data();
    void damagedRecordsAreNone();
    void qrTexts();
};

void tst_ShipTrust::knownPeersAreTrusted()
{
    TrustBook book;
    book.load({peer(1), peer(2, TrustSource::AutoAccept)});
    QCOMPARE(judged(book, 1), Trust::Trusted);
    QCOMPARE(judged(book, 2), Trust::Trusted);
    QCOMPARE(judged(book, 3), Trust::Pending);
    QVERIFY(book.find(ski(1)) != nullptr);
    QVERIFY(book.find(ski(3)) == nullptr);
    QCOMPARE(book.peers().size(), std::size_t(2));
    QCOMPARE(trustLevel(TrustSource::AutoAccept), 8);
    QCOMPARE(trustLevel(TrustSource::Verified), 32);
    QCOMPARE(trustLevel(TrustSource::Entered), 64);
}

void tst_ShipTrust::strangersWaitForADecision()
{
    TrustBook book = loaded();
    const auto first = book.judge(ski(1), claims("a", "x"), kStart, kUtc);
    QCOMPARE(first.trust, Trust::Pending);
    QVERIFY(first.newRequest);
    const auto second = book.judge(ski(1), claims("a", "y"), kStart + 5 * kMs, kUtc);
    QVERIFY(!second.newRequest);
    const auto requests = book.requests(kStart + 5 * kMs);
    QCOMPARE(requests.size(), std::size_t(1));
    QCOMPARE(requests[0].attempts, 2U);
    QCOMPARE(requests[0].claims.brand, QByteArray("y"));
    QCOMPARE(requests[0].lastAt - requests[0].firstAt, 5 * kMs);
    QVERIFY(book.accept(peer(1)));
    QCOMPARE(judged(book, 1), Trust::Trusted);
    QVERIFY(book.requests(kStart).empty());
}

void tst_ShipTrust::strangersAreRefusedWhereNobodyIsAsked()
{
    TrustBook book = loaded();
    QCOMPARE(judgedAtTheClosedDoor(book, 1), Trust::Rejected);
    QVERIFY(book.requests(kStart).empty());
    QCOMPARE(judged(book, 2), Trust::Pending);
    book.openWindow(1'000, kStart);
    QCOMPARE(judgedAtTheClosedDoor(book, 1), Trust::Trusted);
}

// RR14
void tst_ShipTrust::nobodyIsRefusedBeforeTheStoreIsRead()
{
    TrustBook book;
    QVERIFY(!book.isLoaded());
    book.openWindow(60'000, kStart);
    QCOMPARE(judgedAtTheClosedDoor(book, 1), Trust::Pending);
    QCOMPARE(judgedAtTheClosedDoor(book, 2), Trust::Pending);
    QVERIFY(book.isWindowOpen(kStart));
    book.load({peer(1)});
    QVERIFY(book.isLoaded());
    book.closeWindow();
    QCOMPARE(judgedAtTheClosedDoor(book, 1), Trust::Trusted);
    QCOMPARE(judgedAtTheClosedDoor(book, 2), Trust::Rejected);
    QCOMPARE(book.requests(kStart).size(), std::size_t(1));
}

void tst_ShipTrust::theWindowAcceptsOneStranger()
{
    TrustBook book;
    book.load({peer(9)});
    book.openWindow(TrustBook::kWindowMs, kStart);
    QCOMPARE(judged(book, 9), Trust::Trusted); // known already: the window stays
    QVERIFY(book.isWindowOpen(kStart));
    const auto judgement = book.judge(ski(1), claims("id"), kStart, kUtc);
    QCOMPARE(judgement.trust, Trust::Trusted);
    QVERIFY(judgement.autoAccepted);
    QVERIFY(!book.isWindowOpen(kStart));
    QCOMPARE(judged(book, 2), Trust::Pending);
    QCOMPARE(book.find(ski(1))->source, TrustSource::AutoAccept);
    QCOMPARE(book.find(ski(1))->claims.shipId, QByteArray("id"));
    QCOMPARE(book.find(ski(1))->addedUtcMs, kUtc);
}

void tst_ShipTrust::theWindowEnds()
{
    TrustBook book = loaded();
    book.openWindow(60'000, kStart);
    QVERIFY(book.isWindowOpen(kStart + 59'999 * kMs));
    QVERIFY(!book.isWindowOpen(kStart + 60'000 * kMs));
    QCOMPARE(judged(book, 1, kStart + 60'000 * kMs), Trust::Pending);
    book.openWindow(86'400'000, kStart);
    QVERIFY(book.isWindowOpen(kStart + 119'999 * kMs));
    QVERIFY(!book.isWindowOpen(kStart + 120'000 * kMs));
    book.openWindow(-5, kStart);
    QVERIFY(!book.isWindowOpen(kStart));
}

void tst_ShipTrust::theWindowIsNotForTheRejected()
{
    TrustBook book = loaded();
    book.reject(ski(1), kStart);
    book.openWindow(60'000, kStart);
    QCOMPARE(judged(book, 1), Trust::Rejected);
    QVERIFY(book.isWindowOpen(kStart));
}

void tst_ShipTrust::rejectionLastsAWhile()
{
    TrustBook book = loaded();
    QCOMPARE(judged(book, 1), Trust::Pending);
    book.reject(ski(1), kStart);
    QVERIFY(book.requests(kStart).empty());
    QCOMPARE(judged(book, 1, kStart + 59'999 * kMs), Trust::Rejected);
    QCOMPARE(judged(book, 1, kStart + 60'000 * kMs), Trust::Pending);
    book.reject(ski(1), kStart + 60'000 * kMs);
    QVERIFY(book.accept(peer(1))); // a decision may be taken back
    QCOMPARE(judged(book, 1, kStart + 60'001 * kMs), Trust::Trusted);
}

// RR23
void tst_ShipTrust::removedPeersMayAskAgain()
{
    TrustBook book;
    book.load({peer(1)});
    book.openWindow(60'000, kStart);
    QCOMPARE(book.removalOf(ski(1)), TrustBook::Removal::Removed);
    QCOMPARE(judged(book, 1), Trust::Trusted);
    QCOMPARE(book.remove(ski(1)), TrustBook::Removal::Removed);
    QCOMPARE(book.remove(ski(1)), TrustBook::Removal::Unknown);
    QVERIFY(!book.recordOf(ski(1)));
    // Not through the window, which was not opened for it.
    QCOMPARE(judged(book, 1), Trust::Pending);
}

void tst_ShipTrust::configuredPeersStay()
{
    TrustBook book;
    TrustedPeer stored = peer(1, TrustSource::AutoAccept);
    stored.claims.shipId = "known";
    stored.label = "old";
    book.load({stored});
    TrustedPeer configured = peer(1, TrustSource::Configuration);
    configured.label = "boiler";
    book.configure("house", {configured});
    QCOMPARE(book.remove(ski(1)), TrustBook::Removal::Configured);
    QCOMPARE(book.find(ski(1))->claims.shipId, QByteArray("known"));
    QCOMPARE(book.find(ski(1))->label, QByteArray("boiler"));
    QCOMPARE(book.find(ski(1))->source, TrustSource::Configuration);
    QCOMPARE(toRecord(*book.recordOf(ski(1))), toRecord(stored));
    // The decision outlives the configuration.
    book.unconfigure("house");
    QCOMPARE(toRecord(*book.find(ski(1))), toRecord(stored));
    QCOMPARE(book.remove(ski(1)), TrustBook::Removal::Removed);
}

void tst_ShipTrust::configurationIsByEndpoint()
{
    const auto configured = [](int number) { return peer(number, TrustSource::Configuration); };
    TrustBook book = loaded();
    QCOMPARE(judged(book, 3), Trust::Pending);
    book.configure("a", {configured(1), configured(2)});
    book.configure("b", {configured(2), configured(3)});
    QVERIFY(book.requests(kStart).empty());
    (void)book.learn(ski(1), claims("one"), kUtc);
    for (const int number : {1, 2, 3})
        QCOMPARE(judged(book, number), Trust::Trusted);
    book.configure("a", {configured(1)});
    QCOMPARE(judged(book, 2), Trust::Trusted);
    QCOMPARE(book.find(ski(1))->claims.shipId, QByteArray("one"));
    book.unconfigure("b");
    QCOMPARE(judged(book, 1), Trust::Trusted);
    QCOMPARE(judged(book, 2), Trust::Pending);
    QCOMPARE(judged(book, 3), Trust::Pending);
    book.confide("a", ski(4), "heat pump");
    QCOMPARE(book.find(ski(4))->label, QByteArray("heat pump"));
    book.unconfigure("a");
    QCOMPARE(judged(book, 4), Trust::Pending);
}

// RR16: whom the configuration trusts has an identity too, after a restart as well.
void tst_ShipTrust::whatIsKnownOfConfiguredPeersIsStored()
{
    const TrustedPeer configured = peer(1, TrustSource::Configuration);
    TrustBook book = loaded();
    book.configure("a", {configured});
    QCOMPARE(book.learn(ski(1), claims("first"), kUtc), TrustBook::Learned::Changed);
    const TrustedPeer record = *book.recordOf(ski(1));
    QCOMPARE(record.source, TrustSource::Configuration);
    TrustBook again;
    again.load({record});
    QCOMPARE(judged(again, 1), Trust::Pending);
    again.configure("a", {configured});
    QCOMPARE(again.learn(ski(1), claims("other"), kUtc), TrustBook::Learned::OtherIdentity);
    again.unconfigure("a");
    // Forgotten on request, and by pairing anew.
    QCOMPARE(again.removalOf(ski(1)), TrustBook::Removal::Removed);
    QCOMPARE(again.remove(ski(1)), TrustBook::Removal::Removed);
    again.configure("a", {configured});
    QCOMPARE(again.learn(ski(1), claims("other"), kUtc), TrustBook::Learned::Changed);
    TrustBook paired;
    paired.load({record});
    QVERIFY(paired.accept(peer(1)));
    QCOMPARE(paired.learn(ski(1), claims("other"), kUtc), TrustBook::Learned::Changed);
}

void tst_ShipTrust::requestsTellWhereTheyCame()
{
    TrustBook book = loaded();
    QCOMPARE(book.judge(ski(1), {}, kStart, kUtc, {"a", true}).trust, Trust::Pending);
    QCOMPARE(book.judge(ski(1), {}, kStart, kUtc, {"b", true}).trust, Trust::Pending);
    QCOMPARE(book.requests(kStart).front().endpoint, QByteArray("b"));
    book.unconfigure("a");
    QCOMPARE(book.requests(kStart).size(), std::size_t(1));
    book.unconfigure("b");
    QVERIFY(book.requests(kStart).empty());
}

void tst_ShipTrust::whoWaitsIsNotForgotten()
{
    TrustBook book = loaded();
    QCOMPARE(judged(book, 1), Trust::Pending);
    book.keepWaiting(ski(1), kStart + 500'000 * kMs);
    book.keepWaiting(ski(2), kStart + 500'000 * kMs);
    const auto requests = book.requests(kStart + 1'099'999 * kMs);
    QCOMPARE(requests.size(), std::size_t(1));
    QCOMPARE(requests[0].attempts, 1U);
    QVERIFY(book.requests(kStart + 1'100'000 * kMs).empty());
}

void tst_ShipTrust::sightsAreStoredNowAndThen()
{
    TrustedPeer kept = peer(1);
    kept.seenUtcMs = kUtc;
    TrustBook book;
    book.load({kept});
    QCOMPARE(book.learn(ski(1), {}, kUtc + 899'999), TrustBook::Learned::Nothing);
    QCOMPARE(book.learn(ski(1), {}, kUtc + 900'000), TrustBook::Learned::Changed);
    QCOMPARE(book.learn(ski(1), {}, kUtc + 900'001), TrustBook::Learned::Nothing);
    QCOMPARE(book.recordOf(ski(1))->seenUtcMs, kUtc + 900'001);
}

void tst_ShipTrust::requestsAreForgotten()
{
    TrustBook book = loaded();
    QCOMPARE(judged(book, 1), Trust::Pending);
    QCOMPARE(book.requests(kStart + 599'999 * kMs).size(), std::size_t(1));
    QVERIFY(book.requests(kStart + 600'000 * kMs).empty());
    QVERIFY(book.judge(ski(1), {}, kStart + 600'000 * kMs, kUtc).newRequest);
}

void tst_ShipTrust::requestsAreBounded()
{
    TrustLimits limits;
    limits.requests = 3;
    TrustBook book = loaded(limits);
    for (int i = 0; i < 100; ++i) {
        QCOMPARE(judged(book, i, kStart + i), Trust::Pending);
        QVERIFY(book.requests(kStart + i).size() <= 3);
    }
    QCOMPARE(book.requests(kStart + 99).front().ski, ski(97));
    for (int i = 0; i < 100; ++i)
        book.reject(ski(i), kStart + i);
    QCOMPARE(judged(book, 99, kStart + 99), Trust::Rejected);
    QCOMPARE(judged(book, 0, kStart + 99), Trust::Pending);
    limits.requests = 0;
    TrustBook none = loaded(limits);
    QVERIFY(!none.judge(ski(1), {}, kStart, kUtc).newRequest);
    none.reject(ski(1), kStart);
}

void tst_ShipTrust::peersAreBounded()
{
    TrustLimits limits;
    limits.peers = 2;
    TrustBook book = loaded(limits);
    QVERIFY(book.accept(peer(1)));
    QVERIFY(book.accept(peer(2)));
    QVERIFY(!book.accept(peer(3)));
    QVERIFY(book.accept(peer(2)));
    book.openWindow(60'000, kStart);
    QCOMPARE(judged(book, 3), Trust::Pending);
}

void tst_ShipTrust::acceptingTwiceKeepsTheBetter()
{
    TrustBook book = loaded();
    QVERIFY(book.accept(peer(1, TrustSource::Entered)));
    TrustedPeer again = peer(1, TrustSource::AutoAccept);
    again.label = "heat pump";
    QVERIFY(book.accept(again));
    QCOMPARE(book.find(ski(1))->source, TrustSource::Entered);
    QCOMPARE(book.find(ski(1))->label, QByteArray("heat pump"));
}

// RR16
void tst_ShipTrust::theShipIdStays()
{
    TrustBook book;
    book.load({peer(1)});
    QCOMPARE(book.learn(ski(1), claims("first"), kUtc), TrustBook::Learned::Changed);
    QCOMPARE(book.learn(ski(1), claims("first"), kUtc), TrustBook::Learned::Nothing);
    QCOMPARE(book.learn(ski(1), claims("other"), kUtc), TrustBook::Learned::OtherIdentity);
    QCOMPARE(book.find(ski(1))->claims.shipId, QByteArray("first"));
    QCOMPARE(book.learn(ski(2), claims("x"), kUtc), TrustBook::Learned::Nothing);
}

void tst_ShipTrust::claimsAreLearned()
{
    TrustBook book;
    book.load({peer(1)});
    QCOMPARE(book.learn(ski(1), {"id", "brand", "model", "type"}, kUtc + 5),
             TrustBook::Learned::Changed);
    QCOMPARE(book.learn(ski(1), {}, kUtc + 9), TrustBook::Learned::Nothing);
    QCOMPARE(book.find(ski(1))->claims.model, QByteArray("model"));
    QCOMPARE(book.find(ski(1))->seenUtcMs, kUtc + 9);
}

void tst_ShipTrust::recordsComeBack()
{
    const TrustedPeer kept
        = {ski(300),
           TrustSource::Entered,
           "the \"boiler\"\n",
           {"id", "br\xC3\xA4nd", "model", "type", "/eebus/", "192.0.2.7:4712 [fe80::1%2]:4712"},
           kUtc,
           kUtc + 1};
    const QByteArray record = toRecord(kept);
    const auto read = fromRecord(viewOf(record));
    QVERIFY(read);
    QCOMPARE(toRecord(*read), record);
    QCOMPARE(read->label, kept.label);
    QCOMPARE(read->seenUtcMs, kUtc + 1);
    QCOMPARE(read->claims.path, kept.claims.path);
    QCOMPARE(read->claims.places, kept.claims.places);
    QByteArray later = record;
    later.replace(0, 1, R"({"later":[1,{}],)");
    QCOMPARE(toRecord(*fromRecord(viewOf(later))), record);
}

void tst_ShipTrust::damagedRecordsAreNone_data()
{
    QTest::addColumn<QByteArray>("record");
    const QByteArray good = toRecord(peer(1));
    const auto row = [&good](const char *name, const char *from, const char *to) {
        QByteArray record = good;
        record.replace(from, to);
        QVERIFY2(record != good, name);
        QTest::newRow(name) << record;
    };
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("cut") << good.chopped(1);
    QTest::newRow("list") << QByteArray("[]");
    row("short SKI", R"("ski":"00)", R"("ski":")");
    row("no SKI", R"("ski":)", R"("sky":)");
    row("SKI as number", R"("ski":"0000000000000000000000000000000000000001")", R"("ski":1)");
    row("unknown source", "verified", "guessed");
    row("source as number", R"("source":"verified")", R"("source":2)");
    row("label as number", R"("label":"")", R"("label":1)");
    row("time as text", R"("added":1)", R"("added":"x","a":1)");
    row("time as fraction", R"("seen":0)", R"("seen":0.5)");
}

void tst_ShipTrust::damagedRecordsAreNone()
{
    QFETCH(QByteArray, record);
    QVERIFY(!fromRecord(viewOf(record)));
}

void tst_ShipTrust::qrTexts()
{
    const QrText text = {ski(1), "i:1;2", "brand", {}, "model", "4711", "2,3"};
    const QByteArray written = write(text);
    QCOMPARE(written,
             QByteArray("SHIP;SKI:0000000000000000000000000000000000000001;ID:i:12;BRAND:brand;"
                        "MODEL:model;SERIAL:4711;CAT:2,3;ENDSHIP;"));
    const auto read = readQrText(viewOf(written));
    QVERIFY(read);
    QCOMPARE(write(*read), written);
    QCOMPARE(read->id, QByteArray("i:12"));
    const auto open
        = readQrText("SHIP;LATER:x;SKI:0000-0000-0000-0000-0000-0000-0000-0000-0000-0001;odd;ID:a");
    QVERIFY(open);
    QCOMPARE(open->id, QByteArray("a"));
    QVERIFY(!readQrText("SHIP;ID:a;ENDSHIP;"));
    QVERIFY(!readQrText("SHIP;SKI:12;ENDSHIP;"));
    QVERIFY(!readQrText("SHIP;ENDSHIP;SKI:0000000000000000000000000000000000000001;"));
    QVERIFY(!readQrText("SKI:0000000000000000000000000000000000000001;"));
    QVERIFY(!readQrText(""));
}

QTEST_APPLESS_MAIN(tst_ShipTrust)

#include "tst_shiptrust.moc"
