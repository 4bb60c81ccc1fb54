// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/carrier/websocketupgrade.h"

#include <QTest>

using namespace fairlead;
using namespace fairlead::core;

namespace {

WebSocketSettings mqttSettings()
{
    WebSocketSettings settings;
    settings.path = "/mqtt";
    settings.host = "broker.example:8083";
    settings.subProtocols = {"mqtt", "mqttv3.1"};
    return settings;
}

const QByteArray kRequest = "GET /mqtt HTTP/1.1\r\nHost: broker.example:8083\r\n"
                            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n";

QByteArray with(const char *from, const char *to)
{
    QByteArray request = kRequest;
    Q_ASSERT(request.contains(from));
    request.replace(from, to);
    return request;
}

QByteArray adding(const char *line)
{
    return with("\r\n\r\n", qPrintable(QStringLiteral("\r\n%1\r\n\r\n").arg(QLatin1String(line))));
}

int statusOf(const UpgradeAnswer &answer)
{
    return answer.response.mid(9, 3).toInt();
}

} // namespace

class tst_WebSocketUpgrade : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void accepts_data();
    void accepts();
    void refuses_data();
    void refuses();
    void theRootIsServedWhereThePluginSaysSo();
    void choosesTheSubProtocolThePluginPrefers();
    void namesNoSubProtocolWhereNoneIsAskedFor();
    void pagesOfStrangersMayBeKeptOut();
    void clientAndServerAgree();
    void clientRefuses_data();
    void clientRefuses();
};

void tst_WebSocketUpgrade::accepts_data()
{
    QTest::addColumn<QByteArray>("request");
    QTest::newRow("plain") << kRequest;
    QTest::newRow("a query") << with("/mqtt ", "/mqtt?token=1 ");
    QTest::newRow("a whole URL") << with("/mqtt ", "http://broker.example:8083/mqtt ");
    QTest::newRow("other case") << with("Upgrade: websocket", "upgrade: WebSocket");
    QTest::newRow("several tokens")
        << with("Connection: Upgrade", "Connection: keep-alive, Upgrade");
    QTest::newRow("blanks") << with("Version: 13", "Version: \t13 \t");
    QTest::newRow("several sub-protocols") << with("Protocol: mqtt", "Protocol: x,mqtt , y");
    QTest::newRow("sub-protocols in two fields") << adding("Sec-WebSocket-Protocol: x");
    QTest::newRow("an extension") << adding("Sec-WebSocket-Extensions: permessage-deflate");
    QTest::newRow("an origin") << adding("Origin: https://app.example");
    QTest::newRow("an empty body") << adding("Content-Length: 0");
}

// PL-04, [MQTT-6.0.0-3], [MQTT-6.0.0-4]: the name of the sub-protocol comes back.
void tst_WebSocketUpgrade::accepts()
{
    QFETCH(QByteArray, request);
    const UpgradeAnswer answer = answerUpgrade(request, mqttSettings());
    QVERIFY2(answer.error.isNull(), qPrintable(answer.error.toString()));
    QCOMPARE(answer.subProtocol, QByteArray("mqtt"));
    const auto head = HttpHead::parse(answer.response);
    QVERIFY(head);
    QCOMPARE(head->startLine(), QByteArray("HTTP/1.1 101 Switching Protocols"));
    // The example of RFC 6455, 1.3.
    QCOMPARE(head->field("sec-websocket-accept").value_or(""),
             QByteArray("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    QCOMPARE(head->field("sec-websocket-protocol").value_or(""), QByteArray("mqtt"));
    QVERIFY(!head->field("sec-websocket-extensions"));
}

void tst_WebSocketUpgrade::refuses_data()
{
    QTest::addColumn<QByteArray>("request");
    QTest::addColumn<int>("status");
    QTest::newRow("another path") << with("/mqtt ", "/ ") << 404;
    QTest::newRow("a longer path") << with("/mqtt ", "/mqtt/ ") << 404;
    QTest::newRow("a page, elsewhere") << with("GET /mqtt ", "POST / ") << 404;
    QTest::newRow("another method") << with("GET ", "POST ") << 405;
    QTest::newRow("no sub-protocol") << with("Sec-WebSocket-Protocol: mqtt\r\n", "") << 400;
    QTest::newRow("another sub-protocol") << with("Protocol: mqtt", "Protocol: ship") << 400;
    QTest::newRow("in another case") << with("Protocol: mqtt", "Protocol: MQTT") << 400;
    QTest::newRow("part of a name") << with("Protocol: mqtt", "Protocol: mqttx") << 400;
    QTest::newRow("no upgrade") << with("Upgrade: websocket\r\n", "") << 426;
    QTest::newRow("another upgrade") << with("Upgrade: websocket", "Upgrade: h2c") << 426;
    QTest::newRow("no connection token") << with("Connection: Upgrade\r\n", "") << 426;
    QTest::newRow("another version") << with("Version: 13", "Version: 8") << 426;
    QTest::newRow("no version") << with("Sec-WebSocket-Version: 13\r\n", "") << 426;
    QTest::newRow("no key") << with("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "") << 400;
    QTest::newRow("a short key") << with("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=") << 400;
    QTest::newRow("no base64") << with("dGhlIHNhbXBsZSBub25jZQ==", "!!!!IHNhbXBsZSBub25jZQ==")
                               << 400;
    QTest::newRow("two keys") << adding("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==") << 400;
    QTest::newRow("no host") << with("Host: broker.example:8083\r\n", "") << 400;
    QTest::newRow("two hosts") << adding("Host: other") << 400;
    QTest::newRow("HTTP/1.0") << with("HTTP/1.1", "HTTP/1.0") << 505;
    QTest::newRow("no HTTP") << with("HTTP/1.1", "FTP/1.1") << 400;
    QTest::newRow("no version at all") << with(" HTTP/1.1", "") << 400;
    QTest::newRow("blanks in the target") << with("/mqtt ", "/mqtt x ") << 400;
    QTest::newRow("a body") << adding("Content-Length: 5") << 400;
    QTest::newRow("chunks") << adding("Transfer-Encoding: chunked") << 400;
    QTest::newRow("a blank before the colon") << with("Host:", "Host :") << 400;
    QTest::newRow("a folded line") << adding(" folded") << 400;
    QTest::newRow("no colon") << adding("nonsense") << 400;
    QTest::newRow("an empty name") << adding(": x") << 400;
    QTest::newRow("a bare line feed")
        << with("Upgrade: websocket\r\n", "Upgrade: websocket\n") << 400;
    QTest::newRow("a control character") << adding("X: a\x01z") << 400;
}

// PL-04, [MQTT-6.0.0-3]
void tst_WebSocketUpgrade::refuses()
{
    QFETCH(QByteArray, request);
    QFETCH(int, status);
    const UpgradeAnswer answer = answerUpgrade(request, mqttSettings());
    QCOMPARE(statusOf(answer), status);
    QCOMPARE(answer.error.code(), ErrorCode::ProtocolViolation);
    QCOMPARE(answer.error.details().value(QStringLiteral("status")).toInt(), status);
    const auto head
        = HttpHead::parse(answer.response.left(answer.response.indexOf("\r\n\r\n") + 4));
    QVERIFY(head);
    QVERIFY(head->hasToken("connection", "close"));
    QCOMPARE(head->field("sec-websocket-version").has_value(), status == 426);
    QCOMPARE(head->field("upgrade").has_value(), status == 426);
    QCOMPARE(head->field("allow").has_value(), status == 405);
}

// SHIP: who dials by a path that is refused tries again without one; the sub-protocol is as needed.
void tst_WebSocketUpgrade::theRootIsServedWhereThePluginSaysSo()
{
    WebSocketSettings settings = mqttSettings();
    settings.hasRoot = true;
    QVERIFY(answerUpgrade(kRequest, settings).error.isNull());
    QVERIFY(answerUpgrade(with("/mqtt ", "/ "), settings).error.isNull());
    QVERIFY(answerUpgrade(with("/mqtt ", "/?a=b "), settings).error.isNull());
    QCOMPARE(statusOf(answerUpgrade(with("/mqtt ", "/other "), settings)), 404);
    QByteArray bare = with("/mqtt ", "/ ");
    bare.replace("Sec-WebSocket-Protocol: mqtt\r\n", "");
    QCOMPARE(statusOf(answerUpgrade(bare, settings)), 400);
}

void tst_WebSocketUpgrade::choosesTheSubProtocolThePluginPrefers()
{
    const QByteArray request = with("Protocol: mqtt", "Protocol: mqttv3.1, mqtt");
    QCOMPARE(answerUpgrade(request, mqttSettings()).subProtocol, QByteArray("mqtt"));
    QCOMPARE(
        answerUpgrade(with("Protocol: mqtt", "Protocol: mqttv3.1"), mqttSettings()).subProtocol,
        QByteArray("mqttv3.1"));
}

void tst_WebSocketUpgrade::namesNoSubProtocolWhereNoneIsAskedFor()
{
    WebSocketSettings settings = mqttSettings();
    settings.subProtocols.clear();
    const UpgradeAnswer answer = answerUpgrade(kRequest, settings);
    QVERIFY(answer.error.isNull());
    QVERIFY(!HttpHead::parse(answer.response)->field("sec-websocket-protocol"));
}

void tst_WebSocketUpgrade::pagesOfStrangersMayBeKeptOut()
{
    WebSocketSettings settings = mqttSettings();
    settings.origins = {"https://app.example"};
    QVERIFY(answerUpgrade(kRequest, settings).error.isNull());
    QVERIFY(answerUpgrade(adding("Origin: https://app.example"), settings).error.isNull());
    QCOMPARE(statusOf(answerUpgrade(adding("Origin: https://evil.example"), settings)), 403);
}

void tst_WebSocketUpgrade::clientAndServerAgree()
{
    const QByteArray nonce("0123456789abcdef");
    const WebSocketSettings settings = mqttSettings();
    const UpgradeAnswer answer = answerUpgrade(upgradeRequest(settings, nonce), settings);
    QVERIFY2(answer.error.isNull(), qPrintable(answer.error.toString()));
    const UpgradeResult result = checkUpgradeResponse(answer.response, settings, nonce);
    QVERIFY2(result.error.isNull(), qPrintable(result.error.toString()));
    QCOMPARE(result.subProtocol, QByteArray("mqtt"));
}

void tst_WebSocketUpgrade::clientRefuses_data()
{
    QTest::addColumn<QByteArray>("from");
    QTest::addColumn<QByteArray>("to");
    QTest::addColumn<int>("code");
    const auto row = [](const char *name, const char *from, const char *to, ErrorCode code) {
        QTest::newRow(name) << QByteArray(from) << QByteArray(to) << int(code);
    };
    const auto wrong = ErrorCode::ProtocolViolation;
    row("not found", "101 Switching", "404 Not Found", ErrorCode::NotFound);
    row("not allowed", "101 Switching", "403 Forbidden", ErrorCode::NotAuthorized);
    row("unavailable", "101 Switching", "503 Unavailable", wrong);
    row("no HTTP", "HTTP/1.1", "220 ESMTP", wrong);
    row("a wrong proof", "Accept: ", "Accept: x", wrong);
    row("no upgrade", "Upgrade: websocket", "X: y", wrong);
    row("no sub-protocol", "Sec-WebSocket-Protocol: mqtt\r\n", "", wrong);
    row("another sub-protocol", "Protocol: mqtt", "Protocol: soap", wrong);
    row("an extension",
        "Upgrade: websocket",
        "Upgrade: websocket\r\nSec-WebSocket-Extensions: x",
        wrong);
}

void tst_WebSocketUpgrade::clientRefuses()
{
    QFETCH(QByteArray, from);
    QFETCH(QByteArray, to);
    QFETCH(int, code);
    const QByteArray nonce("0123456789abcdef");
    const WebSocketSettings settings = mqttSettings();
    QByteArray response = answerUpgrade(upgradeRequest(settings, nonce), settings).response;
    QVERIFY(response.contains(from));
    response.replace(from, to);
    const UpgradeResult result = checkUpgradeResponse(response, settings, nonce);
    QCOMPARE(int(result.error.code()), code);
    QVERIFY(result.error.isRetryable());
}

QTEST_APPLESS_MAIN(tst_WebSocketUpgrade)
#include "tst_websocketupgrade.moc"
