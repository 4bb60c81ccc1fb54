// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "epolltest.h"

#include <QHash>
#include <QTimer>
#include <QTimerEvent>

#include <algorithm>
#include <memory>
#include <vector>

using namespace fairlead::core;
using namespace fairlead::core::test;

namespace {

constexpr qint64 kNsPerMs = 1'000'000;

class Ticker : public QObject
{
public:
    std::function<void(int)> onTick;
    QList<int> ticks;

protected:
    void timerEvent(QTimerEvent *event) override
    {
        ticks.append(event->timerId());
        // By value: it may delete this object.
        if (const auto function = onTick) {
            function(event->timerId());
        }
    }
};

} // namespace

// QObject timers on the dispatcher.
class tst_EpollTimers : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void init() { settle(); }

    void timerFiresNeverEarly_data();
    void timerFiresNeverEarly();
    void timersFireInTheOrderOfTheirDueTimes();
    void registeredTimersAreListed();
    void remainingTimeCountsDown();
    void unknownTimersAreAnswered();
    void badArgumentsAreRefused();
    void zeroTimerFiresOncePerPassAndStarvesNothing();
    void timerStartedByAHandlerWaitsForTheNextPass();
    void overdueTimerFiresOnceNotForEachMissedInterval();
    void busyTimerDoesNotStarveDescriptors();
    void timerMayBeKilledInItsHandler();
    void timerMayKillOthersThatAreDue();
    void objectMayBeDeletedInItsHandler();
    void timerMayBeRestartedInItsHandler();
    void runningHandlerIsNotEnteredByANestedLoop();
    void waitIgnoresATimerWhoseHandlerRuns();
    void excludedTimersNeitherFireNorWake();
    void movedObjectKeepsItsTimers();
    void hugeIntervalNeverFires();
    void manyTimersStartStopAndFire();

private:
    static EpollDispatcher *loop() { return EpollDispatcher::current(); }

    // Until the monotonic clock has passed this many ms.
    static void passTime(int ms)
    {
        const qint64 end = EpollDispatcher::nowNs() + ms * kNsPerMs;
        while (EpollDispatcher::nowNs() < end) { }
    }
};

void tst_EpollTimers::timerFiresNeverEarly_data()
{
    QTest::addColumn<Qt::TimerType>("type");
    QTest::addColumn<int>("interval");
    QTest::addColumn<bool>("nanoseconds");
    QTest::newRow("precise") << Qt::PreciseTimer << 3 << true;
    QTest::newRow("precise, milliseconds") << Qt::PreciseTimer << 3 << false;
    QTest::newRow("coarse, short") << Qt::CoarseTimer << 7 << true;
    QTest::newRow("coarse") << Qt::CoarseTimer << 110 << true;
    QTest::newRow("very coarse") << Qt::VeryCoarseTimer << 300 << true;
}

void tst_EpollTimers::timerFiresNeverEarly()
{
    QFETCH(const Qt::TimerType, type);
    QFETCH(const int, interval);
    QFETCH(const bool, nanoseconds);
    loop()->setNanosecondWaits(nanoseconds);
    QEventLoop inner;
    const qint64 waits = static_cast<qint64>(loop()->statistics().waits);
    const qint64 start = EpollDispatcher::nowNs();
    QTimer::singleShot(interval, type, &inner, &QEventLoop::quit);
    inner.exec();
    loop()->setNanosecondWaits(true);
    QVERIFY(EpollDispatcher::nowNs() - start >= interval * kNsPerMs);
    // One wait until then, one that finds it due: no polling towards the end.
    QVERIFY(static_cast<qint64>(loop()->statistics().waits) - waits <= 3);
}

void tst_EpollTimers::timersFireInTheOrderOfTheirDueTimes()
{
    Ticker ticker;
    QList<int> expected;
    for (const int interval : {9, 1, 5, 3, 7, 3}) {
        expected.append(ticker.startTimer(interval, Qt::PreciseTimer));
    }
    // By interval, equal ones in the order of their start.
    const QList<int> ids = expected;
    expected = {ids[1], ids[3], ids[5], ids[2], ids[4], ids[0]};
    ticker.onTick = [&](int id) { ticker.killTimer(id); };
    passTime(10);
    settle();
    QCOMPARE(ticker.ticks, expected);
}

void tst_EpollTimers::registeredTimersAreListed()
{
    Ticker ticker;
    Ticker other;
    QVERIFY(loop()->registeredTimers(&ticker).isEmpty());
    QHash<int, QPair<int, Qt::TimerType>> started;
    started.insert(ticker.startTimer(10, Qt::PreciseTimer), {10, Qt::PreciseTimer});
    started.insert(ticker.startTimer(1234, Qt::CoarseTimer), {1234, Qt::CoarseTimer});
    started.insert(ticker.startTimer(1500, Qt::VeryCoarseTimer), {1500, Qt::VeryCoarseTimer});
    other.startTimer(1000);
    const auto infos = loop()->registeredTimers(&ticker);
    QCOMPARE(infos.size(), 3);
    for (const auto &info : infos) {
        QCOMPARE(info.interval, started.value(info.timerId).first);
        QCOMPARE(info.timerType, started.value(info.timerId).second);
    }
    ticker.killTimer(infos.at(1).timerId);
    QCOMPARE(loop()->registeredTimers(&ticker).size(), 2);
    QVERIFY(loop()->unregisterTimers(&ticker));
    QVERIFY(loop()->registeredTimers(&ticker).isEmpty());
    QCOMPARE(loop()->registeredTimers(&other).size(), 1);
}

void tst_EpollTimers::remainingTimeCountsDown()
{
    Ticker ticker;
    const int id = ticker.startTimer(100'000, Qt::PreciseTimer);
    const int first = loop()->remainingTime(id);
    QVERIFY(first > 0 && first <= 100'000);
    passTime(2);
    QVERIFY(loop()->remainingTime(id) < first);
    const int due = ticker.startTimer(1, Qt::PreciseTimer);
    passTime(2);
    QCOMPARE(loop()->remainingTime(due), 0);
}

void tst_EpollTimers::unknownTimersAreAnswered()
{
    QObject object;
    QCOMPARE(loop()->remainingTime(123'456), -1);
    QVERIFY(!loop()->unregisterTimer(123'456));
    QVERIFY(!loop()->unregisterTimers(&object));
}

void tst_EpollTimers::badArgumentsAreRefused()
{
    QTest::ignoreMessage(QtWarningMsg, "timer 0: bad arguments or started from another thread");
    QTest::ignoreMessage(QtWarningMsg, "timer 7: bad arguments or started from another thread");
    loop()->registerTimer(0, 10, Qt::PreciseTimer, this);
    loop()->registerTimer(7, -1, Qt::PreciseTimer, this);
    QVERIFY(loop()->registeredTimers(this).isEmpty());
}

void tst_EpollTimers::zeroTimerFiresOncePerPassAndStarvesNothing()
{
    Ticker zero;
    Ticker other;
    SocketPair pair;
    Handler handler([&](quint32) { pair.receive(); });
    QVERIFY(loop()->addFd(pair.nearEnd(), &handler, EPOLLIN | EPOLLET));
    const int id = zero.startTimer(0);
    other.startTimer(1, Qt::PreciseTimer);
    for (int i = 1; i <= 5; ++i) {
        loop()->processEvents(QEventLoop::WaitForMoreEvents);
        QCOMPARE(zero.ticks.size(), i);
    }
    // A second one does not change that.
    zero.startTimer(0);
    loop()->processEvents(QEventLoop::AllEvents);
    QCOMPARE(zero.ticks.size(), 7);
    QCOMPARE(zero.ticks.count(id), 6);
    passTime(2);
    QVERIFY(pair.sendFromFar());
    loop()->processEvents(QEventLoop::AllEvents);
    QCOMPARE(handler.calls, 1);
    QVERIFY(!other.ticks.isEmpty());
    loop()->removeFd(pair.nearEnd());
}

void tst_EpollTimers::timerStartedByAHandlerWaitsForTheNextPass()
{
    Ticker ticker;
    ticker.onTick = [&](int id) {
        ticker.killTimer(id);
        ticker.startTimer(0);
    };
    ticker.startTimer(0);
    for (int i = 1; i <= 5; ++i) {
        loop()->processEvents(QEventLoop::AllEvents);
        QCOMPARE(ticker.ticks.size(), i);
    }
}

void tst_EpollTimers::overdueTimerFiresOnceNotForEachMissedInterval()
{
    Ticker ticker;
    ticker.startTimer(2, Qt::PreciseTimer);
    passTime(20);
    loop()->processEvents(QEventLoop::AllEvents);
    QCOMPARE(ticker.ticks.size(), 1);
}

void tst_EpollTimers::busyTimerDoesNotStarveDescriptors()
{
    SocketPair pair;
    Handler handler([&](quint32) { pair.receive(); });
    QVERIFY(loop()->addFd(pair.nearEnd(), &handler, EPOLLIN | EPOLLET));
    Ticker ticker;
    QEventLoop inner;
    // Each call takes longer than the interval, so one is always due.
    ticker.onTick = [&](int) {
        passTime(2);
        QVERIFY(pair.sendFromFar());
        if (ticker.ticks.size() == 5) {
            inner.quit();
        }
    };
    ticker.startTimer(1, Qt::PreciseTimer);
    inner.exec();
    QCOMPARE(handler.calls, 4);
    loop()->removeFd(pair.nearEnd());
}

void tst_EpollTimers::timerMayBeKilledInItsHandler()
{
    Ticker ticker;
    const int id = ticker.startTimer(0);
    ticker.onTick = [&](int timer) { ticker.killTimer(timer); };
    settle();
    QCOMPARE(ticker.ticks, QList<int>{id});
    QVERIFY(loop()->registeredTimers(&ticker).isEmpty());
}

void tst_EpollTimers::timerMayKillOthersThatAreDue()
{
    Ticker ticker;
    QList<int> ids;
    for (int i = 0; i < 10; ++i) {
        ids.append(ticker.startTimer(0));
    }
    ticker.onTick = [&](int) {
        for (const int id : std::as_const(ids)) {
            ticker.killTimer(id);
        }
        ids.clear();
    };
    settle();
    QCOMPARE(ticker.ticks.size(), 1);
}

void tst_EpollTimers::objectMayBeDeletedInItsHandler()
{
    auto *ticker = new Ticker;
    int ticks = 0;
    ticker->onTick = [&](int) {
        ++ticks;
        delete ticker;
    };
    ticker->startTimer(0);
    ticker->startTimer(0);
    settle();
    QCOMPARE(ticks, 1);
}

void tst_EpollTimers::timerMayBeRestartedInItsHandler()
{
    QTimer timer;
    int ticks = 0;
    connect(&timer, &QTimer::timeout, &timer, [&] {
        if (++ticks < 3) {
            timer.start(1);
        } else {
            timer.stop();
        }
    });
    timer.start(0);
    QTRY_COMPARE(ticks, 3);
    QVERIFY(!timer.isActive());
}

void tst_EpollTimers::runningHandlerIsNotEnteredByANestedLoop()
{
    Ticker ticker;
    Ticker other;
    int depth = 0;
    ticker.onTick = [&](int id) {
        QCOMPARE(++depth, 1);
        QEventLoop inner;
        other.onTick = [&](int) {
            if (other.ticks.size() == 3) {
                inner.quit();
            }
        };
        other.startTimer(0);
        inner.exec();
        other.onTick = nullptr;
        ticker.killTimer(id);
        --depth;
    };
    ticker.startTimer(0);
    QTRY_VERIFY(!ticker.ticks.isEmpty() && depth == 0);
    QCOMPARE(ticker.ticks.size(), 1);
}

void tst_EpollTimers::waitIgnoresATimerWhoseHandlerRuns()
{
    Ticker ticker;
    quint64 waits = 0;
    ticker.onTick = [&](int id) {
        QEventLoop inner;
        QTimer::singleShot(20, Qt::PreciseTimer, &inner, &QEventLoop::quit);
        const quint64 before = loop()->statistics().waits;
        inner.exec();
        waits = loop()->statistics().waits - before;
        ticker.killTimer(id);
    };
    ticker.startTimer(1, Qt::PreciseTimer);
    QTRY_VERIFY(waits > 0);
    QVERIFY(waits < 10);
}

void tst_EpollTimers::excludedTimersNeitherFireNorWake()
{
    Ticker ticker;
    ticker.startTimer(0);
    SocketPair pair;
    Handler handler([&](quint32) { pair.receive(); });
    QVERIFY(loop()->addFd(pair.nearEnd(), &handler, EPOLLIN | EPOLLET));
    QVERIFY(pair.sendFromFar());
    QVERIFY(loop()->processEvents(QEventLoop::X11ExcludeTimers | QEventLoop::WaitForMoreEvents));
    QCOMPARE(handler.calls, 1);
    QVERIFY(!loop()->processEvents(QEventLoop::X11ExcludeTimers));
    QCOMPARE(ticker.ticks.size(), 0);
    loop()->processEvents(QEventLoop::AllEvents);
    QCOMPARE(ticker.ticks.size(), 1);
    loop()->removeFd(pair.nearEnd());
}

void tst_EpollTimers::movedObjectKeepsItsTimers()
{
    QThread thread;
    thread.setEventDispatcher(new EpollDispatcher);
    auto ticker = std::make_unique<Ticker>();
    std::atomic<QThread *> firedOn = nullptr;
    ticker->onTick = [&](int id) {
        ticker->killTimer(id);
        firedOn = QThread::currentThread();
    };
    ticker->startTimer(1, Qt::PreciseTimer);
    ticker->moveToThread(&thread);
    QVERIFY(loop()->registeredTimers(ticker.get()).isEmpty());
    thread.start();
    QTRY_COMPARE(firedOn.load(), &thread);
    thread.quit();
    QVERIFY(thread.wait());
}

void tst_EpollTimers::hugeIntervalNeverFires()
{
    const int id = 1'000'000'000;
    loop()->registerTimer(id, std::numeric_limits<qint64>::max(), Qt::VeryCoarseTimer, this);
    settle();
    QCOMPARE(loop()->remainingTime(id), std::numeric_limits<int>::max());
    QVERIFY(loop()->unregisterTimer(id));
}

void tst_EpollTimers::manyTimersStartStopAndFire()
{
    constexpr int kTimers = 10'000;
    int fired = 0;
    QObject context;
    for (int i = 0; i < kTimers; ++i) {
        QTimer::singleShot(1 + i % 50,
                           i % 2 == 0 ? Qt::PreciseTimer : Qt::CoarseTimer,
                           &context,
                           [&] { ++fired; });
    }
    std::vector<std::unique_ptr<QTimer>> stopped;
    int wrong = 0;
    for (int i = 0; i < kTimers; ++i) {
        stopped.push_back(std::make_unique<QTimer>());
        connect(stopped.back().get(), &QTimer::timeout, &context, [&] { ++wrong; });
        stopped.back()->start(5 + (i * 7919) % 40);
    }
    for (int i = 0; i < kTimers; ++i) {
        stopped[static_cast<std::size_t>((i * 31) % kTimers)]->stop();
    }
    QTRY_COMPARE(fired, kTimers);
    QCOMPARE(wrong, 0);
}

EPOLL_TEST_MAIN(tst_EpollTimers)
#include "tst_epolltimers.moc"
