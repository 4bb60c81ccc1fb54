// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "websockettest.h"

#include <QTest>

#include <vector>

using namespace fairlead;
using namespace fairlead::core;
using namespace fairlead::test;

/// What passes once a WebSocket is open, and how it ends.
class tst_WebSocketStream : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void packetsAreIndependentOfFrames();
    void pingsAreAnsweredBetweenFragments();
    void pingsOfWhoDoesNotReadTakeNoMemory();
    void violationsAreNamedToThePeer_data();
    void violationsAreNamedToThePeer();
    void closeIsAnsweredAndEndsTheInput_data();
    void closeIsAnsweredAndEndsTheInput();
    void oursComesFirst();
    void theEndInsideAMessageIsAnError();
    void writesWhatFits();
    void messagesKeepTheirLimits_data();
    void messagesKeepTheirLimits();
    void messagesAreSentWhole();
    void closeCodesArePassedOn();
    void pingsAreCounted();
};

// PL-04, [MQTT-6.0.0-2]
void tst_WebSocketStream::packetsAreIndependentOfFrames()
{
    Server server;
    server.open();
    server.wire->arrive(frame(WebSocketOpcode::Binary, "PINGREQPINGREQ")
                        + frame(WebSocketOpcode::Binary, "PUB", false)
                        + frame(WebSocketOpcode::Continuation, "LI", false)
                        + frame(WebSocketOpcode::Continuation, "")
                        + frame(WebSocketOpcode::Binary, "SH"));
    QCOMPARE(server.top.received, std::string("PINGREQPINGREQPUBLISH"));
}

void tst_WebSocketStream::pingsAreAnsweredBetweenFragments()
{
    Server server;
    server.open();
    server.wire->arrive(frame(WebSocketOpcode::Binary, "ab", false)
                        + frame(WebSocketOpcode::Ping, "are you there"));
    QCOMPARE(server.wire->takeSent(), plain(WebSocketOpcode::Pong, "are you there"));
    server.wire->arrive(frame(WebSocketOpcode::Continuation, "cd"));
    QCOMPARE(server.top.received, std::string("abcd"));
    server.wire->arrive(frame(WebSocketOpcode::Pong, "unasked"));
    QVERIFY(server.wire->takeSent().empty());
}

void tst_WebSocketStream::pingsOfWhoDoesNotReadTakeNoMemory()
{
    Server server;
    server.open();
    server.wire->setRoom(5);
    server.top.write("blocked now");
    const std::size_t held = server.wire->outputSize();
    for (int i = 0; i < 1000; ++i)
        server.wire->arrive(frame(WebSocketOpcode::Ping, std::to_string(i)));
    QCOMPARE(server.wire->outputSize(), held);
    server.wire->setRoom(-1);
    QCOMPARE(server.wire->takeSent(),
             plain(WebSocketOpcode::Binary, "blocked now") + plain(WebSocketOpcode::Pong, "999"));
}

void tst_WebSocketStream::violationsAreNamedToThePeer_data()
{
    QTest::addColumn<QByteArray>("wire");
    QTest::addColumn<int>("code");
    const auto row = [](const char *name, const std::string &wire, int code) {
        QTest::newRow(name) << QByteArray::fromStdString(wire) << code;
    };
    row("text [MQTT-6.0.0-1]", frame(WebSocketOpcode::Text, "hello"), 1003);
    row("no mask", plain(WebSocketOpcode::Binary, "x"), 1002);
    row("half a close code", frame(WebSocketOpcode::Close, "x"), 1002);
    row("close 1005", frame(WebSocketOpcode::Close, "\x03\xED"), 1002);
    row("close 999", frame(WebSocketOpcode::Close, "\x03\xE7"), 1002);
    row("close 5000", frame(WebSocketOpcode::Close, "\x13\x88"), 1002);
    row("a reason that is no UTF-8", frame(WebSocketOpcode::Close, "\x03\xE8\xC3"), 1007);
    row("too much", frame(WebSocketOpcode::Binary, std::string((1 << 20) + 1, 'x')), 1009);
}

void tst_WebSocketStream::violationsAreNamedToThePeer()
{
    QFETCH(QByteArray, wire);
    QFETCH(int, code);
    Server server;
    server.open();
    server.wire->arrive(frame(WebSocketOpcode::Binary, "good") + wire.toStdString());
    QCOMPARE(server.top.received, std::string("good"));
    QCOMPARE(server.top.status, Io::Failed);
    QCOMPARE(server.stream.failure().code(),
             code == 1009 ? ErrorCode::PacketTooLarge : ErrorCode::ProtocolViolation);
    const std::string sent = server.wire->takeSent();
    const std::string expected = closeFrame(quint16(code));
    QCOMPARE(sent.substr(0, 1), expected.substr(0, 1));
    QCOMPARE(sent.substr(2, 2), expected.substr(2, 2));
    // What the driver still wrote is for nobody.
    server.top.write("late");
    QVERIFY(server.wire->takeSent().empty());
}

void tst_WebSocketStream::closeIsAnsweredAndEndsTheInput_data()
{
    QTest::addColumn<QByteArray>("payload");
    QTest::newRow("normal") << QByteArray("\x03\xE8");
    QTest::newRow("with a reason") << QByteArray("\x03\xE9leaving");
    QTest::newRow("of its own") << QByteArray("\x0F\xA1");
    QTest::newRow("without a code") << QByteArray();
}

void tst_WebSocketStream::closeIsAnsweredAndEndsTheInput()
{
    QFETCH(QByteArray, payload);
    Server server;
    server.open();
    server.wire->arrive(frame(WebSocketOpcode::Binary, "last")
                        + frame(WebSocketOpcode::Close, payload.toStdString())
                        + frame(WebSocketOpcode::Binary, "after"));
    QCOMPARE(server.top.received, std::string("last"));
    QCOMPARE(server.top.status, Io::Ended);
    QVERIFY(server.stream.failure().isNull());
    QCOMPARE(server.wire->takeSent(), plain(WebSocketOpcode::Close, payload.left(2).toStdString()));
    QVERIFY(!server.wire->isFinished());
    server.stream.close(CloseMode::Drain);
    server.stream.finishOutput();
    QVERIFY(server.wire->isFinished());
}

void tst_WebSocketStream::oursComesFirst()
{
    Server server;
    server.open();
    server.top.write("last frame");
    server.stream.close(CloseMode::Drain);
    server.stream.finishOutput();
    server.stream.finishOutput();
    QCOMPARE(server.wire->takeSent(),
             plain(WebSocketOpcode::Binary, "last frame") + closeFrame(1000));
    QVERIFY(!server.wire->isFinished());
    server.wire->arrive(frame(WebSocketOpcode::Binary, "crossing")
                        + frame(WebSocketOpcode::Close, "\x03\xE8"));
    QVERIFY(server.top.received.empty());
    QCOMPARE(server.top.status, Io::Ended);
    QVERIFY(server.wire->isFinished());
    QVERIFY(server.wire->takeSent().empty());
}

// PL-03
void tst_WebSocketStream::theEndInsideAMessageIsAnError()
{
    Server server;
    server.open();
    server.wire->arrive(frame(WebSocketOpcode::Binary, "half").substr(0, 8));
    server.wire->endInput();
    QCOMPARE(server.top.received, std::string("ha"));
    QCOMPARE(server.top.status, Io::Ended);
    QCOMPARE(server.stream.failure().code(), ErrorCode::ConnectionClosed);

    Server between;
    between.open();
    between.wire->arrive(frame(WebSocketOpcode::Binary, "whole"));
    between.wire->endInput();
    QCOMPARE(between.top.status, Io::Ended);
    QVERIFY(between.stream.failure().isNull());
}

void tst_WebSocketStream::writesWhatFits()
{
    Server server;
    server.open();
    std::string sent;
    for (int i = 0; i < 100000; ++i)
        sent += std::to_string(i);
    server.wire->setRoom(1000);
    server.top.write(sent);
    QVERIFY(server.stream.isBlocked());
    // Below lies no more than one turn's worth.
    QVERIFY(server.wire->outputSize() <= LinkStream::kTurnBytes + 100);
    std::string wire;
    for (int i = 0; i < 2000 && payloadOf(wire).size() < sent.size(); ++i) {
        server.wire->setRoom(777);
        wire += server.wire->takeSent();
    }
    std::size_t frames = 0;
    QVERIFY(payloadOf(wire, &frames) == sent);
    QVERIFY(frames >= sent.size() / (64 * 1024));
    QVERIFY(!server.stream.isBlocked());
    QVERIFY(server.stream.isOutputEmpty());
}

void tst_WebSocketStream::messagesKeepTheirLimits_data()
{
    QTest::addColumn<int>("piece");
    for (const int piece : {1, 3, 10, 1000, 1000000})
        QTest::addRow("%d", piece) << piece;
}

// RR7: fragments, several messages in one read, one over many.
void tst_WebSocketStream::messagesKeepTheirLimits()
{
    QFETCH(int, piece);
    Server server(WebSocketRole::Server, true);
    server.stream.setOwner(nullptr);
    const std::string large(70000, 'L');
    const std::string wire = kRequest + frame(WebSocketOpcode::Binary, "one")
        + frame(WebSocketOpcode::Binary, "t", false) + frame(WebSocketOpcode::Ping, "")
        + frame(WebSocketOpcode::Continuation, "wo") + frame(WebSocketOpcode::Binary, "")
        + frame(WebSocketOpcode::Binary, large) + frame(WebSocketOpcode::Close, "\x0F\xA1");
    std::vector<std::string> messages;
    std::vector<char> buffer(2000);
    Io status = Io::Done;
    for (std::size_t at = 0; at < wire.size(); at += std::size_t(piece)) {
        server.wire->arrive(std::string_view(wire).substr(at, std::size_t(piece)));
        do {
            const auto read = server.stream.readMessage(buffer.data(), buffer.size());
            status = read.result.status;
            if (read.message.data())
                messages.emplace_back(read.message);
        } while (status == Io::Done);
    }
    QCOMPARE(messages.size(), std::size_t(4));
    QVERIFY(messages == std::vector<std::string>({"one", "two", "", large}));
    QCOMPARE(status, Io::Ended);
    QCOMPARE(server.stream.peerCloseCode(), quint16(4001));
}

void tst_WebSocketStream::messagesAreSentWhole()
{
    for (const WebSocketRole role : {WebSocketRole::Server, WebSocketRole::Client}) {
        Server server(WebSocketRole::Server, true);
        Server client(WebSocketRole::Client, true);
        client.top.read();
        server.wire->arrive(client.wire->takeSent());
        client.wire->arrive(server.wire->takeSent());
        const bool isServer = role == WebSocketRole::Server;
        Server &from = isServer ? server : client;
        const std::string large(150000, 'x');
        from.top.write("begun ");
        QVERIFY(from.wire->takeSent().empty());
        from.top.write("and ended");
        from.stream.endMessage();
        from.stream.endMessage();
        from.top.write("second");
        from.stream.endMessage();
        from.top.write(large);
        from.stream.endMessage();
        from.top.write("not ended");
        from.top.flush();
        const std::string wire = from.wire->takeSent();
        WebSocketDecoder decoder(isServer ? WebSocketRole::Client : WebSocketRole::Server, {});
        std::vector<std::string> messages;
        std::string message;
        for (std::size_t at = 0; at < wire.size();) {
            std::string out(wire.size() - at, '\0');
            const auto decoded = decoder.decode(wire.data() + at, wire.size() - at, out.data());
            at += decoded.used;
            message.append(out, 0, decoded.produced);
            QVERIFY(decoded.event != WebSocketDecoder::Event::Violation);
            if (decoded.event == WebSocketDecoder::Event::MessageEnd)
                messages.push_back(std::exchange(message, {}));
        }
        QVERIFY(messages == std::vector<std::string>({"begun and ended", "second", large}));
        QCOMPARE(from.stream.outputSize(), std::size_t(9));
    }
}

void tst_WebSocketStream::closeCodesArePassedOn()
{
    Server server(WebSocketRole::Server, true);
    server.open();
    QCOMPARE(server.stream.peerCloseCode(), MessageStream::kNoCode);
    server.stream.setCloseReason(4452, "rejected");
    server.stream.close(CloseMode::Drain);
    server.stream.finishOutput();
    QCOMPARE(server.wire->takeSent(), closeFrame(4452, "rejected"));
    server.wire->arrive(frame(WebSocketOpcode::Close, "\x11\x94"));
    QCOMPARE(server.stream.peerCloseCode(), quint16(4500));
}

void tst_WebSocketStream::pingsAreCounted()
{
    Server server;
    server.open();
    server.stream.ping();
    QCOMPARE(server.wire->takeSent(), plain(WebSocketOpcode::Ping, ""));
    QCOMPARE(server.stream.pongCount(), quint64(0));
    server.wire->arrive(frame(WebSocketOpcode::Pong, ""));
    QCOMPARE(server.stream.pongCount(), quint64(1));
    server.wire->setRoom(3);
    server.top.write("blocked");
    for (int i = 0; i < 5; ++i)
        server.stream.ping();
    server.wire->setRoom(-1);
    QCOMPARE(server.wire->takeSent(),
             plain(WebSocketOpcode::Binary, "blocked") + plain(WebSocketOpcode::Ping, ""));
}

QTEST_APPLESS_MAIN(tst_WebSocketStream)
#include "tst_websocketstream.moc"
