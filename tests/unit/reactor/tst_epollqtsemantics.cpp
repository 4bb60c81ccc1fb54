// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "epolltest.h"

#include <QLocalServer>
#include <QLocalSocket>
#include <QPointer>
#include <QProcess>
#include <QRegularExpression>
#include <QSocketNotifier>
#include <QStandardPaths>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTemporaryDir>
#include <QTemporaryFile>
#include <QTimer>
#include <QUdpSocket>

#include <memory>
#include <vector>

using namespace fairlead::core;
using namespace fairlead::core::test;

// What any Qt code may expect of an event dispatcher, timers apart.
class tst_EpollQtSemantics : public QObject
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
    void blockAndAwakeAreSignalled();
    void waitReturnsAfterAPostedEvent();
    void eventsPostedByAHandlerAreDeliveredBeforeBlocking();
    void eventsPostedWhileDeliveringDoNotStarveDescriptors();
    void quitInAboutToBlockEndsTheLoop();
    void nestedLoopsEndInOrder();
    void deferredDeletionWaitsForItsLoopLevel();
    void threadQuits();
    void queuedCallsCrossThreads();
    void blockingCallsCrossThreads();
    void tcpWorks();
    void tcpManyConnectionsWork();
    void udpWorks();
    void localSocketsWork();
    // Last: the thread sanitizer allows no further threads once a process was started.
    void processRuns();

private:
    static EpollDispatcher *loop() { return EpollDispatcher::current(); }
};

void tst_EpollQtSemantics::readNotifierIsActivatedUntilRead()
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

void tst_EpollQtSemantics::writeNotifierIsActivatedWhileWritable()
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

void tst_EpollQtSemantics::exceptionNotifierSeesUrgentData()
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

void tst_EpollQtSemantics::notifiersOfOneDescriptorAreSwitchedApart()
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

void tst_EpollQtSemantics::hangUpReachesReadAndWriteNotifiers()
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

void tst_EpollQtSemantics::hangUpWithALoneExceptionNotifierDoesNotSpin()
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

void tst_EpollQtSemantics::regularFileIsAlwaysReady()
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

void tst_EpollQtSemantics::closedDescriptorDisablesItsNotifier()
{
    SocketPair pair;
    const int fd = pair.nearEnd();
    pair.closeNear();
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("cannot be watched")));
    QSocketNotifier notifier(fd, QSocketNotifier::Read);
    QVERIFY(!notifier.isEnabled());
    settle();
}

void tst_EpollQtSemantics::secondNotifierOfOneTypeReplacesTheFirst()
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

void tst_EpollQtSemantics::notifierMayDeleteItselfAndOthers()
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

void tst_EpollQtSemantics::descriptorOfADirectHandlerTakesNoNotifier()
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

void tst_EpollQtSemantics::excludedNotifiersKeepTheirEvents()
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

void tst_EpollQtSemantics::excludedNotifiersDoNotEndTheWait()
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

void tst_EpollQtSemantics::blockAndAwakeAreSignalled()
{
    QStringList log;
    QObject context;
    connect(loop(), &QAbstractEventDispatcher::awake, &context, [&] {
        log.append(QStringLiteral("awake"));
    });
    connect(loop(), &QAbstractEventDispatcher::aboutToBlock, &context, [&] {
        log.append(QStringLiteral("block"));
    });
    loop()->processEvents(QEventLoop::AllEvents);
    QCOMPARE(log, QStringList{QStringLiteral("awake")});
    QTimer::singleShot(1, Qt::PreciseTimer, &context, [] {});
    loop()->processEvents(QEventLoop::WaitForMoreEvents);
    loop()->processEvents(QEventLoop::AllEvents);
    QCOMPARE(log,
             QStringList({QStringLiteral("awake"),
                          QStringLiteral("awake"),
                          QStringLiteral("block"),
                          QStringLiteral("awake")}));
}

void tst_EpollQtSemantics::waitReturnsAfterAPostedEvent()
{
    // The usual way to wait for a condition; blocking after the delivery would hang it.
    bool done = false;
    QMetaObject::invokeMethod(
        this, [&] { done = true; }, Qt::QueuedConnection);
    while (!done) {
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
    }
    for (int i = 0; i < 200; ++i) {
        done = false;
        std::unique_ptr<QThread> thread(QThread::create([&] {
            QMetaObject::invokeMethod(
                this, [&] { done = true; }, Qt::QueuedConnection);
        }));
        thread->start();
        while (!done) {
            QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
        }
        thread->wait();
    }
}

void tst_EpollQtSemantics::eventsPostedByAHandlerAreDeliveredBeforeBlocking()
{
    SocketPair pair;
    QEventLoop inner;
    QSocketNotifier notifier(pair.nearEnd(), QSocketNotifier::Read);
    connect(&notifier, &QSocketNotifier::activated, &inner, [&] {
        pair.receive();
        QMetaObject::invokeMethod(
            &inner,
            [&] { QMetaObject::invokeMethod(&inner, &QEventLoop::quit, Qt::QueuedConnection); },
            Qt::QueuedConnection);
    });
    QVERIFY(pair.sendFromFar());
    inner.exec();
}

void tst_EpollQtSemantics::eventsPostedWhileDeliveringDoNotStarveDescriptors()
{
    SocketPair pair;
    QEventLoop inner;
    QSocketNotifier notifier(pair.nearEnd(), QSocketNotifier::Read);
    connect(&notifier, &QSocketNotifier::activated, &inner, &QEventLoop::quit);
    std::function<void()> again = [&] {
        QMetaObject::invokeMethod(
            &inner, [&] { again(); }, Qt::QueuedConnection);
    };
    again();
    QVERIFY(pair.sendFromFar());
    inner.exec();
}

void tst_EpollQtSemantics::quitInAboutToBlockEndsTheLoop()
{
    QEventLoop inner;
    connect(loop(), &QAbstractEventDispatcher::aboutToBlock, &inner, [&] { inner.exit(7); });
    QCOMPARE(inner.exec(), 7);
}

void tst_EpollQtSemantics::nestedLoopsEndInOrder()
{
    QStringList log;
    QEventLoop outer;
    QTimer::singleShot(0, &outer, [&] {
        QEventLoop inner;
        QTimer::singleShot(0, &inner, [&] {
            // The outer one is told first and ends last.
            outer.exit(1);
            QTimer::singleShot(1, &inner, &QEventLoop::quit);
        });
        inner.exec();
        log.append(QStringLiteral("inner"));
    });
    QCOMPARE(outer.exec(), 1);
    log.append(QStringLiteral("outer"));
    QCOMPARE(log, QStringList({QStringLiteral("inner"), QStringLiteral("outer")}));
}

void tst_EpollQtSemantics::deferredDeletionWaitsForItsLoopLevel()
{
    QPointer<QObject> object = new QObject;
    bool aliveInside = false;
    QEventLoop outer;
    QTimer::singleShot(0, &outer, [&] {
        object->deleteLater();
        QEventLoop inner;
        QTimer::singleShot(1, &inner, &QEventLoop::quit);
        inner.exec();
        aliveInside = !object.isNull();
        connect(object.data(), &QObject::destroyed, &outer, &QEventLoop::quit);
    });
    outer.exec();
    QVERIFY(aliveInside);
    QVERIFY(object.isNull());
}

void tst_EpollQtSemantics::threadQuits()
{
    for (int i = 0; i < 100; ++i) {
        QThread thread;
        thread.setEventDispatcher(new EpollDispatcher);
        thread.start();
        thread.quit();
        QVERIFY(thread.wait());
        // And once more, with the dispatcher Qt makes.
        thread.start();
        thread.quit();
        QVERIFY(thread.wait());
    }
}

void tst_EpollQtSemantics::queuedCallsCrossThreads()
{
    constexpr int kCalls = 1000;
    QThread thread;
    thread.setEventDispatcher(new EpollDispatcher);
    QObject there;
    there.moveToThread(&thread);
    thread.start();
    QEventLoop inner;
    QList<int> answers;
    for (int i = 0; i < kCalls; ++i) {
        QMetaObject::invokeMethod(
            &there,
            [&, i] {
                QMetaObject::invokeMethod(
                    &inner,
                    [&, i] {
                        answers.append(i);
                        if (answers.size() == kCalls) {
                            inner.quit();
                        }
                    },
                    Qt::QueuedConnection);
            },
            Qt::QueuedConnection);
    }
    inner.exec();
    QCOMPARE(answers.size(), kCalls);
    QVERIFY(std::is_sorted(answers.cbegin(), answers.cend()));
    thread.quit();
    QVERIFY(thread.wait());
}

void tst_EpollQtSemantics::blockingCallsCrossThreads()
{
    QThread thread;
    thread.setEventDispatcher(new EpollDispatcher);
    QObject there;
    there.moveToThread(&thread);
    thread.start();
    std::atomic<QThread *> ranOn = nullptr;
    for (int i = 0; i < 1000; ++i) {
        ranOn = nullptr;
        QMetaObject::invokeMethod(
            &there, [&] { ranOn = QThread::currentThread(); }, Qt::BlockingQueuedConnection);
        QCOMPARE(ranOn.load(), &thread);
    }
    thread.quit();
    QVERIFY(thread.wait());
}

void tst_EpollQtSemantics::processRuns()
{
    const QString cat = QStandardPaths::findExecutable(QStringLiteral("cat"));
    QVERIFY(!cat.isEmpty());
    QProcess process;
    QEventLoop inner;
    connect(&process, &QProcess::finished, &inner, &QEventLoop::quit);
    connect(&process, &QProcess::started, &inner, [&] {
        process.write("through the pipe");
        process.closeWriteChannel();
    });
    process.start(cat, {});
    inner.exec();
    QCOMPARE(process.exitCode(), 0);
    QCOMPARE(process.readAllStandardOutput(), QByteArray("through the pipe"));
}

void tst_EpollQtSemantics::tcpWorks()
{
    const QByteArray data(1'000'000, 'd');
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    QEventLoop inner;
    connect(&server, &QTcpServer::newConnection, &inner, [&] {
        QTcpSocket *peer = server.nextPendingConnection();
        connect(peer, &QTcpSocket::readyRead, peer, [peer] { peer->write(peer->readAll()); });
        connect(peer, &QTcpSocket::disconnected, &inner, &QEventLoop::quit);
    });
    QTcpSocket client;
    QByteArray echoed;
    connect(&client, &QTcpSocket::connected, &inner, [&] { client.write(data); });
    connect(&client, &QTcpSocket::readyRead, &inner, [&] {
        echoed.append(client.readAll());
        if (echoed.size() == data.size()) {
            client.disconnectFromHost();
        }
    });
    client.connectToHost(QHostAddress::LocalHost, server.serverPort());
    inner.exec();
    QCOMPARE(echoed, data);
}

void tst_EpollQtSemantics::tcpManyConnectionsWork()
{
    constexpr int kClients = 100;
    QTcpServer server;
    server.setListenBacklogSize(kClients);
    QVERIFY(server.listen(QHostAddress::LocalHost));
    connect(&server, &QTcpServer::newConnection, &server, [&] {
        while (QTcpSocket *peer = server.nextPendingConnection()) {
            connect(peer, &QTcpSocket::readyRead, peer, [peer] { peer->write(peer->readAll()); });
            connect(peer, &QTcpSocket::disconnected, peer, &QObject::deleteLater);
        }
    });
    QEventLoop inner;
    int done = 0;
    std::vector<std::unique_ptr<QTcpSocket>> clients;
    for (int i = 0; i < kClients; ++i) {
        clients.push_back(std::make_unique<QTcpSocket>());
        QTcpSocket *client = clients.back().get();
        connect(client, &QTcpSocket::connected, client, [client] { client->write("hello"); });
        connect(client, &QTcpSocket::readyRead, client, [client] {
            if (client->bytesAvailable() == 5) {
                client->disconnectFromHost();
            }
        });
        connect(client, &QTcpSocket::disconnected, &inner, [&] {
            if (++done == kClients) {
                inner.quit();
            }
        });
        client->connectToHost(QHostAddress::LocalHost, server.serverPort());
    }
    inner.exec();
    QCOMPARE(done, kClients);
}

void tst_EpollQtSemantics::udpWorks()
{
    QUdpSocket server;
    QVERIFY(server.bind(QHostAddress::LocalHost));
    QUdpSocket client;
    QEventLoop inner;
    connect(&server, &QUdpSocket::readyRead, &inner, &QEventLoop::quit);
    QCOMPARE(client.writeDatagram("datagram", 8, QHostAddress::LocalHost, server.localPort()), 8);
    inner.exec();
    QByteArray received(64, '\0');
    QCOMPARE(server.readDatagram(received.data(), received.size()), 8);
    QVERIFY(received.startsWith("datagram"));
}

void tst_EpollQtSemantics::localSocketsWork()
{
    const QTemporaryDir dir;
    QLocalServer server;
    QVERIFY(server.listen(dir.filePath(QStringLiteral("socket"))));
    QEventLoop inner;
    connect(&server, &QLocalServer::newConnection, &inner, [&] {
        QLocalSocket *peer = server.nextPendingConnection();
        connect(peer, &QLocalSocket::readyRead, peer, [peer] { peer->write(peer->readAll()); });
    });
    QLocalSocket client;
    QByteArray echoed;
    connect(&client, &QLocalSocket::connected, &inner, [&] { client.write("local"); });
    connect(&client, &QLocalSocket::readyRead, &inner, [&] {
        echoed.append(client.readAll());
        if (echoed.size() == 5) {
            inner.quit();
        }
    });
    client.connectToServer(server.fullServerName());
    inner.exec();
    QCOMPARE(echoed, QByteArray("local"));
}

EPOLL_TEST_MAIN(tst_EpollQtSemantics)
#include "tst_epollqtsemantics.moc"
