// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "epolltest.h"

#include <QSemaphore>
#include <QStringList>
#include <QTimer>

#include <memory>

using namespace fairlead::core;
using namespace fairlead::core::test;

namespace {

class Turns final : public TurnHandler
{
public:
    void runTurn() noexcept override
    {
        ++turns;
        if (onTurn) {
            onTurn();
        }
    }

    bool hasPendingWork() const noexcept override { return pending > 0; }

    qint64 nextDeadlineNs() const noexcept override { return deadline; }

    std::function<void()> onTurn;
    int turns = 0;
    int pending = 0;
    qint64 deadline = -1;
};

class TurnGuard
{
public:
    explicit TurnGuard(TurnHandler *handler)
    {
        EpollDispatcher::current()->setTurnHandler(handler);
    }

    ~TurnGuard() { EpollDispatcher::current()->setTurnHandler(nullptr); }
    Q_DISABLE_COPY_MOVE(TurnGuard)
};

} // namespace

// What the dispatcher offers beyond Qt for whole turns: the turn hook, cheap wake-ups.
class tst_EpollTurns : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void init() { settle(); }

    void turnRunsAfterDescriptorsTimersAndPostedEventsAndBeforeBlocking();
    void turnRunsBeforeTheLoopEnds();
    void pendingWorkKeepsTheLoopFromBlocking();
    void turnDeadlineEndsTheWaitNeverEarly_data();
    void turnDeadlineEndsTheWaitNeverEarly();
    void turnIsNotEnteredAgainButRunsOnceMore();
    void turnHandlerMayRemoveItself();
    void ownWakeUpsCostNoSystemCall();
    void wakeUpsOfABusyLoopCostNoSystemCall();
    void wakeUpsOfASleepingLoopAreMerged();
    void wakeUpBeforeTheWaitIsNotLost();
    void interruptFromAnotherThreadIsNeverLost();
    void interruptTakenByANestedPassEndsTheOuterLoop();
    void oneWaitPerPass();

private:
    static EpollDispatcher *loop() { return EpollDispatcher::current(); }
};

void tst_EpollTurns::turnRunsAfterDescriptorsTimersAndPostedEventsAndBeforeBlocking()
{
    QStringList log;
    SocketPair pair;
    QEventLoop inner;
    Turns turns;
    QObject context;
    Handler handler([&](quint32) {
        log.append(QStringLiteral("fd"));
        pair.receive();
        QMetaObject::invokeMethod(
            &context, [&] { log.append(QStringLiteral("posted")); }, Qt::QueuedConnection);
    });
    turns.onTurn = [&] {
        log.append(QStringLiteral("turn"));
        if (turns.turns == 2) {
            QVERIFY(pair.sendFromFar());
        }
    };
    connect(loop(), &QAbstractEventDispatcher::aboutToBlock, &context, [&] {
        log.append(QStringLiteral("block"));
        if (log.contains(QLatin1String("fd"))) {
            inner.quit();
        }
    });
    QTimer::singleShot(1, Qt::PreciseTimer, &context, [&] { log.append(QStringLiteral("timer")); });
    QVERIFY(loop()->addFd(pair.nearEnd(), &handler, EPOLLIN | EPOLLET));
    const TurnGuard guard(&turns);
    inner.exec();
    const QStringList expected{QStringLiteral("turn"),
                               QStringLiteral("block"),
                               QStringLiteral("timer"),
                               QStringLiteral("turn"),
                               QStringLiteral("block"),
                               QStringLiteral("fd"),
                               QStringLiteral("posted"),
                               QStringLiteral("turn"),
                               QStringLiteral("block")};
    QCOMPARE(log, expected);
    loop()->removeFd(pair.nearEnd());
}

void tst_EpollTurns::turnRunsBeforeTheLoopEnds()
{
    SocketPair pair;
    QEventLoop inner;
    Turns turns;
    int turnsAtEvent = -1;
    Handler handler([&](quint32) {
        turnsAtEvent = turns.turns;
        inner.quit();
    });
    QVERIFY(loop()->addFd(pair.nearEnd(), &handler, EPOLLIN | EPOLLET));
    QVERIFY(pair.sendFromFar());
    const TurnGuard guard(&turns);
    inner.exec();
    QVERIFY(turnsAtEvent >= 0);
    QCOMPARE(turns.turns, turnsAtEvent + 1);
    loop()->removeFd(pair.nearEnd());
}

void tst_EpollTurns::pendingWorkKeepsTheLoopFromBlocking()
{
    QEventLoop inner;
    Turns turns;
    turns.pending = 5;
    turns.onTurn = [&] {
        if (--turns.pending == 0) {
            inner.quit();
        }
    };
    int blocked = 0;
    connect(loop(), &QAbstractEventDispatcher::aboutToBlock, &inner, [&] { ++blocked; });
    const TurnGuard guard(&turns);
    inner.exec();
    QCOMPARE(turns.turns, 5);
    QCOMPARE(blocked, 0);
}

void tst_EpollTurns::turnDeadlineEndsTheWaitNeverEarly_data()
{
    QTest::addColumn<bool>("nanoseconds");
    QTest::newRow("nanoseconds") << true;
    QTest::newRow("milliseconds") << false;
}

void tst_EpollTurns::turnDeadlineEndsTheWaitNeverEarly()
{
    QFETCH(const bool, nanoseconds);
    loop()->setNanosecondWaits(nanoseconds);
    constexpr qint64 kStep = 1'300'000;
    constexpr int kDeadlines = 20;
    QEventLoop inner;
    Turns turns;
    int reached = 0;
    turns.deadline = EpollDispatcher::nowNs() + kStep;
    turns.onTurn = [&] {
        if (EpollDispatcher::nowNs() >= turns.deadline) {
            turns.deadline = EpollDispatcher::nowNs() + kStep;
            if (++reached == kDeadlines) {
                turns.deadline = -1;
                inner.quit();
            }
        }
    };
    const TurnGuard guard(&turns);
    inner.exec();
    loop()->setNanosecondWaits(true);
    // A wait that ended early would show as a turn that finds its deadline ahead.
    QVERIFY2(turns.turns <= kDeadlines + 2, qPrintable(QString::number(turns.turns)));
}

void tst_EpollTurns::turnIsNotEnteredAgainButRunsOnceMore()
{
    QEventLoop outer;
    Turns turns;
    int depth = 0;
    turns.onTurn = [&] {
        QCOMPARE(++depth, 1);
        if (turns.turns == 1) {
            // Consumes a wake-up that stands for work the turn looks at.
            loop()->wakeUp();
            turns.pending = 1;
            loop()->processEvents(QEventLoop::AllEvents);
            QEventLoop inner;
            QTimer::singleShot(1, &inner, &QEventLoop::quit);
            const quint64 before = loop()->statistics().waits;
            inner.exec();
            QVERIFY(loop()->statistics().waits - before < 20);
            turns.pending = 0;
        } else {
            outer.quit();
        }
        --depth;
    };
    const TurnGuard guard(&turns);
    outer.exec();
    QCOMPARE(turns.turns, 2);
}

void tst_EpollTurns::turnHandlerMayRemoveItself()
{
    auto turns = std::make_unique<Turns>();
    int count = 0;
    turns->pending = 1;
    turns->onTurn = [&] {
        ++count;
        loop()->setTurnHandler(nullptr);
    };
    loop()->setTurnHandler(turns.get());
    settle();
    QCOMPARE(count, 1);
}

void tst_EpollTurns::ownWakeUpsCostNoSystemCall()
{
    const auto before = loop()->statistics();
    for (int i = 0; i < 100; ++i) {
        loop()->wakeUp();
    }
    // Returns at once because of them, although it was told to wait.
    QVERIFY(loop()->processEvents(QEventLoop::WaitForMoreEvents));
    const auto after = loop()->statistics();
    QCOMPARE(after.wakeUpsSent, before.wakeUpsSent);
    QCOMPARE(after.wakeUpsSeen, before.wakeUpsSeen);
    QCOMPARE(after.waits, before.waits + 1);
}

void tst_EpollTurns::wakeUpsOfABusyLoopCostNoSystemCall()
{
    const auto before = loop()->statistics();
    std::unique_ptr<QThread> thread(QThread::create([dispatcher = loop()] {
        for (int i = 0; i < 1000; ++i) {
            dispatcher->wakeUp();
        }
    }));
    thread->start();
    thread->wait();
    QVERIFY(loop()->processEvents(QEventLoop::WaitForMoreEvents));
    QCOMPARE(loop()->statistics().wakeUpsSent, before.wakeUpsSent);
    QCOMPARE(loop()->statistics().wakeUpsSeen, before.wakeUpsSeen);
}

void tst_EpollTurns::wakeUpsOfASleepingLoopAreMerged()
{
    QSemaphore blocking;
    quint64 blocks = 0;
    QEventLoop inner;
    connect(loop(), &QAbstractEventDispatcher::aboutToBlock, &inner, [&] {
        ++blocks;
        blocking.release();
    });
    const auto before = loop()->statistics();
    std::unique_ptr<QThread> thread(QThread::create([&, dispatcher = loop()] {
        blocking.acquire();
        for (int i = 0; i < 10'000; ++i) {
            dispatcher->wakeUp();
        }
        inner.exit();
    }));
    thread->start();
    inner.exec();
    thread->wait();
    settle();
    const auto after = loop()->statistics();
    QVERIFY(after.wakeUpsSent - before.wakeUpsSent <= blocks);
    QCOMPARE(after.wakeUpsSeen - before.wakeUpsSeen, after.wakeUpsSent - before.wakeUpsSent);
}

void tst_EpollTurns::wakeUpBeforeTheWaitIsNotLost()
{
    // Placed by another thread after the loop has looked for work and before it sleeps.
    QObject context;
    int seen = 0;
    connect(loop(), &QAbstractEventDispatcher::aboutToBlock, &context, [&] {
        std::unique_ptr<QThread> thread(
            QThread::create([dispatcher = loop()] { dispatcher->wakeUp(); }));
        thread->start();
        thread->wait();
        ++seen;
    });
    for (int i = 1; i <= 5; ++i) {
        loop()->processEvents(QEventLoop::WaitForMoreEvents);
        loop()->processEvents(QEventLoop::WaitForMoreEvents);
        QCOMPARE(seen, i);
    }
}

void tst_EpollTurns::interruptFromAnotherThreadIsNeverLost()
{
    // Quitting races with starting, with entering the wait and with a nested loop that may take
    // the interrupt; a lost one hangs the thread.
    std::atomic<int> reached = 0;
    for (int i = 0; i < 400; ++i) {
        reached = 0;
        QThread thread;
        thread.setEventDispatcher(new EpollDispatcher);
        QObject context;
        context.moveToThread(&thread);
        QMetaObject::invokeMethod(
            &context,
            [&] {
                QEventLoop inner;
                ++reached;
                inner.exec();
                ++reached;
            },
            Qt::QueuedConnection);
        thread.start();
        for (int spins = i % 40; spins > 0 || (i % 2 == 0 && reached == 0); --spins) {
            QThread::yieldCurrentThread();
        }
        if (i % 3 == 0) {
            QMetaObject::invokeMethod(
                &context, [] {}, Qt::QueuedConnection);
        }
        thread.quit();
        QVERIFY(thread.wait(QDeadlineTimer(20'000)));
    }
}

void tst_EpollTurns::interruptTakenByANestedPassEndsTheOuterLoop()
{
    QEventLoop outer;
    QMetaObject::invokeMethod(
        &outer,
        [&] {
            outer.quit();
            loop()->processEvents(QEventLoop::AllEvents);
        },
        Qt::QueuedConnection);
    bool hung = false;
    QTimer::singleShot(5000, &outer, [&] { hung = true; });
    outer.exec();
    QVERIFY(!hung);
}

void tst_EpollTurns::oneWaitPerPass()
{
    int passes = 0;
    QObject context;
    connect(loop(), &QAbstractEventDispatcher::awake, &context, [&] { ++passes; });
    const quint64 before = loop()->statistics().waits;
    SocketPair pair;
    Handler handler;
    QVERIFY(loop()->addFd(pair.nearEnd(), &handler, EPOLLIN | EPOLLET));
    QEventLoop inner;
    int rounds = 0;
    QTimer timer;
    connect(&timer, &QTimer::timeout, &inner, [&] {
        QVERIFY(pair.sendFromFar());
        if (++rounds == 20) {
            inner.quit();
        }
    });
    timer.start(0);
    inner.exec();
    QVERIFY(passes >= 20);
    QVERIFY(loop()->statistics().waits - before <= static_cast<quint64>(passes));
    loop()->removeFd(pair.nearEnd());
}

EPOLL_TEST_MAIN(tst_EpollTurns)
#include "tst_epollturns.moc"
