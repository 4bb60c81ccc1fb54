// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/carrier/websocketstream.h"
#include "tlspair.h"

#include <QTest>

using namespace fairlead;
using namespace fairlead::core;
using namespace fairlead::test;
using Io = LinkStream::Io;

/// How a connection over TLS ends.
class tst_TlsEnd : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theEndIsAnnounced();
    void silenceIsAnEndToo();
    void closingBeforeTheHandshakeSendsNothing();
    void whoGivesUpInTheHandshakeIsGoneAtOnce();
};

void tst_TlsEnd::theEndIsAnnounced()
{
    Papers papers;
    Pair pair(papers.serverSettings(), papers.clientSettings());
    pair.exchange();
    pair.server.top.write("the last");
    pair.server.stream.close(CloseMode::Drain);
    pair.server.stream.finishOutput();
    QVERIFY(pair.server.wire->isFinished());
    pair.exchange();
    QCOMPARE(pair.client.top.received, std::string("the last"));
    QCOMPARE(pair.client.top.status, Io::Ended);
    // It may still say something itself.
    pair.client.top.write("and goodbye");
    pair.client.stream.close(CloseMode::Drain);
    pair.client.stream.finishOutput();
    pair.exchange();
    QVERIFY(pair.server.top.received.empty());
    QCOMPARE(pair.server.top.status, Io::Ended);
}

void tst_TlsEnd::silenceIsAnEndToo()
{
    Papers papers;
    Pair pair(papers.serverSettings(), papers.clientSettings());
    pair.exchange();
    pair.client.top.write("before the plug was pulled");
    pair.server.wire->arrive(pair.client.wire->takeSent());
    pair.server.wire->endInput();
    QCOMPARE(pair.server.top.received, std::string("before the plug was pulled"));
    QCOMPARE(pair.server.top.status, Io::Ended);
    QVERIFY(pair.server.stream.failure().isNull());

    Side early(contextOf(papers.serverSettings(), TlsRole::Server));
    early.wire->endInput();
    QCOMPARE(early.stream.failure().code(), ErrorCode::ConnectionClosed);
}

// LC-08: what the deadline cuts off holds nothing.
void tst_TlsEnd::closingBeforeTheHandshakeSendsNothing()
{
    Papers papers;
    Side server(contextOf(papers.serverSettings(), TlsRole::Server));
    server.wire->arrive("\x16\x03");
    server.top.write("a last frame");
    QVERIFY(server.stream.isBlocked());
    server.stream.close(CloseMode::Drain);
    QVERIFY(server.stream.isOutputEmpty());
    server.stream.finishOutput();
    QVERIFY(server.wire->takeSent().empty());
    QVERIFY(server.wire->isFinished());
}

// RR10: the request of a WebSocket that waits for TLS does not hold up the end.
void tst_TlsEnd::whoGivesUpInTheHandshakeIsGoneAtOnce()
{
    Papers papers;
    CountingRandom random;
    WebSocketSettings settings;
    settings.host = "broker.example";
    ChunkPool pool;
    auto *wire = new WireStream(pool);
    WebSocketStream client(
        pool,
        std::make_unique<TlsStream>(pool,
                                    std::unique_ptr<LinkStream>(wire),
                                    contextOf(papers.clientSettings(), TlsRole::Client)),
        WebSocketRole::Client,
        std::make_shared<const WebSocketSettings>(settings),
        random);
    TopReader top(client);
    top.read();
    QVERIFY(!wire->takeSent().empty());
    client.close(CloseMode::Drain);
    client.finishOutput();
    QVERIFY(wire->takeSent().empty());
    QVERIFY(wire->isFinished());
    QVERIFY(client.isFlushed());
}

QTEST_APPLESS_MAIN(tst_TlsEnd)

#include "tst_tlsend.moc"
