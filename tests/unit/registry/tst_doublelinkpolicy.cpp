// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/registry/doublelinkpolicy.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::core;
using Verdict = DoubleLinkVerdict;

namespace {

constexpr auto kIn = Link::Direction::Accepted;
constexpr auto kOut = Link::Direction::Dialled;
constexpr qint64 kSecond = kNsPerSecond;

DoubleLinkCase between(ByteSpan own,
                       ByteSpan peer,
                       Link::Direction present,
                       Link::Direction candidate)
{
    DoubleLinkCase links;
    links.ownId = own;
    links.peerId = peer;
    links.present = {1, present, Link::State::Ready, 100 * kSecond, true};
    links.candidate = {2, candidate, Link::State::Ready, 0, true};
    return links;
}

} // namespace

/// RG-06: tables without sockets.
class tst_DoubleLinkPolicy : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void newestAlwaysWins();
    void rejectNewKeepsWhatLives();
    void initiatorRule_data();
    void initiatorRule();
    void initiatorRuleConvergesFromBothEnds();
    void recencyRule_data();
    void recencyRule();
    void recencyConvergesFromBothEnds();
    void recencyFinishesWhenItSaid();
    void idsCompareAsUnsignedBytes();
};

void tst_DoubleLinkPolicy::newestAlwaysWins()
{
    DoubleLinkCase links = between("a", "b", kIn, kIn);
    QCOMPARE(newestWins(links).verdict, Verdict::KeepCandidate);
    // It connected earlier and spoke up later: the later word counts.
    std::swap(links.present.generation, links.candidate.generation);
    QCOMPARE(newestWins(links).verdict, Verdict::KeepCandidate);
}

void tst_DoubleLinkPolicy::rejectNewKeepsWhatLives()
{
    DoubleLinkCase links = between("a", "b", kIn, kIn);
    QCOMPARE(rejectNew(links).verdict, Verdict::KeepPresent);
    links.present.phase = Link::State::Draining;
    QCOMPARE(rejectNew(links).verdict, Verdict::KeepCandidate);
    links.present.phase = Link::State::Ready;
    links.present.live = false;
    QCOMPARE(rejectNew(links).verdict, Verdict::KeepCandidate);
    links.candidate.live = false;
    QCOMPARE(rejectNew(links).verdict, Verdict::KeepPresent);
}

void tst_DoubleLinkPolicy::initiatorRule_data()
{
    QTest::addColumn<QByteArray>("own");
    QTest::addColumn<bool>("presentDialled");
    QTest::addColumn<bool>("candidateDialled");
    QTest::addColumn<Verdict>("verdict");
    QTest::newRow("bigger, mine comes second")
        << QByteArray("z") << false << true << Verdict::KeepCandidate;
    QTest::newRow("bigger, theirs comes second")
        << QByteArray("z") << true << false << Verdict::KeepPresent;
    QTest::newRow("smaller, mine comes second")
        << QByteArray("a") << false << true << Verdict::KeepPresent;
    QTest::newRow("smaller, theirs comes second")
        << QByteArray("a") << true << false << Verdict::KeepCandidate;
    QTest::newRow("bigger, the peer came back")
        << QByteArray("z") << false << false << Verdict::KeepCandidate;
    QTest::newRow("smaller, I dialled again")
        << QByteArray("a") << true << true << Verdict::KeepCandidate;
    QTest::newRow("ourselves") << QByteArray("m") << false << true << Verdict::KeepPresent;
}

void tst_DoubleLinkPolicy::initiatorRule()
{
    QFETCH(const QByteArray, own);
    QFETCH(const bool, presentDialled);
    QFETCH(const bool, candidateDialled);
    QFETCH(const Verdict, verdict);
    DoubleLinkCase links = between({own.constData(), std::size_t(own.size())},
                                   "m",
                                   presentDialled ? kOut : kIn,
                                   candidateDialled ? kOut : kIn);
    QCOMPARE(biggerIdInitiator(links).verdict, verdict);
    if (own == "m")
        return;
    links.present.live = false;
    QCOMPARE(biggerIdInitiator(links).verdict, Verdict::KeepCandidate);
}

void tst_DoubleLinkPolicy::initiatorRuleConvergesFromBothEnds()
{
    // One link each way, in whichever order they arrive at either end: both keep the same one.
    for (const bool mineFirst : {true, false}) {
        for (const bool theirsFirstThere : {true, false}) {
            const auto hereCase = between("a", "z", mineFirst ? kOut : kIn, mineFirst ? kIn : kOut);
            const auto thereCase
                = between("z", "a", theirsFirstThere ? kOut : kIn, theirsFirstThere ? kIn : kOut);
            const bool keepsMineHere
                = (biggerIdInitiator(hereCase).verdict == Verdict::KeepCandidate)
                == (hereCase.candidate.direction == kOut);
            const bool keepsMineThere
                = (biggerIdInitiator(thereCase).verdict == Verdict::KeepCandidate)
                == (thereCase.candidate.direction == kIn);
            QCOMPARE(keepsMineHere, keepsMineThere);
        }
    }
}

void tst_DoubleLinkPolicy::recencyRule_data()
{
    QTest::addColumn<bool>("bigger");
    QTest::addColumn<bool>("sameDirection");
    QTest::addColumn<qint64>("presentAge");
    QTest::addColumn<qint64>("candidateAge");
    QTest::addColumn<Verdict>("verdict");
    QTest::addColumn<qint64>("recheck");
    QTest::addColumn<bool>("probe");
    const auto row = [](const char *name,
                        bool bigger,
                        bool same,
                        qint64 presentAge,
                        qint64 candidateAge,
                        Verdict verdict,
                        qint64 recheck = 0,
                        bool probe = false) {
        QTest::newRow(name) << bigger << same << presentAge << candidateAge << verdict << recheck
                            << probe;
    };
    const qint64 s = kSecond;
    row("the peer came back, bigger", true, true, 90 * s, 0, Verdict::KeepCandidate);
    row("the peer came back, smaller", false, true, 90 * s, 0, Verdict::KeepCandidate);
    row("an old one comes late", true, true, 1 * s, 2 * s, Verdict::KeepPresent);
    row("bigger waits for the peer", true, false, 5 * s, 0, Verdict::Wait, 1 * s);
    row("bigger waits the rest", true, false, 5 * s, s / 4, Verdict::Wait, s - s / 4);
    row("bigger keeps the newer", true, false, 5 * s, 1 * s, Verdict::KeepCandidate);
    row("bigger keeps the newer present", true, false, 1 * s, 5 * s, Verdict::KeepPresent);
    row("smaller waits and probes", false, false, 5 * s, 0, Verdict::Wait, 3 * s, true);
    row("smaller probes again", false, false, 5 * s, 3 * s, Verdict::Wait, 57 * s, true);
    row("smaller settles at last", false, false, 90 * s, 60 * s, Verdict::KeepCandidate);
    row("clocks of two reactors differ", true, false, 0, -s, Verdict::Wait, 1 * s);
}

void tst_DoubleLinkPolicy::recencyRule()
{
    QFETCH(const bool, bigger);
    QFETCH(const bool, sameDirection);
    QFETCH(const qint64, presentAge);
    QFETCH(const qint64, candidateAge);
    QFETCH(const Verdict, verdict);
    QFETCH(const qint64, recheck);
    QFETCH(const bool, probe);
    DoubleLinkCase links = between(bigger ? "z" : "a", "m", kOut, sameDirection ? kOut : kIn);
    links.present.ageNs = presentAge;
    links.candidate.ageNs = candidateAge;
    const DoubleLinkDecision decision = specRecency(links);
    QCOMPARE(decision.verdict, verdict);
    QCOMPARE(decision.recheckNs, recheck);
    QCOMPARE(decision.probe, probe);

    links.present.live = false; // RG-08: what proved dead gives way at once
    QCOMPARE(specRecency(links).verdict, Verdict::KeepCandidate);
    links.present.live = true;
    links.ownId = links.peerId;
    QCOMPARE(specRecency(links).verdict, Verdict::KeepPresent);
}

void tst_DoubleLinkPolicy::recencyConvergesFromBothEnds()
{
    // The bigger end decides for the newer; that closes one, and the smaller end keeps the other.
    DoubleLinkCase bigger = between("z", "a", kIn, kOut);
    bigger.candidate.ageNs = 1 * kSecond;
    QCOMPARE(specRecency(bigger).verdict, Verdict::KeepCandidate);
    DoubleLinkCase smaller = between("a", "z", kOut, kIn);
    smaller.candidate.ageNs = 1 * kSecond;
    QCOMPARE(specRecency(smaller).verdict, Verdict::Wait);
    smaller.present.live = false;
    QCOMPARE(specRecency(smaller).verdict, Verdict::KeepCandidate);
}

void tst_DoubleLinkPolicy::recencyFinishesWhenItSaid()
{
    for (const char *own : {"a", "z"}) {
        DoubleLinkCase links = between(own, "m", kIn, kOut);
        links.candidate.ageNs = 0;
        int asked = 0;
        for (;;) {
            const DoubleLinkDecision decision = specRecency(links);
            if (decision.verdict != Verdict::Wait)
                break;
            QVERIFY(decision.recheckNs > 0);
            links.candidate.ageNs += decision.recheckNs;
            links.present.ageNs += decision.recheckNs;
            QVERIFY(++asked < 5);
        }
        QVERIFY(links.candidate.ageNs <= 60 * kSecond);
    }
}

void tst_DoubleLinkPolicy::idsCompareAsUnsignedBytes()
{
    DoubleLinkCase links = between("\xFF", "\x7F", kIn, kOut);
    QCOMPARE(biggerIdInitiator(links).verdict, Verdict::KeepCandidate);
    links = between("\x7F", "\xFF", kIn, kOut);
    QCOMPARE(biggerIdInitiator(links).verdict, Verdict::KeepPresent);
}

QTEST_APPLESS_MAIN(tst_DoubleLinkPolicy)

#include "tst_doublelinkpolicy.moc"
