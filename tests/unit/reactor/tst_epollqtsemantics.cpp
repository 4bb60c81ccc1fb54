// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "epolltest.h"

#include <QLocalServer>
#include <QLocalSocket>
#include <QPointer>
#include <QProcess>
#include <QSocketNotifier>
#include <QStandardPaths>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTemporaryDir>
#include <QTimer>
#include <QUdpSocket>

#include <memory>
#include <vector>

using namespace fairlead::core;
using namespace fairlead::core::test;

// What any Qt code may expect of an event dispatcher, timers and notifiers apart.
class tst_EpollQtSemantics : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void init() { settle(); }

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
