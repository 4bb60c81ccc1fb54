// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/storethread.h"
#include "core/platform/systemclock.h"
#include "core/store/store.h"
#include "storeworld.h"

#include <QTest>

#include <atomic>
#include <thread>
#include <vector>

using namespace fairlead;
using namespace fairlead::core;

class tst_StoreThread : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    // Four reactors append what their links wait for, while the disk fails now and then.
    void whatFourThreadsAppendIsDecidedOnceAndKeptOrRefused()
    {
        constexpr int kThreads = 4;
        constexpr int kEach = 3000;
        ScriptedEngine engine;
        const LiveClock clock;
        int commits = 0;
        engine.onCommit = [&engine, &commits] {
            ++commits;
            engine.commitError = commits % 5 == 4 ? fullError() : Error();
        };
        Store store(engine, clock, {.lazyInterval = kNsPerMs, .retryInterval = kNsPerMs});
        QVERIFY(store.open().failure.isNull());
        store.append(putSession(1), Durability::Disk);
        QVERIFY(store.drain());

        std::atomic<Ticket> told = 0;
        store.setListener({.groupDecided = [&] { told = store.decidedUpTo(); },
                           .degraded = nullptr,
                           .recovered = nullptr});
        std::atomic<quint64> sequence = 1000;
        std::atomic<int> kept = 0;
        {
            StoreThread thread(store);
            QCOMPARE(thread.objectName(), QStringLiteral("store"));
            std::vector<std::thread> appenders;
            for (int i = 0; i < kThreads; ++i) {
                appenders.emplace_back([&] {
                    for (int count = 0; count < kEach; ++count) {
                        const quint64 number = ++sequence;
                        const Ticket ticket = store.append(
                            putMessage(makeMessage(number), {makeTarget(1)}), Durability::Written);
                        store.kick();
                        if (count % 16 != 0)
                            continue;
                        while (store.decidedUpTo() < ticket)
                            std::this_thread::yield();
                        if (!store.isRefused(ticket))
                            ++kept;
                        else
                            store.append(record::Settle{1, number, 0}, Durability::Memory);
                    }
                });
            }
            for (std::thread &appender : appenders)
                appender.join();
        }
        engine.onCommit = nullptr;
        engine.commitError = {};
        QVERIFY(store.drain());
        QVERIFY(!store.isDegraded());
        QVERIFY(kept > 0);
        const StoreFigures figures = store.figures();
        QCOMPARE(told.load(), store.decidedUpTo());
        QCOMPARE(figures.records >= quint64(kThreads * kEach), true);
        QCOMPARE(figures.messages + figures.refused, quint64(kThreads * kEach));
        QVERIFY(figures.refused > 0);
        QVERIFY(figures.groups < quint64(kThreads * kEach));
        QVERIFY(store.close());

        Store again(engine, clock, {});
        const Recovered recovered = again.open();
        QCOMPARE(recovered.sessions.at(0).deliveries.size(), std::size_t(figures.messages));
        QCOMPARE(recovered.skipped, quint64(0));
    }

    void lazyRecordsAreWrittenWithoutAnybodyWaiting()
    {
        ScriptedEngine engine;
        const LiveClock clock;
        Store store(engine, clock, {.lazyInterval = kNsPerMs});
        store.open();
        StoreThread thread(store);
        const Ticket ticket = store.append(putSession(1), Durability::Memory);
        store.kick();
        QTRY_VERIFY(store.decidedUpTo() >= ticket);
    }
};

QTEST_GUILESS_MAIN(tst_StoreThread)
#include "tst_storethread.moc"
