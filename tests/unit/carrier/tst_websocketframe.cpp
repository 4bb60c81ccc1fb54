// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/carrier/websocketframe.h"

#include <QTest>

#include <string>
#include <vector>

using namespace fairlead;
using namespace fairlead::core;

namespace {

using Event = WebSocketDecoder::Event;

const WebSocketMask kMask = {'\x37', '\xfa', '\x21', '\x3d'};

std::string frame(WebSocketOpcode opcode,
                  std::string_view payload,
                  bool final = true,
                  const WebSocketMask *mask = &kMask)
{
    char header[kWebSocketHeader];
    std::string out(header, writeWebSocketHeader(header, opcode, final, payload.size(), mask));
    std::string body(payload);
    if (mask)
        applyWebSocketMask(body.data(), body.data(), body.size(), *mask, 0);
    return out + body;
}

struct Outcome
{
    std::string payload;
    std::vector<std::string> controls;
    int messages = 0;
    bool isViolated = false;
    WebSocketClose code = WebSocketClose::Normal;
    bool isBetween = false;
};

Outcome decodeIn(const std::string &wire,
                 std::size_t piece,
                 const WebSocketDecoder::Limits &limits = {},
                 WebSocketRole role = WebSocketRole::Server)
{
    WebSocketDecoder decoder(role, limits);
    Outcome outcome;
    for (std::size_t at = 0; at < wire.size() && !outcome.isViolated; at += piece) {
        std::string part = wire.substr(at, piece);
        std::size_t from = 0;
        std::size_t out = 0;
        for (;;) {
            const auto decoded
                = decoder.decode(part.data() + from, part.size() - from, part.data() + out);
            from += decoded.used;
            out += decoded.produced;
            if (decoded.event == Event::MessageEnd)
                ++outcome.messages;
            if (decoded.event == Event::Control)
                outcome.controls.emplace_back(decoder.control());
            outcome.isViolated = decoded.event == Event::Violation;
            if (decoded.event == Event::None || outcome.isViolated)
                break;
        }
        outcome.payload.append(part, 0, out);
    }
    outcome.code = decoder.code();
    outcome.isBetween = decoder.isBetweenMessages();
    return outcome;
}

} // namespace

class tst_WebSocketFrame : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void decodesTheSameInWhateverPieces_data();
    void decodesTheSameInWhateverPieces();
    void takesEachFormOfLength_data();
    void takesEachFormOfLength();
    void refuses_data();
    void refuses();
    void boundsMessagesNotFrames();
    void masksFromAnyOffset();
    void clientTakesPlainFramesOnly();
    void closeReasonEndsBetweenCharacters();
};

void tst_WebSocketFrame::decodesTheSameInWhateverPieces_data()
{
    QTest::addColumn<int>("piece");
    for (const int piece : {1, 2, 3, 7, 64, 1000, 100000})
        QTest::addRow("%d", piece) << piece;
}

// PL-04, PL-03, [MQTT-6.0.0-2]: fragments, control frames between them, several frames at once.
void tst_WebSocketFrame::decodesTheSameInWhateverPieces()
{
    QFETCH(int, piece);
    const std::string large(70000, 'L');
    const std::string wire = frame(WebSocketOpcode::Binary, "one")
        + frame(WebSocketOpcode::Binary, "tw", false) + frame(WebSocketOpcode::Ping, "ping")
        + frame(WebSocketOpcode::Continuation, "", false)
        + frame(WebSocketOpcode::Pong, std::string(125, 'p'))
        + frame(WebSocketOpcode::Continuation, "o") + frame(WebSocketOpcode::Binary, "")
        + frame(WebSocketOpcode::Binary, large) + frame(WebSocketOpcode::Close, "");
    const Outcome outcome = decodeIn(wire, std::size_t(piece));
    QVERIFY(!outcome.isViolated);
    QVERIFY(outcome.payload == "onetwo" + large);
    QCOMPARE(outcome.messages, 4);
    QCOMPARE(outcome.controls.size(), std::size_t(3));
    QCOMPARE(outcome.controls[0], std::string("ping"));
    QCOMPARE(outcome.controls[1], std::string(125, 'p'));
    QVERIFY(outcome.isBetween);
}

void tst_WebSocketFrame::takesEachFormOfLength_data()
{
    QTest::addColumn<int>("size");
    for (const int size : {0, 1, 125, 126, 127, 65535, 65536, 200000})
        QTest::addRow("%d", size) << size;
}

void tst_WebSocketFrame::takesEachFormOfLength()
{
    QFETCH(int, size);
    const std::string payload(std::size_t(size), 'x');
    const Outcome masked = decodeIn(frame(WebSocketOpcode::Binary, payload), 4096);
    QVERIFY(masked.payload == payload && masked.messages == 1);
    const Outcome plain = decodeIn(
        frame(WebSocketOpcode::Binary, payload, true, nullptr), 4096, {}, WebSocketRole::Client);
    QVERIFY(plain.payload == payload && plain.messages == 1);
}

void tst_WebSocketFrame::refuses_data()
{
    QTest::addColumn<QByteArray>("wire");
    QTest::addColumn<int>("code");
    const auto row = [](const char *name, const std::string &wire, WebSocketClose code) {
        QTest::newRow(name) << QByteArray::fromStdString(wire) << int(code);
    };
    using namespace std::string_literals;
    const auto broken = WebSocketClose::ProtocolError;
    row("a text message [MQTT-6.0.0-1]",
        frame(WebSocketOpcode::Text, "x"),
        WebSocketClose::Unsupported);
    row("no mask", frame(WebSocketOpcode::Binary, "x", true, nullptr), broken);
    row("no mask on a ping", frame(WebSocketOpcode::Ping, "x", true, nullptr), broken);
    row("reserved bit 1", "\xC2\x81"s, broken);
    row("reserved bit 2", "\xA2\x81"s, broken);
    row("reserved bit 3", "\x92\x81"s, broken);
    for (const int opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
        row(qPrintable(QStringLiteral("opcode %1").arg(opcode)),
            frame(WebSocketOpcode(opcode), "x"),
            broken);
    row("a continuation of nothing", frame(WebSocketOpcode::Continuation, "x"), broken);
    row("a message inside a message",
        frame(WebSocketOpcode::Binary, "x", false) + frame(WebSocketOpcode::Binary, "y"),
        broken);
    row("a ping in fragments", frame(WebSocketOpcode::Ping, "x", false), broken);
    row("a ping of 126 bytes", frame(WebSocketOpcode::Ping, std::string(126, 'x')), broken);
    row("a length in too long a form, 16 bits", "\x82\xFE\x00\x7D\x00\x00\x00\x00"s, broken);
    row("a length in too long a form, 64 bits",
        "\x82\xFF\x00\x00\x00\x00\x00\x00\xFF\xFF\x00\x00\x00\x00"s,
        broken);
    row("a length of 64 bits", "\x82\xFF\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"s, broken);
}

void tst_WebSocketFrame::refuses()
{
    QFETCH(QByteArray, wire);
    QFETCH(int, code);
    for (const std::size_t piece : {std::size_t(1), std::size_t(1000)}) {
        const Outcome outcome
            = decodeIn(frame(WebSocketOpcode::Binary, "good") + wire.toStdString(), piece);
        QVERIFY(outcome.isViolated);
        QCOMPARE(int(outcome.code), code);
        QVERIFY(outcome.payload.starts_with("good"));
    }
}

void tst_WebSocketFrame::boundsMessagesNotFrames()
{
    const std::string half = frame(WebSocketOpcode::Binary, "12345", false);
    const std::string rest = frame(WebSocketOpcode::Continuation, "67890");
    QVERIFY(!decodeIn(half + rest + half + rest, 3, {10}).isViolated);
    const Outcome outcome = decodeIn(half + rest, 3, {9});
    QVERIFY(outcome.isViolated);
    QCOMPARE(outcome.code, WebSocketClose::TooBig);
    QCOMPARE(decodeIn(frame(WebSocketOpcode::Binary, "12345678901"), 1, {10}).code,
             WebSocketClose::TooBig);
}

void tst_WebSocketFrame::masksFromAnyOffset()
{
    std::string plain;
    for (int i = 0; i < 100; ++i)
        plain += char(i);
    std::string whole = plain;
    applyWebSocketMask(whole.data(), whole.data(), whole.size(), kMask, 0);
    for (std::size_t cut = 0; cut <= plain.size(); ++cut) {
        std::string parts = plain;
        applyWebSocketMask(parts.data(), parts.data(), cut, kMask, 0);
        applyWebSocketMask(parts.data() + cut, parts.data() + cut, parts.size() - cut, kMask, cut);
        QVERIFY(parts == whole);
        // To a place a little before its own.
        std::string moved = std::string(cut % 9, '-') + plain;
        applyWebSocketMask(moved.data(), moved.data() + cut % 9, plain.size(), kMask, 0);
        QVERIFY(moved.starts_with(whole));
    }
    QCOMPARE(int(quint8(whole[4])), 4 ^ 0x37);
}

void tst_WebSocketFrame::clientTakesPlainFramesOnly()
{
    const Outcome outcome
        = decodeIn(frame(WebSocketOpcode::Binary, "x"), 10, {}, WebSocketRole::Client);
    QVERIFY(outcome.isViolated);
    QCOMPARE(outcome.code, WebSocketClose::ProtocolError);
}

void tst_WebSocketFrame::closeReasonEndsBetweenCharacters()
{
    QCOMPARE(webSocketClosePayload(1000, {}), QByteArray("\x03\xE8"));
    const QByteArray umlauts = QByteArray("\xC3\xA4").repeated(100);
    const QByteArray payload
        = webSocketClosePayload(1001, {umlauts.constData(), std::size_t(umlauts.size())});
    QCOMPARE(payload.size(), 2 + 122);
    QVERIFY(QUtf8StringView(payload.mid(2)).isValidUtf8());
}

QTEST_APPLESS_MAIN(tst_WebSocketFrame)
#include "tst_websocketframe.moc"
