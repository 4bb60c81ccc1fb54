// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/gapnotice.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

#include <fairlead/properties.h>

using namespace fairlead;
using namespace fairlead::core;

namespace {

QJsonObject told(const Message &message)
{
    return QJsonDocument::fromJson(
               QByteArray(message.payload().data(), qsizetype(message.payload().size())))
        .object();
}

QJsonObject next(LossLedger &ledger)
{
    return ledger.hasDue() ? told(ledger.takeNotice(1)) : QJsonObject();
}

QJsonObject json(const char *text)
{
    const QJsonDocument document = QJsonDocument::fromJson(text);
    Q_ASSERT(document.isObject());
    return document.object();
}

} // namespace

class tst_GapNotice : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void nothingIsDueAtFirst();
    void lossesOfOneKindAreOneNotice();
    void kindsAreToldApartInTheirOrder();
    void afterANoticeCountingBeginsAgain();
    void olderLossesWidenTheRange();
    void theLatestEpochIsTold();
    void aReplayGapNamesItsPlace();
    void aReplayGapNobodyCanMeasure();
    void anOvertakenReplayJoinsItsGap();
    void theLedgerIsBoundedAndCountsAll();
    void whatWasStoredComesBack();
    void theMessageIsReadyToGo();
    void everyReasonHasAName();
};

// DS-05
void tst_GapNotice::nothingIsDueAtFirst()
{
    const LossLedger ledger;
    QVERIFY(!ledger.hasDue());
    QCOMPARE(ledger.total(), 0U);
}

// DS-05: count, first, last
void tst_GapNotice::lossesOfOneKindAreOneNotice()
{
    LossLedger ledger;
    for (quint64 sequence = 17; sequence <= 42; sequence += 5)
        ledger.note("a/#", LossReason::QueueFull, {3, sequence});
    QCOMPARE(
        next(ledger),
        json(R"({"filter":"a/#","reason":"queue-full","epoch":3,"first":17,"last":42,"count":6})"));
    QVERIFY(!ledger.hasDue());
    QCOMPARE(ledger.total(), 6U);
}

void tst_GapNotice::kindsAreToldApartInTheirOrder()
{
    LossLedger ledger;
    ledger.note("b", LossReason::QueueFull, {1, 1});
    ledger.note("a", LossReason::QueueFull, {1, 2});
    ledger.note("b", LossReason::Replaced, {1, 3});
    ledger.note("b", LossReason::QueueFull, {1, 4});
    ledger.note("a", LossReason::QueueFull, {1, 5});
    QCOMPARE(
        next(ledger),
        json(R"({"filter":"b","reason":"queue-full","epoch":1,"first":1,"last":4,"count":2})"));
    QCOMPARE(
        next(ledger),
        json(R"({"filter":"a","reason":"queue-full","epoch":1,"first":2,"last":5,"count":2})"));
    QCOMPARE(next(ledger),
             json(R"({"filter":"b","reason":"replaced","epoch":1,"first":3,"last":3,"count":1})"));
    QVERIFY(!ledger.hasDue());
}

void tst_GapNotice::afterANoticeCountingBeginsAgain()
{
    LossLedger ledger;
    ledger.note("a", LossReason::QueueFull, {1, 1});
    ledger.note("b", LossReason::QueueFull, {1, 2});
    next(ledger);
    ledger.note("b", LossReason::QueueFull, {1, 3});
    ledger.note("a", LossReason::QueueFull, {1, 4});
    QCOMPARE(next(ledger)[QLatin1String("count")].toInt(), 2);
    const QJsonObject again = next(ledger);
    QCOMPARE(again[QLatin1String("first")].toInt(), 4);
    QCOMPARE(again[QLatin1String("count")].toInt(), 1);
    QCOMPARE(ledger.total(), 4U);
}

void tst_GapNotice::olderLossesWidenTheRange()
{
    LossLedger ledger;
    ledger.note("a", LossReason::QueueFull, {1, 10});
    ledger.note("a", LossReason::QueueFull, {1, 7});
    ledger.note("a", LossReason::QueueFull, {1, 9}, 2);
    QCOMPARE(
        next(ledger),
        json(R"({"filter":"a","reason":"queue-full","epoch":1,"first":7,"last":10,"count":4})"));
}

void tst_GapNotice::theLatestEpochIsTold()
{
    LossLedger ledger;
    ledger.note("a", LossReason::QueueFull, {1, 10});
    ledger.note("a", LossReason::QueueFull, {2, 1001});
    ledger.note("a", LossReason::QueueFull, {1, 11});
    QCOMPARE(next(ledger)[QLatin1String("epoch")].toInt(), 2);
}

// RP-04: requested, oldest available
void tst_GapNotice::aReplayGapNamesItsPlace()
{
    LossLedger ledger;
    ledger.noteGap("a", {{2, 500}, 1001, 501, 1000}, 3);
    QCOMPARE(
        next(ledger),
        json(
            R"({"filter":"a","reason":"replay-gap","epoch":3,"first":501,"last":1000,"count":null,"requested":"2:500","oldest":"3:1001"})"));
}

// RP-05
void tst_GapNotice::aReplayGapNobodyCanMeasure()
{
    LossLedger ledger;
    ledger.noteGap("a", {{1, 500}, 0, 0, 0}, 2);
    QCOMPARE(
        next(ledger),
        json(
            R"({"filter":"a","reason":"replay-gap","epoch":2,"first":null,"last":null,"count":null,"requested":"1:500","oldest":null})"));
}

// RP-04: exactly one
void tst_GapNotice::anOvertakenReplayJoinsItsGap()
{
    LossLedger ledger;
    ledger.noteGap("a", {{1, 5}, 21, 6, 20}, 1);
    ledger.noteOvertaken("a", 21, 30, 1);
    const QJsonObject one = next(ledger);
    QCOMPARE(one[QLatin1String("first")].toInt(), 6);
    QCOMPARE(one[QLatin1String("last")].toInt(), 30);
    QCOMPARE(one[QLatin1String("requested")].toString(), QStringLiteral("1:5"));
    QVERIFY(!ledger.hasDue());
    ledger.noteOvertaken("a", 31, 40, 1);
    QCOMPARE(
        next(ledger),
        json(
            R"({"filter":"a","reason":"replay-gap","epoch":1,"first":31,"last":40,"count":null})"));
}

// DS-05: whatever is lost is counted
void tst_GapNotice::theLedgerIsBoundedAndCountsAll()
{
    LossLedger ledger;
    for (quint64 sequence = 1; sequence <= 1000; ++sequence) {
        const std::string filter = "filter/" + std::to_string(sequence % 100);
        ledger.note(filter, LossReason::QueueFull, {1, sequence});
        QVERIFY(ledger.ranges().size() <= LossLedger::kMost);
    }
    quint64 sum = 0;
    QJsonObject lastOne;
    while (ledger.hasDue()) {
        lastOne = next(ledger);
        sum += quint64(lastOne[QLatin1String("count")].toInteger());
    }
    QCOMPARE(sum, 1000U);
    QCOMPARE(lastOne[QLatin1String("filter")].toString(), QStringLiteral("#"));
    QCOMPARE(lastOne[QLatin1String("reason")].toString(), QStringLiteral("various"));
    QCOMPARE(lastOne[QLatin1String("last")].toInt(), 1000);
}

void tst_GapNotice::whatWasStoredComesBack()
{
    LossLedger ledger;
    ledger.note("a", LossReason::QueueFull, {1, 4}, 3);
    ledger.noteGap("b", {{1, 5}, 21, 6, 20}, 2);
    LossLedger other;
    for (const LossRange &range : ledger.ranges())
        other.add(range);
    QCOMPARE(other.ranges(), ledger.ranges());
    QCOMPARE(other.total(), 3U);
    other.clear();
    QVERIFY(!other.hasDue());
}

void tst_GapNotice::theMessageIsReadyToGo()
{
    LossRange range;
    range.filter = "gr\xC3\xBCn/\"x\"";
    range.count = 1;
    const Message message = makeGapNotice(range, 1);
    QCOMPARE(message.topic(), ByteSpan("$notice/gap"));
    QCOMPARE(message.qos(), 1);
    QVERIFY(!message.isRetain());
    QCOMPARE(message.expiryDeadline(), -1);
    QCOMPARE(told(message)[QLatin1String("filter")].toString(), QString::fromUtf8(range.filter));
    PropertyReader properties(message.properties());
    Property one;
    QVERIFY(properties.next(&one));
    QCOMPARE(one.id, PropertyId::PayloadFormat);
    QCOMPARE(one.value, ByteSpan("\x01", 1));
    QVERIFY(properties.next(&one));
    QCOMPARE(one.id, PropertyId::ContentType);
    QCOMPARE(one.value, ByteSpan("application/json"));
    QVERIFY(!properties.next(&one));
}

void tst_GapNotice::everyReasonHasAName()
{
    QCOMPARE(lossName(LossReason::QueueFull), "queue-full");
    QCOMPARE(lossName(LossReason::Replaced), "replaced");
    QCOMPARE(lossName(LossReason::ReplayGap), "replay-gap");
    QCOMPARE(lossName(LossReason::StoreLost), "store-lost");
    QCOMPARE(lossName(LossReason::Various), "various");
}

QTEST_APPLESS_MAIN(tst_GapNotice)
#include "tst_gapnotice.moc"
