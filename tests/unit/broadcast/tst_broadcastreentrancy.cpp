// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/broadcast/broadcaster.h"
#include "fakeloop.h"
#include "scriptedtarget.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::core;
using namespace fairlead::test;
using Answer = ScriptedTarget::Answer;

/// Slots and targets that call back, or delete the broadcaster (SH-08).
class tst_BroadcastReentrancy : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void targetsMayUnregisterEachOther();
    void targetMayStartAnotherBroadcast();
    void finishedMayStartAnotherBroadcast();
    void broadcasterMayDieAnywhere_data();
    void broadcasterMayDieAnywhere();
};

namespace {

BroadcastRequest quiesce(QuiesceReason reason = QuiesceReason::Maintenance)
{
    BroadcastRequest request;
    request.reason = reason;
    return request;
}

} // namespace

void tst_BroadcastReentrancy::targetsMayUnregisterEachOther()
{
    FakeLoop loop;
    Broadcaster broadcaster(loop, loop.timers, loop);
    const auto a = std::make_shared<ScriptedTarget>();
    const auto b = std::make_shared<ScriptedTarget>();
    QVERIFY(broadcaster.registerTarget({QStringLiteral("a"), a, true, {}}));
    QVERIFY(broadcaster.registerTarget({QStringLiteral("b"), b, true, {}}));
    a->whenAsked = [&](const Operation &) {
        broadcaster.unregisterTarget(QStringLiteral("a"));
        broadcaster.unregisterTarget(QStringLiteral("b"));
    };
    BroadcastReport report;
    QVERIFY(broadcaster.start(quiesce(), [&](const BroadcastReport &r) { report = r; }));
    loop.run();
    QVERIFY(b->asked.empty());
    QCOMPARE(report.failures.size(), 2U);
    QCOMPARE(report.failures[1].error.code(), ErrorCode::ConnectionClosed);
    QCOMPARE(broadcaster.stats().lateAcks, 1U);
}

void tst_BroadcastReentrancy::targetMayStartAnotherBroadcast()
{
    FakeLoop loop;
    Broadcaster broadcaster(loop, loop.timers, loop);
    const auto a = std::make_shared<ScriptedTarget>();
    QVERIFY(broadcaster.registerTarget({QStringLiteral("a"), a, true, {}}));
    a->whenAsked = [&](const Operation &operation) {
        if (operation.correlationId == 1)
            QVERIFY(broadcaster.start(quiesce(QuiesceReason::HostShutdown)));
    };
    QVERIFY(broadcaster.start(quiesce()));
    loop.run();
    QCOMPARE(a->asked.size(), 2U);
    QCOMPARE(broadcaster.stats().finished, 2U);
}

void tst_BroadcastReentrancy::finishedMayStartAnotherBroadcast()
{
    FakeLoop loop;
    Broadcaster broadcaster(loop, loop.timers, loop);
    const auto a = std::make_shared<ScriptedTarget>();
    QVERIFY(broadcaster.registerTarget({QStringLiteral("a"), a, true, {}}));
    int left = 3;
    connect(&broadcaster, &Broadcaster::finished, this, [&] {
        if (--left > 0)
            QVERIFY(broadcaster.start(quiesce()));
    });
    QVERIFY(broadcaster.start(quiesce()));
    loop.run();
    QCOMPARE(a->asked.size(), 3U);
}

void tst_BroadcastReentrancy::broadcasterMayDieAnywhere_data()
{
    QTest::addColumn<QString>("where");
    for (const char *where :
         {"started", "asked", "targetFinished", "timeout", "finished", "callback", "resumed"}) {
        QTest::newRow(qPrintable(QStringLiteral("SH-08 ") + QLatin1String(where)))
            << QString::fromLatin1(where);
    }
}

void tst_BroadcastReentrancy::broadcasterMayDieAnywhere()
{
    QFETCH(QString, where);
    FakeLoop loop;
    auto broadcaster = std::make_unique<Broadcaster>(loop, loop.timers, loop);
    const bool mute = where == QLatin1String("timeout") || where == QLatin1String("resumed");
    const auto a = std::make_shared<ScriptedTarget>(mute ? Answer::Keep : Answer::Done);
    const auto b = std::make_shared<ScriptedTarget>(mute ? Answer::Keep : Answer::Done);
    QVERIFY(broadcaster->registerTarget({QStringLiteral("a"), a, true, {}}));
    QVERIFY(broadcaster->registerTarget({QStringLiteral("b"), b, true, {}}));
    int deaths = 0;
    const auto die = [&] {
        ++deaths;
        broadcaster.reset();
    };
    Broadcaster *raw = broadcaster.get();
    if (where == QLatin1String("started")) {
        connect(raw, &Broadcaster::started, this, die);
    } else if (where == QLatin1String("asked")) {
        a->whenAsked = [&](const Operation &) { die(); };
    } else if (where == QLatin1String("targetFinished") || where == QLatin1String("timeout")) {
        connect(raw, &Broadcaster::targetFinished, this, die);
    } else if (where == QLatin1String("finished")) {
        connect(raw, &Broadcaster::finished, this, die);
    } else if (where == QLatin1String("resumed")) {
        connect(raw, &Broadcaster::resumed, this, die);
    }
    const auto started
        = raw->start(quiesce(QuiesceReason::IdleTimeout), [&](const BroadcastReport &) {
              if (where == QLatin1String("callback"))
                  die();
          });
    QVERIFY(started);
    loop.advance(10 * kNsPerSecond);
    QCOMPARE(deaths, 1);
    QCOMPARE(loop.timers.size(), 0U);
}

QTEST_GUILESS_MAIN(tst_BroadcastReentrancy)

#include "tst_broadcastreentrancy.moc"
