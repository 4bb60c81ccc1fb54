// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/httprequest.h"
#include "core/control/httpserver.h"
#include "core/reactor/epolldispatcher.h"
#include "core/reactor/timerqueue.h"

#include <QtCore/QCoreApplication>
#include <QtTest/QtTest>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace fairlead;
using namespace fairlead::core;

namespace {

class FakeClock final : public Clock
{
public:
    qint64 now() const noexcept override { return time; }

    qint64 utcMs() const noexcept override { return 784'111'777'000; }

    qint64 time = kNsPerSecond;
};

} // namespace

/// HTTP for probes and Prometheus, under a clock that the test turns (OB-04).
class tst_Http : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();

    void theHeadEndsAtTheEmptyLine_data();
    void theHeadEndsAtTheEmptyLine();
    void aPageIsShown();
    void aPageMayAnswerLater();
    void anAnswerForOneThatWentIsDropped();
    void aRequestMustArriveInTime();
    void aPeerThatDoesNotCloseIsCutOff();
    void aPeerThatDoesNotReadIsCutOff();
    void theOldestIncompleteRequestMakesRoom();
    void whenAllWaitForAnswersNobodyElseComesIn();

private:
    /// The client's end of a connection.
    int connectOne()
    {
        int ends[2] = {};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
            qFatal("no socket pair");
        m_server->admit(ends[1]);
        m_ends.append(ends[0]);
        return ends[0];
    }

    static void send(int fd, const QByteArray &bytes)
    {
        (void)::send(fd, bytes.constData(), std::size_t(bytes.size()), MSG_NOSIGNAL);
    }

    /// What came; "END" follows when the other side closed.
    static QByteArray read(int fd)
    {
        QByteArray all;
        QByteArray chunk(1 << 16, '\0');
        for (;;) {
            const ssize_t size = ::recv(fd, chunk.data(), std::size_t(chunk.size()), 0);
            if (size <= 0)
                return size == 0 || errno != EAGAIN ? all + "END" : all;
            all += chunk.left(size);
        }
    }

    void turn(qint64 passed = 0)
    {
        m_clock.time += passed;
        for (int i = 0; i < 8; ++i) {
            QCoreApplication::processEvents();
            QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
            m_timers->fireDue(m_clock.time);
        }
    }

    FakeClock m_clock;
    std::unique_ptr<TimerQueue> m_timers;
    std::unique_ptr<HttpServer> m_server;
    QList<int> m_ends;
    QList<HttpServer::Respond> m_kept;
};

void tst_Http::init()
{
    m_clock.time = kNsPerSecond;
    m_timers = std::make_unique<TimerQueue>();
    m_server = std::make_unique<HttpServer>(
        ControlLoop{*EpollDispatcher::current(), *m_timers, m_clock}, true);
    m_server->addPage("/echo", [](const HttpRequest &request, const HttpServer::Respond &respond) {
        respond({200, "text/plain", request.query + '\n'});
    });
    m_server->addPage("/later", [this](const HttpRequest &, const HttpServer::Respond &respond) {
        m_kept.append(respond);
    });
    m_server->addPage("/large", [](const HttpRequest &, const HttpServer::Respond &respond) {
        respond({200, "text/plain", QByteArray(900'000, 'x')});
    });
}

void tst_Http::cleanup()
{
    m_kept.clear();
    for (const int fd : std::exchange(m_ends, {}))
        ::close(fd);
    m_server.reset();
    turn();
    QCOMPARE(m_timers->size(), 0U);
}

void tst_Http::theHeadEndsAtTheEmptyLine_data()
{
    QTest::addColumn<QByteArray>("head");
    QTest::newRow("CR LF") << QByteArray("GET / HTTP/1.0\r\nA: b\r\n\r\n");
    QTest::newRow("LF") << QByteArray("GET / HTTP/1.0\nA: b\n\n");
    QTest::newRow("both") << QByteArray("GET / HTTP/1.0\nA: b\n\r\n");
    QTest::newRow("no headers") << QByteArray("GET / HTTP/1.0\r\n\r\n");
}

void tst_Http::theHeadEndsAtTheEmptyLine()
{
    QFETCH(QByteArray, head);
    // However it is cut, and whatever follows.
    for (qsizetype cut = 0; cut < head.size(); ++cut) {
        QCOMPARE(endOfHead(head.left(cut), 0), -1);
        QCOMPARE(endOfHead(head, cut), head.size());
        QCOMPARE(endOfHead(head + "body\r\n\r\n", cut), head.size());
    }
}

void tst_Http::aPageIsShown()
{
    const int one = connectOne();
    send(one, "GET /echo?a=b?c HTTP/1.1\r\nHost: localhost:1\r\n\r\n");
    turn();
    QCOMPARE(read(one),
             QByteArray("HTTP/1.1 200 OK\r\n"
                        "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                        "Content-Type: text/plain\r\n"
                        "Content-Length: 6\r\n"
                        "Cache-Control: no-store\r\n"
                        "X-Content-Type-Options: nosniff\r\n"
                        "Connection: close\r\n"
                        "\r\n"
                        "a=b?c\nEND"));
    QCOMPARE(m_server->requests(), 1U);
}

void tst_Http::aPageMayAnswerLater()
{
    const int one = connectOne();
    send(one, "GET /later HTTP/1.0\r\n\r\nand more that nobody reads");
    turn();
    // Its own time does not run while it waits for us.
    turn(2 * HttpServer::kHeadNs);
    QCOMPARE(read(one), QByteArray());
    m_kept.takeFirst()({503, "text/plain", "later"});
    turn();
    const QByteArray got = read(one);
    QVERIFY(got.startsWith("HTTP/1.1 503 Service Unavailable\r\n"));
    QVERIFY(got.endsWith("\r\n\r\nlaterEND"));
}

void tst_Http::anAnswerForOneThatWentIsDropped()
{
    send(connectOne(), "GET /later HTTP/1.0\r\n\r\n");
    turn();
    ::close(m_ends.takeFirst());
    turn();
    m_kept.takeFirst()({200, "text/plain", "late"});
    turn();
    QCOMPARE(m_server->connectionCount(), 0);
}

void tst_Http::aRequestMustArriveInTime()
{
    const int slow = connectOne();
    const int mute = connectOne();
    for (int second = 1; second < 10; ++second) {
        send(slow, "G");
        turn(kNsPerSecond);
    }
    QCOMPARE(read(slow), QByteArray());
    turn(kNsPerSecond);
    QVERIFY(read(slow).startsWith("HTTP/1.1 408 "));
    QVERIFY(read(mute).endsWith("END"));
}

void tst_Http::aPeerThatDoesNotCloseIsCutOff()
{
    const int one = connectOne();
    send(one, "GET /echo HTTP/1.0\r\n\r\n");
    turn();
    QVERIFY(read(one).endsWith("END"));
    QCOMPARE(m_server->connectionCount(), 1);
    turn(HttpServer::kStallNs);
    QCOMPARE(m_server->connectionCount(), 0);
}

void tst_Http::aPeerThatDoesNotReadIsCutOff()
{
    const int one = connectOne();
    send(one, "GET /large HTTP/1.0\r\n\r\n");
    turn();
    turn(HttpServer::kStallNs - 1);
    QCOMPARE(m_server->connectionCount(), 1);
    turn(1);
    QCOMPARE(m_server->connectionCount(), 0);
}

void tst_Http::theOldestIncompleteRequestMakesRoom()
{
    for (int i = 0; i < HttpServer::kMaxConnections; ++i)
        connectOne();
    send(m_ends.at(0), "GET /later HTTP/1.0\r\n\r\n");
    turn();
    // Too early: whoever is there may still be about to speak.
    QVERIFY(read(connectOne()).endsWith("END"));
    turn(HttpServer::kPatienceNs);
    const int newcomer = connectOne();
    send(newcomer, "GET /echo HTTP/1.0\r\n\r\n");
    turn();
    QVERIFY(read(newcomer).startsWith("HTTP/1.1 200 "));
    QCOMPARE(read(m_ends.at(0)), QByteArray());
    QVERIFY(read(m_ends.at(1)).endsWith("END"));
    QCOMPARE(read(m_ends.at(2)), QByteArray());
}

void tst_Http::whenAllWaitForAnswersNobodyElseComesIn()
{
    for (int i = 0; i < HttpServer::kMaxConnections; ++i)
        send(connectOne(), "GET /later HTTP/1.0\r\n\r\n");
    turn();
    turn(10 * kNsPerSecond);
    QVERIFY(read(connectOne()).endsWith("END"));
    QCOMPARE(m_kept.size(), HttpServer::kMaxConnections);
    QCOMPARE(m_server->connectionCount(), HttpServer::kMaxConnections);
}

int main(int argc, char **argv)
{
    QCoreApplication::setEventDispatcher(new EpollDispatcher);
    const QCoreApplication application(argc, argv);
    tst_Http test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_http.moc"
