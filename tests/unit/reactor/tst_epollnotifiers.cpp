// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "epolltest.h"

#include <QRegularExpression>
#include <QSocketNotifier>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTemporaryFile>
#include <QTimer>

#include <memory>
#include <vector>

using namespace fairlead::core;
using namespace fairlead::core::test;

// What any Qt code may expect of socket notifiers.
class tst_EpollNotifiers : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void init() { settle(); }

    void readNotifierIsActivatedUntilRead();
    void writeNotifierIsActivatedWhileWritable();
    void exceptionNotifierSeesUrgentData();
    void notifiersOfOneDescriptorAreSwitchedApart();
    void hangUpReachesReadAndWriteNotifiers();
    void hangUpWithALoneExceptionNotifierDoesNotSpin();
    void regularFileIsAlwaysReady();
    void closedDescriptorDisablesItsNotifier();
    void secondNotifierOfOneTypeReplacesTheFirst();
    void notifierMayDeleteItselfAndOthers();
    void descriptorOfADirectHandlerTakesNoNotifier();
    void excludedNotifiersKeepTheirEvents();
    void excludedNotifiersDoNotEndTheWait();

private:
    static EpollDispatcher *loop() { return EpollDispatcher::current(); }
};

void tst_EpollNotifiers::readNotifierIsActivatedUntilRead()
{
    SocketPair pair;
    QSocketNotifier notifier(pair.nearEnd(), QSocketNotifier::Read);
    int activated = 0;
    connect(&notifier, &QSocketNotifier::activated, this, [&] { ++activated; });
    settle();
    QCOMPARE(activated, 0);
    QVERIFY(pair.sendFromFar());
    for (int i = 1; i <= 3; ++i) {
        QVERIFY(loop()->processEvents(QEventLoop::AllEvents));
        QCOMPARE(activated, i);
    }
    pair.receive();
    settle();
    QCOMPARE(activated, 3);
    notifier.setEnabled(false);
    QVERIFY(pair.sendFromFar());
    settle();
    QCOMPARE(activated, 3);
    notifier.setEnabled(true);
    loop()->processEvents(QEventLoop::AllEvents);
    QCOMPARE(activated, 4);
}

void tst_EpollNotifiers::writeNotifierIsActivatedWhileWritable()
{
    SocketPair pair;
    QSocketNotifier notifier(pair.nearEnd(), QSocketNotifier::Write);
    int activated = 0;
    connect(&notifier, &QSocketNotifier::activated, this, [&] { ++activated; });
    loop()->processEvents(QEventLoop::AllEvents);
    loop()->processEvents(QEventLoop::AllEvents);
    QCOMPARE(activated, 2);
    const QByteArray block(65536, 'x');
    while (::write(pair.nearEnd(), block.constData(), 65536) > 0) { }
    loop()->processEvents(QEventLoop::AllEvents);
    QCOMPARE(activated, 2);
}

void tst_EpollNotifiers::exceptionNotifierSeesUrgentData()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    QTcpSocket client;
    client.connectToHost(QHostAddress::LocalHost, server.serverPort());
    QVERIFY(server.waitForNewConnection(5000));
    std::unique_ptr<QTcpSocket> peer(server.nextPendingConnection());
    QVERIFY(client.waitForConnected(5000));
    // Beside the socket, which watches its own descriptor.
    const int fd = ::dup(static_cast<int>(peer->socketDescriptor()));
    // Qt has urgent bytes come inline.
    const int off = 0;
    QCOMPARE(::setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &off, sizeof off), 0);
    QSocketNotifier notifier(fd, QSocketNotifier::Exception);
    int activated = 0;
    connect(&notifier, &QSocketNotifier::activated, this, [&] {
        ++activated;
        char urgent = 0;
        QCOMPARE(::recv(fd, &urgent, 1, MSG_OOB), ssize_t{1});
        QCOMPARE(urgent, '!');
    });
    QCOMPARE(::send(static_cast<int>(client.socketDescriptor()), "!", 1, MSG_OOB), ssize_t{1});
    QTRY_COMPARE(activated, 1);
    settle();
    QCOMPARE(activated, 1);
    notifier.setEnabled(false);
    ::close(fd);
}

void tst_EpollNotifiers::notifiersOfOneDescriptorAreSwitchedApart()
{
    SocketPair pair;
    QSocketNotifier read(pair.nearEnd(), QSocketNotifier::Read);
    QSocketNotifier write(pair.nearEnd(), QSocketNotifier::Write);
    QStringList log;
    connect(&read, &QSocketNotifier::activated, this, [&] {
        log.append(QStringLiteral("read"));
        pair.receive();
    });
    connect(
        &write, &QSocketNotifier::activated, this, [&] { log.append(QStringLiteral("write")); });
    QVERIFY(pair.sendFromFar());
    loop()->processEvents(QEventLoop::AllEvents);
    QCOMPARE(log, QStringList({QStringLiteral("read"), QStringLiteral("write")}));
    write.setEnabled(false);
    settle();
    QVERIFY(pair.sendFromFar());
    settle();
    QCOMPARE(log.size(), 3);
    read.setEnabled(false);
    write.setEnabled(true);
    QVERIFY(pair.sendFromFar());
    loop()->processEvents(QEventLoop::AllEvents);
    QCOMPARE(log.last(), QStringLiteral("write"));
}

void tst_EpollNotifiers::hangUpReachesReadAndWriteNotifiers()
{
    SocketPair pair;
    QSocketNotifier read(pair.nearEnd(), QSocketNotifier::Read);
    QSocketNotifier write(pair.nearEnd(), QSocketNotifier::Write);
    int activated = 0;
    connect(&read, &QSocketNotifier::activated, this, [&] {
        ++activated;
        read.setEnabled(false);
    });
    connect(&write, &QSocketNotifier::activated, this, [&] {
        ++activated;
        write.setEnabled(false);
    });
    pair.closeFar();
    settle();
    QCOMPARE(activated, 2);
}

void tst_EpollNotifiers::hangUpWithALoneExceptionNotifierDoesNotSpin()
{
    SocketPair pair;
    QSocketNotifier notifier(pair.nearEnd(), QSocketNotifier::Exception);
    int activated = 0;
    connect(&notifier, &QSocketNotifier::activated, this, [&] { ++activated; });
    pair.closeFar();
    QEventLoop inner;
    QTimer::singleShot(20, Qt::PreciseTimer, &inner, &QEventLoop::quit);
    const quint64 waits = loop()->statistics().waits;
    inner.exec();
    QVERIFY(activated >= 1);
    QVERIFY(activated <= 2);
    QVERIFY(loop()->statistics().waits - waits < 20);
    // A reader that comes later is told at once.
    QSocketNotifier read(pair.nearEnd(), QSocketNotifier::Read);
    bool told = false;
    connect(&read, &QSocketNotifier::activated, this, [&] {
        told = true;
        read.setEnabled(false);
    });
    loop()->processEvents(QEventLoop::AllEvents);
    QVERIFY(told);
}

void tst_EpollNotifiers::regularFileIsAlwaysReady()
{
    QTemporaryFile file;
    QVERIFY(file.open());
    QCOMPARE(file.write("four"), 4);
    QVERIFY(file.flush());
    QCOMPARE(::lseek(file.handle(), 0, SEEK_SET), off_t{0});
    {
        QSocketNotifier notifier(file.handle(), QSocketNotifier::Read);
        QByteArray seen;
        QEventLoop inner;
        connect(&notifier, &QSocketNotifier::activated, &inner, [&] {
            char byte = 0;
            if (::read(file.handle(), &byte, 1) == 1) {
                seen.append(byte);
            } else {
                notifier.setEnabled(false);
                inner.quit();
            }
        });
        inner.exec();
        QCOMPARE(seen, QByteArray("four"));
        notifier.setEnabled(true);
        loop()->processEvents(QEventLoop::AllEvents);
        QVERIFY(!notifier.isEnabled());
        notifier.setEnabled(true);
    }
    // Nothing is left that keeps the loop awake.
    const quint64 waits = loop()->statistics().waits;
    QEventLoop inner;
    QTimer::singleShot(5, Qt::PreciseTimer, &inner, &QEventLoop::quit);
    inner.exec();
    QVERIFY(loop()->statistics().waits - waits < 10);
}

void tst_EpollNotifiers::closedDescriptorDisablesItsNotifier()
{
    SocketPair pair;
    const int fd = pair.nearEnd();
    pair.closeNear();
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("cannot be watched")));
    QSocketNotifier notifier(fd, QSocketNotifier::Read);
    QVERIFY(!notifier.isEnabled());
    settle();
}

void tst_EpollNotifiers::secondNotifierOfOneTypeReplacesTheFirst()
{
    SocketPair pair;
    int first = 0;
    int second = 0;
    auto one = std::make_unique<QSocketNotifier>(pair.nearEnd(), QSocketNotifier::Read);
    connect(one.get(), &QSocketNotifier::activated, this, [&] { ++first; });
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("second notifier")));
    QSocketNotifier two(pair.nearEnd(), QSocketNotifier::Read);
    connect(&two, &QSocketNotifier::activated, this, [&] { ++second; });
    // Its end does not touch the successor.
    one.reset();
    QVERIFY(pair.sendFromFar());
    loop()->processEvents(QEventLoop::AllEvents);
    QCOMPARE(first, 0);
    QCOMPARE(second, 1);
}

void tst_EpollNotifiers::notifierMayDeleteItselfAndOthers()
{
    std::array<SocketPair, 2> pairs;
    std::vector<std::unique_ptr<QSocketNotifier>> notifiers;
    int activated = 0;
    for (const SocketPair &pair : pairs) {
        for (const auto type : {QSocketNotifier::Read, QSocketNotifier::Write}) {
            notifiers.push_back(std::make_unique<QSocketNotifier>(pair.nearEnd(), type));
            connect(notifiers.back().get(), &QSocketNotifier::activated, this, [&] {
                ++activated;
                notifiers.clear();
            });
        }
        QVERIFY(pair.sendFromFar());
    }
    settle();
    QCOMPARE(activated, 1);
}

void tst_EpollNotifiers::descriptorOfADirectHandlerTakesNoNotifier()
{
    SocketPair pair;
    Handler handler([&](quint32) { pair.receive(); });
    QVERIFY(loop()->addFd(pair.nearEnd(), &handler, EPOLLIN));
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("direct handler")));
    auto notifier = std::make_unique<QSocketNotifier>(pair.nearEnd(), QSocketNotifier::Read);
    notifier.reset();
    QVERIFY(pair.sendFromFar());
    settle();
    QCOMPARE(handler.calls, 1);
    loop()->removeFd(pair.nearEnd());
    QSocketNotifier owner(pair.nearEnd(), QSocketNotifier::Read);
    QVERIFY(!loop()->addFd(pair.nearEnd(), &handler, EPOLLIN));
    // Meant for direct handlers only.
    loop()->removeFd(pair.nearEnd());
    int activated = 0;
    connect(&owner, &QSocketNotifier::activated, this, [&] { ++activated; });
    QVERIFY(pair.sendFromFar());
    loop()->processEvents(QEventLoop::AllEvents);
    QCOMPARE(activated, 1);
}

void tst_EpollNotifiers::excludedNotifiersKeepTheirEvents()
{
    SocketPair pair;
    SocketPair direct;
    Handler handler([&](quint32) { direct.receive(); });
    QVERIFY(loop()->addFd(direct.nearEnd(), &handler, EPOLLIN | EPOLLET));
    QSocketNotifier notifier(pair.nearEnd(), QSocketNotifier::Read);
    int activated = 0;
    connect(&notifier, &QSocketNotifier::activated, this, [&] {
        ++activated;
        pair.receive();
    });
    QVERIFY(pair.sendFromFar());
    QVERIFY(direct.sendFromFar());
    bool posted = false;
    QMetaObject::invokeMethod(
        this, [&] { posted = true; }, Qt::QueuedConnection);
    loop()->processEvents(QEventLoop::ExcludeSocketNotifiers);
    loop()->processEvents(QEventLoop::ExcludeSocketNotifiers);
    QVERIFY(posted);
    QCOMPARE(activated, 0);
    QCOMPARE(handler.calls, 0);
    settle();
    QCOMPARE(activated, 1);
    QCOMPARE(handler.calls, 1);
    loop()->removeFd(direct.nearEnd());
}

void tst_EpollNotifiers::excludedNotifiersDoNotEndTheWait()
{
    SocketPair pair;
    QSocketNotifier notifier(pair.nearEnd(), QSocketNotifier::Read);
    connect(&notifier, &QSocketNotifier::activated, this, [&] { QFAIL("excluded"); });
    QVERIFY(pair.sendFromFar());
    const quint64 waits = loop()->statistics().waits;
    for (int round = 0; round < 3; ++round) {
        QEventLoop inner;
        std::unique_ptr<QThread> thread;
        QTimer::singleShot(5, Qt::PreciseTimer, &inner, [&] {
            // A timer and a call from elsewhere do.
            thread.reset(QThread::create([&] {
                QMetaObject::invokeMethod(&inner, &QEventLoop::quit, Qt::QueuedConnection);
            }));
            thread->start();
        });
        inner.exec(QEventLoop::ExcludeSocketNotifiers);
        thread->wait();
    }
    QVERIFY(loop()->statistics().waits - waits < 30);
    notifier.setEnabled(false);
}

EPOLL_TEST_MAIN(tst_EpollNotifiers)
#include "tst_epollnotifiers.moc"
