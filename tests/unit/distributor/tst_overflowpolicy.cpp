// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/overflowpolicy.h"

#include <QTest>

using namespace fairlead;
using namespace fairlead::core;

namespace {

constexpr qint64 kMs = 1'000'000;

using Policy = OverflowPolicy;
using Action = OverflowAction;

constexpr Policy kAll[] = {Policy::Disconnect,
                           Policy::DropOldest,
                           Policy::DropNewest,
                           Policy::LatestPerTopic,
                           Policy::Reject,
                           Policy::BlockUpTo,
                           Policy::FaultSource};

OverflowCase attached()
{
    OverflowCase found;
    found.isAttached = true;
    found.hasSource = true;
    found.externalSubscribers = 1;
    return found;
}

} // namespace

class tst_OverflowPolicy : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void defaultsHarmNobodyElse();
    void namesGoBothWays();
    void choicesInTheirOrder_data();
    void choicesInTheirOrder();
    void theOperatorsCapHolds();
    void patienceIsTheShorterOne_data();
    void patienceIsTheShorterOne();
    void nothingIsGivenUpWhileThePublisherWaits();
    void eachPolicy_data();
    void eachPolicy();
    void aMessageThatNeverFits();
    void theSourceIsFaultedForItsOnlyReader();
    void observersHarmNobody();
    void onlyLimitedStreamsFaultTheirSource();
    void patienceGoesWithThePolicy();
    void theErrorSaysWhatToDo();
};

// DS-04, design: reject is never a default
void tst_OverflowPolicy::defaultsHarmNobodyElse()
{
    const OverflowSettings settings;
    QCOMPARE(settings.policy, Policy::Disconnect);
    QCOMPARE(settings.patienceNs, 250 * kMs);
    for (const Policy policy : kAll)
        QCOMPARE(settings.allows(policy),
                 policy != Policy::Reject && policy != Policy::FaultSource);
    QCOMPARE(effectiveOverflow({}, {}, settings), EffectiveOverflow());
}

void tst_OverflowPolicy::namesGoBothWays()
{
    for (const Policy policy : kAll) {
        const auto found = overflowPolicyNamed(QLatin1String(overflowPolicyName(policy)));
        QVERIFY(found);
        QCOMPARE(*found, policy);
    }
    QVERIFY(!overflowPolicyNamed(QStringLiteral("default")));
    QVERIFY(!overflowPolicyNamed(QString()));
}

// DS-04
void tst_OverflowPolicy::choicesInTheirOrder_data()
{
    QTest::addColumn<Overflow>("subscription");
    QTest::addColumn<Overflow>("session");
    QTest::addColumn<OverflowPolicy>("endpoint");
    QTest::addColumn<OverflowPolicy>("policy");
    QTest::newRow("nobody chose") << Overflow::Default << Overflow::Default << Policy::DropNewest
                                  << Policy::DropNewest;
    QTest::newRow("the session chose")
        << Overflow::Default << Overflow::DropOldest << Policy::DropNewest << Policy::DropOldest;
    QTest::newRow("the subscription chose") << Overflow::LatestPerTopic << Overflow::DropOldest
                                            << Policy::DropNewest << Policy::LatestPerTopic;
    QTest::newRow("the default of the endpoint, by name")
        << Overflow::Disconnect << Overflow::DropOldest << Policy::DropNewest << Policy::Disconnect;
    QTest::newRow("fault-source is the operator's")
        << Overflow::Default << Overflow::Default << Policy::FaultSource << Policy::FaultSource;
}

void tst_OverflowPolicy::choicesInTheirOrder()
{
    QFETCH(Overflow, subscription);
    QFETCH(Overflow, session);
    QFETCH(OverflowPolicy, endpoint);
    QFETCH(OverflowPolicy, policy);
    OverflowSettings settings;
    settings.policy = endpoint;
    const auto effective = effectiveOverflow({subscription, 0}, {session, 0}, settings);
    QCOMPARE(effective.policy, policy);
    QVERIFY(!effective.capped);
}

// DS-04: capped by the operator
void tst_OverflowPolicy::theOperatorsCapHolds()
{
    OverflowSettings settings;
    auto effective = effectiveOverflow({Overflow::Reject, 0}, {}, settings);
    QCOMPARE(effective.policy, Policy::Disconnect);
    QVERIFY(effective.capped);
    effective = effectiveOverflow({Overflow::Reject, 0}, {Overflow::DropOldest, 0}, settings);
    QCOMPARE(effective.policy, Policy::DropOldest);
    QVERIFY(effective.capped);
    settings.allowed = OverflowSettings::bitOf(Policy::Reject);
    effective = effectiveOverflow({Overflow::Reject, 0}, {}, settings);
    QCOMPARE(effective.policy, Policy::Reject);
    QVERIFY(!effective.capped);
    QVERIFY(effectiveOverflow({Overflow::DropOldest, 0}, {}, settings).capped);
    // What holds anyway may be named.
    settings.allowed = 0;
    QVERIFY(!effectiveOverflow({Overflow::Disconnect, 0}, {}, settings).capped);
}

void tst_OverflowPolicy::patienceIsTheShorterOne_data()
{
    QTest::addColumn<Overflow>("choice");
    QTest::addColumn<quint32>("asked");
    QTest::addColumn<qint64>("endpoint");
    QTest::addColumn<qint64>("patience");
    QTest::addColumn<bool>("capped");
    const quint32 most = std::numeric_limits<quint32>::max();
    QTest::newRow("default") << Overflow::Default << 0U << 250 * kMs << 250 * kMs << false;
    QTest::newRow("a patient endpoint")
        << Overflow::Default << 0U << 5000 * kMs << 250 * kMs << false;
    QTest::newRow("an impatient endpoint")
        << Overflow::Default << 0U << 0 * kMs << 0 * kMs << false;
    QTest::newRow("drop") << Overflow::DropOldest << 0U << 5000 * kMs << 250 * kMs << false;
    QTest::newRow("block") << Overflow::BlockUpTo << 500U << 5000 * kMs << 500 * kMs << false;
    QTest::newRow("block, as long as may be")
        << Overflow::BlockUpTo << 0U << 5000 * kMs << 5000 * kMs << false;
    QTest::newRow("block, too long")
        << Overflow::BlockUpTo << 6000U << 5000 * kMs << 5000 * kMs << true;
    QTest::newRow("block, for ever")
        << Overflow::BlockUpTo << most << 250 * kMs << 250 * kMs << true;
    QTest::newRow("block, shorter") << Overflow::BlockUpTo << 10U << 250 * kMs << 10 * kMs << false;
}

void tst_OverflowPolicy::patienceIsTheShorterOne()
{
    QFETCH(Overflow, choice);
    QFETCH(quint32, asked);
    QFETCH(qint64, endpoint);
    QFETCH(qint64, patience);
    QFETCH(bool, capped);
    OverflowSettings settings;
    settings.patienceNs = endpoint;
    for (const bool bySession : {false, true}) {
        const OverflowChoice chosen{choice, asked};
        const auto effective = bySession ? effectiveOverflow({}, chosen, settings)
                                         : effectiveOverflow(chosen, {}, settings);
        QCOMPARE(effective.patienceNs, patience);
        QCOMPARE(effective.capped, capped);
    }
    settings.policy = Policy::BlockUpTo;
    QCOMPARE(effectiveOverflow({}, {}, settings).patienceNs, endpoint);
}

// DS-04, seam (d): before any policy acts
void tst_OverflowPolicy::nothingIsGivenUpWhileThePublisherWaits()
{
    OverflowCase found = attached();
    found.mayHold = true;
    for (const Policy policy : kAll)
        QCOMPARE(decideOverflow(policy, found), Action::UseMargin);
    found.isAttached = false; // nobody would ever read
    for (const Policy policy : kAll)
        QVERIFY(decideOverflow(policy, found) != Action::UseMargin);
}

// DS-04
void tst_OverflowPolicy::eachPolicy_data()
{
    QTest::addColumn<OverflowPolicy>("policy");
    QTest::addColumn<OverflowAction>("whileAttached");
    QTest::addColumn<OverflowAction>("whileDetached");
    QTest::newRow("disconnect") << Policy::Disconnect << Action::Disconnect << Action::MakeRoom;
    QTest::newRow("drop-oldest") << Policy::DropOldest << Action::MakeRoom << Action::MakeRoom;
    QTest::newRow("drop-newest") << Policy::DropNewest << Action::DropNewest << Action::DropNewest;
    QTest::newRow("latest-per-topic")
        << Policy::LatestPerTopic << Action::MakeRoom << Action::MakeRoom;
    QTest::newRow("reject") << Policy::Reject << Action::RejectPublisher << Action::RejectPublisher;
    QTest::newRow("block-up-to") << Policy::BlockUpTo << Action::Disconnect << Action::MakeRoom;
    QTest::newRow("fault-source") << Policy::FaultSource << Action::FaultSource << Action::MakeRoom;
}

void tst_OverflowPolicy::eachPolicy()
{
    QFETCH(OverflowPolicy, policy);
    QFETCH(OverflowAction, whileAttached);
    QFETCH(OverflowAction, whileDetached);
    OverflowCase found = attached();
    QCOMPARE(decideOverflow(policy, found), whileAttached);
    found.isAttached = false;
    QCOMPARE(decideOverflow(policy, found), whileDetached);
}

// A peer is not parted from its queue by a message that it can never get.
void tst_OverflowPolicy::aMessageThatNeverFits()
{
    for (const bool isAttached : {false, true}) {
        OverflowCase found = attached();
        found.isAttached = isAttached;
        found.fits = false;
        found.mayHold = true;
        for (const Policy policy : kAll) {
            QCOMPARE(decideOverflow(policy, found),
                     policy == Policy::Reject ? Action::RejectPublisher : Action::DropNewest);
        }
    }
}

// DS-07
void tst_OverflowPolicy::theSourceIsFaultedForItsOnlyReader()
{
    OverflowCase found = attached();
    QCOMPARE(decideOverflow(Policy::FaultSource, found), Action::FaultSource);
    found.externalSubscribers = 2;
    QCOMPARE(decideOverflow(Policy::FaultSource, found), Action::Disconnect);
    found.externalSubscribers = 0; // no limited stream has the topic
    QCOMPARE(decideOverflow(Policy::FaultSource, found), Action::Disconnect);
    found.externalSubscribers = 1;
    found.hasSource = false; // the host itself, or the reader
    QCOMPARE(decideOverflow(Policy::FaultSource, found), Action::Disconnect);
}

// DS-07: what an observer does not read is its own loss, whatever its endpoint says.
void tst_OverflowPolicy::observersHarmNobody()
{
    for (const Policy policy : kAll) {
        OverflowSettings settings;
        settings.policy = policy;
        const Policy got = overflowOf({}, settings, {true, true}).policy;
        const bool isKept = policy == Policy::DropNewest || policy == Policy::LatestPerTopic;
        QCOMPARE(got, isKept ? policy : Policy::DropOldest);
    }
}

// DS-07
void tst_OverflowPolicy::onlyLimitedStreamsFaultTheirSource()
{
    OverflowSettings settings;
    settings.policy = Policy::FaultSource;
    QCOMPARE(overflowOf({}, settings, {false, true}).policy, Policy::FaultSource);
    QCOMPARE(overflowOf({}, settings, {false, false}).policy, Policy::Disconnect);
    QCOMPARE(overflowOf({Overflow::DropNewest, 0}, settings, {false, true}).policy,
             Policy::DropNewest);
}

void tst_OverflowPolicy::patienceGoesWithThePolicy()
{
    OverflowSettings settings;
    settings.patienceNs = 5000 * kMs;
    QCOMPARE(overflowOf({Overflow::BlockUpTo, 700}, settings, {}),
             (SubscriptionOverflow{Policy::BlockUpTo, 700}));
    QCOMPARE(overflowOf({Overflow::DropOldest, 0}, settings, {}).patienceMs, 250U);
}

// DS-06: last sequence, capacity and remedy
void tst_OverflowPolicy::theErrorSaysWhatToDo()
{
    const Error error = overflowError({3, 77}, 4, 1024);
    QCOMPARE(error.code(), ErrorCode::QueueOverflow);
    const QVariantMap details = error.details();
    QCOMPARE(details.value(QStringLiteral("last_sequence")).toULongLong(), 77U);
    QCOMPARE(details.value(QStringLiteral("epoch")).toUInt(), 3U);
    QCOMPARE(details.value(QStringLiteral("queue_messages")).toULongLong(), 4U);
    QCOMPARE(details.value(QStringLiteral("queue_bytes")).toULongLong(), 1024U);
    QVERIFY(error.text().contains(QStringLiteral("overflow policy")));
}

QTEST_APPLESS_MAIN(tst_OverflowPolicy)
#include "tst_overflowpolicy.moc"
