// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/signalwatcher.h"

#include <QtTest/QtTest>

#include <unistd.h>

#include <csignal>

using namespace fairlead;
using namespace fairlead::core;

class tst_SignalWatcher : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void signalsArriveInTheEventLoop();
    void aSecondWatcherIsRefused();
    void aSignalThatCannotBeCaughtIsRefused();
    void whatWasThereBeforeIsRestored();
    void aFailedWriteIsOnlyAnError();
};

void tst_SignalWatcher::signalsArriveInTheEventLoop()
{
    SignalWatcher watcher;
    QVERIFY(watcher.watch({SIGTERM, SIGHUP, SIGUSR1}).has_value());
    QList<int> numbers;
    connect(&watcher, &SignalWatcher::received, this, [&](int number) { numbers.append(number); });
    ::raise(SIGHUP);
    ::raise(SIGTERM);
    ::raise(SIGTERM);
    QVERIFY(numbers.isEmpty());
    QTRY_COMPARE(numbers, QList<int>({SIGHUP, SIGTERM, SIGTERM}));
    ::raise(SIGUSR1);
    QTRY_COMPARE(numbers.size(), 4);
    QCOMPARE(numbers.last(), SIGUSR1);
}

void tst_SignalWatcher::aSecondWatcherIsRefused()
{
    SignalWatcher first;
    SignalWatcher second;
    QVERIFY(first.watch({SIGTERM}).has_value());
    QCOMPARE(second.watch({SIGTERM}).error().code(), ErrorCode::AlreadyStarted);
}

void tst_SignalWatcher::aSignalThatCannotBeCaughtIsRefused()
{
    SignalWatcher watcher;
    QCOMPARE(watcher.watch({SIGTERM, SIGKILL}).error().code(), ErrorCode::InvalidArgument);
    QVERIFY(watcher.watch({SIGTERM}).has_value());
}

void tst_SignalWatcher::whatWasThereBeforeIsRestored()
{
    struct sigaction before
    {
    };

    ::sigaction(SIGUSR2, nullptr, &before);
    {
        SignalWatcher watcher;
        QVERIFY(watcher.watch({SIGUSR2}).has_value());

        struct sigaction during
        {
        };

        ::sigaction(SIGUSR2, nullptr, &during);
        QVERIFY(during.sa_handler != before.sa_handler);
    }

    struct sigaction after
    {
    };

    ::sigaction(SIGUSR2, nullptr, &after);
    QVERIFY(after.sa_handler == before.sa_handler);
}

void tst_SignalWatcher::aFailedWriteIsOnlyAnError()
{
    SignalWatcher::ignoreFailedWrites();

    struct sigaction tooLarge
    {
    };

    ::sigaction(SIGXFSZ, nullptr, &tooLarge);
    QVERIFY(tooLarge.sa_handler == SIG_IGN);
    int ends[2];
    QCOMPARE(::pipe(ends), 0);
    ::close(ends[0]);
    QCOMPARE(::write(ends[1], "x", 1), ssize_t(-1));
    QCOMPARE(errno, EPIPE);
    ::close(ends[1]);
}

QTEST_GUILESS_MAIN(tst_SignalWatcher)
#include "tst_signalwatcher.moc"
