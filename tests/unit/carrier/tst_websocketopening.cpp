// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "websockettest.h"

#include <QTest>

#include <vector>

using namespace fairlead;
using namespace fairlead::core;
using namespace fairlead::test;

/// How a WebSocket opens, or does not.
class tst_WebSocketOpening : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void upgradesByteByByte();
    void takesFramesThatCameWithTheRequest();
    void refusesWithAnAnswerThatIsNotLost();
    void boundsTheRequest();
    void refusesWhatIsNoHttp();
    void nothingIsSentBeforeTheUpgrade();
    void closingBeforeTheUpgradeSendsNothing();
    void clientAndServerTalk();
    void clientIsToldWhy();
};

// PL-04, PL-03
void tst_WebSocketOpening::upgradesByteByByte()
{
    Server server;
    for (const char byte : kRequest) {
        QVERIFY(!server.stream.isOpen());
        QVERIFY(server.wire->takeSent().empty());
        server.wire->arrive({&byte, 1});
    }
    QVERIFY(server.stream.isOpen());
    QVERIFY(server.wire->takeSent().starts_with("HTTP/1.1 101 "));
    QCOMPARE(server.stream.subProtocol(), QByteArray("mqtt"));
    QVERIFY(server.top.received.empty());
}

void tst_WebSocketOpening::takesFramesThatCameWithTheRequest()
{
    Server server;
    server.top.readSize = 100;
    server.wire->arrive(kRequest + frame(WebSocketOpcode::Binary, "first")
                        + frame(WebSocketOpcode::Binary, "second"));
    QCOMPARE(server.top.received, std::string("firstsecond"));
}

void tst_WebSocketOpening::refusesWithAnAnswerThatIsNotLost()
{
    Server server;
    server.wire->setRoom(10);
    std::string request = kRequest;
    request.replace(request.find("/mqtt"), 5, "/other");
    server.wire->arrive(request);
    QCOMPARE(server.top.status, Io::Failed);
    QCOMPARE(server.stream.failure().details().value(QStringLiteral("status")).toInt(), 404);
    // As a link that lets its stream linger.
    server.stream.close(CloseMode::Drain);
    server.stream.finishOutput();
    QVERIFY(!server.stream.isFlushed());
    QVERIFY(!server.wire->isFinished());
    server.wire->setRoom(-1);
    QVERIFY(server.stream.isFlushed());
    QVERIFY(server.wire->isFinished());
    QVERIFY(server.wire->takeSent().starts_with("HTTP/1.1 404 "));
    char buffer[100];
    server.wire->arrive("more of the same");
    const LinkStream::IoResult got = server.stream.read(buffer, sizeof buffer);
    QCOMPARE(got.size, std::size_t(0));
    QCOMPARE(got.status, Io::WouldBlock);
    server.wire->endInput();
    QCOMPARE(server.stream.read(buffer, sizeof buffer).status, Io::Ended);
}

void tst_WebSocketOpening::boundsTheRequest()
{
    for (const std::size_t piece : {std::size_t(1), std::size_t(1000), std::size_t(100000)}) {
        Server server;
        const std::string endless = "GET /mqtt HTTP/1.1\r\nX: " + std::string(20000, 'x');
        for (std::size_t at = 0; at < endless.size() && server.top.status != Io::Failed;
             at += piece)
            server.wire->arrive(std::string_view(endless).substr(at, piece));
        QCOMPARE(server.top.status, Io::Failed);
        QVERIFY(server.wire->takeSent().starts_with("HTTP/1.1 431 "));
    }
}

void tst_WebSocketOpening::refusesWhatIsNoHttp()
{
    Server server;
    // A client that speaks MQTT without WebSocket.
    server.wire->arrive(std::string("\x10\x0C\x00\x04MQTT", 8));
    QCOMPARE(server.top.status, Io::Failed);
    QVERIFY(server.wire->takeSent().starts_with("HTTP/1.1 400 "));
}

void tst_WebSocketOpening::nothingIsSentBeforeTheUpgrade()
{
    Server server;
    server.top.write("early");
    QVERIFY(server.wire->takeSent().empty());
    server.wire->arrive(kRequest);
    const std::string sent = server.wire->takeSent();
    QVERIFY(sent.starts_with("HTTP/1.1 101 "));
    QVERIFY(sent.ends_with("\r\n\r\n" + plain(WebSocketOpcode::Binary, "early")));
}

// LC-08: what the deadline cuts off holds nothing.
void tst_WebSocketOpening::closingBeforeTheUpgradeSendsNothing()
{
    Server server;
    server.wire->arrive("GET /mqtt HT");
    server.top.write("a last frame");
    server.stream.close(CloseMode::Drain);
    QVERIFY(server.stream.isOutputEmpty());
    server.stream.finishOutput();
    QVERIFY(server.wire->takeSent().empty());
    QVERIFY(server.wire->isFinished());
}

void tst_WebSocketOpening::clientAndServerTalk()
{
    Server server;
    Server client(WebSocketRole::Client);
    std::string there(300000, '\0');
    for (std::size_t i = 0; i < there.size(); ++i)
        there[i] = char(i * 7 >> 3);
    client.top.write(there);
    for (int i = 0; i < 100; ++i) {
        const std::string up = client.wire->takeSent();
        if (i > 0)
            QVERIFY(up.find(there.substr(0, 20)) == std::string::npos);
        server.wire->arrive(up);
        client.wire->arrive(server.wire->takeSent());
    }
    QVERIFY(client.stream.isOpen());
    QCOMPARE(client.stream.subProtocol(), QByteArray("mqtt"));
    QVERIFY(server.top.received == there);
    server.top.write("and back");
    client.wire->arrive(server.wire->takeSent());
    QCOMPARE(client.top.received, std::string("and back"));
    client.stream.close(CloseMode::Drain);
    client.stream.finishOutput();
    server.wire->arrive(client.wire->takeSent());
    QCOMPARE(server.top.status, Io::Ended);
    client.wire->arrive(server.wire->takeSent());
    QCOMPARE(client.top.status, Io::Ended);
}

void tst_WebSocketOpening::clientIsToldWhy()
{
    Server client(WebSocketRole::Client);
    client.top.read();
    QVERIFY(client.wire->takeSent().starts_with("GET /mqtt HTTP/1.1\r\nHost: h\r\n"));
    client.wire->arrive("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    QCOMPARE(client.top.status, Io::Failed);
    QCOMPARE(client.stream.failure().code(), ErrorCode::NotFound);
}

QTEST_APPLESS_MAIN(tst_WebSocketOpening)
#include "tst_websocketopening.moc"
