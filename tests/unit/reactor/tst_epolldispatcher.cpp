// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "epolltest.h"

#include <QSemaphore>
#include <QStringList>
#include <QTemporaryFile>
#include <QTimer>

#include <cerrno>
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

// What the dispatcher offers beyond Qt: direct handlers, the turn hook, cheap wake-ups.
class tst_EpollDispatcher : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void init() { settle(); }

    void edgeIsReportedOncePerArrivalWithoutControlCalls();
    void levelIsReportedUntilRead();
    void modifyArmsAReportedEdgeAgain();
    void hangUpAfterAllInterestWasDroppedDoesNotSpin();
    void unusableDescriptorsAreRefused();
    void descriptorWithAnOwnerIsRefused();
    void handlerMayDeleteItself();
    void handlerDeletedByAnotherInTheBatchIsNotCalled();
    void descriptorReusedInTheBatchDoesNotGetTheOldEvent();
    void descriptorClosedBeforeItsRemovalDoesNotSpin();
    void batchLargerThanOneWaitReachesEveryone();
    void nestedLoopDeliversTheRestOfTheBatch();
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

    static quint64 waitsDuring(int ms);
};

// Waits the loop makes while it has nothing to do but a timer.
quint64 tst_EpollDispatcher::waitsDuring(int ms)
{
    const quint64 before = loop()->statistics().waits;
    QEventLoop inner;
    QTimer::singleShot(ms, Qt::PreciseTimer, &inner, &QEventLoop::quit);
    inner.exec();
    return loop()->statistics().waits - before;
}

void tst_EpollDispatcher::edgeIsReportedOncePerArrivalWithoutControlCalls()
{
    SocketPair pair;
    Handler handler;
    QVERIFY(loop()->addFd(pair.nearEnd(), &handler, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET));
    settle();
    QCOMPARE(handler.calls, 1);
    QVERIFY(handler.lastEvents & EPOLLOUT);
    const quint64 controlCalls = loop()->statistics().controlCalls;
    for (int i = 0; i < 10; ++i) {
        QVERIFY(pair.sendFromFar());
        settle();
        QCOMPARE(handler.calls, 2 + i);
        QVERIFY(handler.lastEvents & EPOLLIN);
    }
    QCOMPARE(pair.receive().size(), 10);
    pair.closeFar();
    settle();
    QVERIFY(handler.lastEvents & EPOLLRDHUP);
    QCOMPARE(loop()->statistics().controlCalls, controlCalls);
    loop()->removeFd(pair.nearEnd());
}

void tst_EpollDispatcher::levelIsReportedUntilRead()
{
    SocketPair pair;
    Handler handler;
    QVERIFY(loop()->addFd(pair.nearEnd(), &handler, EPOLLIN));
    QVERIFY(pair.sendFromFar());
    for (int i = 1; i <= 3; ++i) {
        loop()->processEvents(QEventLoop::AllEvents);
        QCOMPARE(handler.calls, i);
    }
    pair.receive();
    settle();
    QCOMPARE(handler.calls, 3);
    loop()->removeFd(pair.nearEnd());
    QVERIFY(pair.sendFromFar());
    settle();
    QCOMPARE(handler.calls, 3);
}

void tst_EpollDispatcher::modifyArmsAReportedEdgeAgain()
{
    SocketPair pair;
    Handler handler;
    QVERIFY(loop()->addFd(pair.nearEnd(), &handler, EPOLLIN | EPOLLET));
    QVERIFY(pair.sendFromFar());
    settle();
    QCOMPARE(handler.calls, 1);
    QVERIFY(loop()->modifyFd(pair.nearEnd(), EPOLLIN | EPOLLET));
    settle();
    QCOMPARE(handler.calls, 2);
    QVERIFY(loop()->modifyFd(pair.nearEnd(), EPOLLOUT | EPOLLET));
    settle();
    QCOMPARE(handler.lastEvents, quint32{EPOLLOUT});
    loop()->removeFd(pair.nearEnd());
    QVERIFY(!loop()->modifyFd(pair.nearEnd(), EPOLLIN));
    QCOMPARE(errno, ENOENT);
}

void tst_EpollDispatcher::hangUpAfterAllInterestWasDroppedDoesNotSpin()
{
    SocketPair pair;
    Handler handler;
    QVERIFY(loop()->addFd(pair.nearEnd(), &handler, EPOLLIN));
    QVERIFY(loop()->modifyFd(pair.nearEnd(), 0));
    pair.closeFar();
    QVERIFY(waitsDuring(20) < 20);
    QCOMPARE(handler.calls, 1);
    QVERIFY(handler.lastEvents & EPOLLHUP);
    loop()->removeFd(pair.nearEnd());
}

void tst_EpollDispatcher::unusableDescriptorsAreRefused()
{
    Handler handler;
    QVERIFY(!loop()->addFd(-1, &handler, EPOLLIN));
    QCOMPARE(errno, EBADF);
    SocketPair pair;
    QVERIFY(!loop()->addFd(pair.nearEnd(), nullptr, EPOLLIN));
    QCOMPARE(errno, EINVAL);
    const int closed = pair.nearEnd();
    pair.closeNear();
    QVERIFY(!loop()->addFd(closed, &handler, EPOLLIN));
    QCOMPARE(errno, EBADF);
    QTemporaryFile file;
    QVERIFY(file.open());
    QVERIFY(!loop()->addFd(file.handle(), &handler, EPOLLIN));
    QCOMPARE(errno, EPERM);
    loop()->removeFd(closed);
    loop()->removeFd(-1);
}

void tst_EpollDispatcher::descriptorWithAnOwnerIsRefused()
{
    SocketPair pair;
    Handler first;
    Handler second;
    QVERIFY(loop()->addFd(pair.nearEnd(), &first, EPOLLIN));
    QVERIFY(!loop()->addFd(pair.nearEnd(), &second, EPOLLIN));
    QCOMPARE(errno, EEXIST);
    loop()->removeFd(pair.nearEnd());
    QVERIFY(loop()->addFd(pair.nearEnd(), &second, EPOLLIN));
    QVERIFY(pair.sendFromFar());
    loop()->processEvents(QEventLoop::AllEvents);
    QCOMPARE(first.calls, 0);
    QCOMPARE(second.calls, 1);
    loop()->removeFd(pair.nearEnd());
}

void tst_EpollDispatcher::handlerMayDeleteItself()
{
    SocketPair pair;
    int calls = 0;
    Handler *handler = nullptr;
    handler = new Handler([&](quint32) {
        ++calls;
        loop()->removeFd(pair.nearEnd());
        delete handler;
    });
    QVERIFY(loop()->addFd(pair.nearEnd(), handler, EPOLLIN));
    QVERIFY(pair.sendFromFar());
    settle();
    QCOMPARE(calls, 1);
}

void tst_EpollDispatcher::handlerDeletedByAnotherInTheBatchIsNotCalled()
{
    std::array<SocketPair, 2> pairs;
    std::array<std::unique_ptr<Handler>, 2> handlers;
    int calls = 0;
    for (std::size_t i = 0; i < 2; ++i) {
        handlers[i] = std::make_unique<Handler>([&, i](quint32) {
            ++calls;
            loop()->removeFd(pairs[1 - i].nearEnd());
            pairs[1 - i].closeNear();
            handlers[1 - i].reset();
        });
        QVERIFY(loop()->addFd(pairs[i].nearEnd(), handlers[i].get(), EPOLLIN | EPOLLET));
        QVERIFY(pairs[i].sendFromFar());
    }
    const auto before = loop()->statistics();
    settle();
    QCOMPARE(calls, 1);
    QCOMPARE(loop()->statistics().staleEvents - before.staleEvents, 1U);
    QCOMPARE(loop()->statistics().rebuilds, before.rebuilds);
    loop()->removeFd(pairs[0].nearEnd());
    loop()->removeFd(pairs[1].nearEnd());
}

void tst_EpollDispatcher::descriptorReusedInTheBatchDoesNotGetTheOldEvent()
{
    std::array<SocketPair, 2> pairs;
    SocketPair fresh;
    Handler successor;
    int reused = -1;
    std::array<std::unique_ptr<Handler>, 2> handlers;
    for (std::size_t i = 0; i < 2; ++i) {
        handlers[i] = std::make_unique<Handler>([&, i](quint32) {
            reused = pairs[1 - i].nearEnd();
            loop()->removeFd(reused);
            // Closes the old file and puts another under its number.
            QCOMPARE(::dup2(fresh.nearEnd(), reused), reused);
            QVERIFY(loop()->addFd(reused, &successor, EPOLLIN | EPOLLET));
        });
        QVERIFY(loop()->addFd(pairs[i].nearEnd(), handlers[i].get(), EPOLLIN | EPOLLET));
        QVERIFY(pairs[i].sendFromFar());
    }
    const quint64 stale = loop()->statistics().staleEvents;
    settle();
    QVERIFY(reused >= 0);
    QCOMPARE(handlers[0]->calls + handlers[1]->calls, 1);
    QCOMPARE(successor.calls, 0);
    QCOMPARE(loop()->statistics().staleEvents - stale, 1U);
    QVERIFY(fresh.sendFromFar());
    settle();
    QCOMPARE(successor.calls, 1);
    loop()->removeFd(pairs[0].nearEnd());
    loop()->removeFd(pairs[1].nearEnd());
}

void tst_EpollDispatcher::descriptorClosedBeforeItsRemovalDoesNotSpin()
{
    SocketPair other;
    Handler otherHandler;
    QVERIFY(loop()->addFd(other.nearEnd(), &otherHandler, EPOLLIN | EPOLLET));
    SocketPair pair;
    Handler handler;
    const int number = pair.nearEnd();
    QVERIFY(loop()->addFd(number, &handler, EPOLLIN));
    // A copy keeps the file alive, and with it the registration under a number now closed.
    const int copy = ::dup(number);
    pair.closeNear();
    loop()->removeFd(number);
    QVERIFY(pair.sendFromFar());
    QVERIFY(waitsDuring(20) < 20);
    QCOMPARE(handler.calls, 0);
    QCOMPARE(loop()->statistics().rebuilds, 1U);
    // The others are served as before, and so are wake-ups.
    QVERIFY(other.sendFromFar());
    settle();
    QCOMPARE(otherHandler.calls, 1);
    std::unique_ptr<QThread> thread(QThread::create([this] {
        QMetaObject::invokeMethod(
            this, [] {}, Qt::QueuedConnection);
    }));
    QEventLoop inner;
    connect(thread.get(), &QThread::finished, &inner, &QEventLoop::quit);
    thread->start();
    inner.exec();
    thread->wait();
    loop()->removeFd(other.nearEnd());
    ::close(copy);
}

void tst_EpollDispatcher::batchLargerThanOneWaitReachesEveryone()
{
    constexpr std::size_t kPairs = 700;
    std::vector<std::unique_ptr<SocketPair>> pairs;
    std::vector<std::unique_ptr<Handler>> handlers;
    for (std::size_t i = 0; i < kPairs; ++i) {
        pairs.push_back(std::make_unique<SocketPair>());
        handlers.push_back(std::make_unique<Handler>());
        QVERIFY(loop()->addFd(pairs[i]->nearEnd(), handlers[i].get(), EPOLLIN | EPOLLET));
        QVERIFY(pairs[i]->sendFromFar());
    }
    settle();
    for (std::size_t i = 0; i < kPairs; ++i) {
        QCOMPARE(handlers[i]->calls, 1);
        loop()->removeFd(pairs[i]->nearEnd());
    }
}

void tst_EpollDispatcher::nestedLoopDeliversTheRestOfTheBatch()
{
    std::array<SocketPair, 2> pairs;
    std::array<std::unique_ptr<Handler>, 2> handlers;
    QEventLoop inner;
    int depth = 0;
    bool nestedServed = false;
    for (std::size_t i = 0; i < 2; ++i) {
        handlers[i] = std::make_unique<Handler>([&](quint32) {
            if (++depth == 1) {
                // Only the other's edge, fetched already, ends this.
                inner.exec();
            } else {
                nestedServed = true;
                inner.quit();
            }
        });
        QVERIFY(loop()->addFd(pairs[i].nearEnd(), handlers[i].get(), EPOLLIN | EPOLLET));
        QVERIFY(pairs[i].sendFromFar());
    }
    settle();
    QVERIFY(nestedServed);
    QCOMPARE(handlers[0]->calls, 1);
    QCOMPARE(handlers[1]->calls, 1);
    loop()->removeFd(pairs[0].nearEnd());
    loop()->removeFd(pairs[1].nearEnd());
}

void tst_EpollDispatcher::turnRunsAfterDescriptorsTimersAndPostedEventsAndBeforeBlocking()
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

void tst_EpollDispatcher::turnRunsBeforeTheLoopEnds()
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

void tst_EpollDispatcher::pendingWorkKeepsTheLoopFromBlocking()
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

void tst_EpollDispatcher::turnDeadlineEndsTheWaitNeverEarly_data()
{
    QTest::addColumn<bool>("nanoseconds");
    QTest::newRow("nanoseconds") << true;
    QTest::newRow("milliseconds") << false;
}

void tst_EpollDispatcher::turnDeadlineEndsTheWaitNeverEarly()
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

void tst_EpollDispatcher::turnIsNotEnteredAgainButRunsOnceMore()
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

void tst_EpollDispatcher::turnHandlerMayRemoveItself()
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

void tst_EpollDispatcher::ownWakeUpsCostNoSystemCall()
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

void tst_EpollDispatcher::wakeUpsOfABusyLoopCostNoSystemCall()
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

void tst_EpollDispatcher::wakeUpsOfASleepingLoopAreMerged()
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

void tst_EpollDispatcher::wakeUpBeforeTheWaitIsNotLost()
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

void tst_EpollDispatcher::interruptFromAnotherThreadIsNeverLost()
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

void tst_EpollDispatcher::interruptTakenByANestedPassEndsTheOuterLoop()
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

void tst_EpollDispatcher::oneWaitPerPass()
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

EPOLL_TEST_MAIN(tst_EpollDispatcher)
#include "tst_epolldispatcher.moc"
