// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "epolltest.h"

#include <QTemporaryFile>
#include <QTimer>

#include <cerrno>
#include <memory>

using namespace fairlead::core;
using namespace fairlead::core::test;

// What the dispatcher offers beyond Qt for descriptors: direct handlers.
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

EPOLL_TEST_MAIN(tst_EpollDispatcher)
#include "tst_epolldispatcher.moc"
