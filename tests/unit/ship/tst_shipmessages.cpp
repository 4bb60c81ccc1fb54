// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "bench.h"
#include "protocol/messagereader.h"
#include "samples.h"

#include <QTest>

using namespace fairlead::ship;

namespace {

DecodeError decoded(const QByteArray &bytes, Message &out)
{
    return decode(viewOf(bytes), out);
}

} // namespace

class tst_ShipMessages : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void golden_data();
    void golden();
    void readsOtherSpellings_data();
    void readsOtherSpellings();
    void refusesBroken_data();
    void refusesBroken();
    void passesThePayloadUntouched();
    void writesWhatTheSchemaOrders();
    void boundsTheMessage();
    void knowsItsOverhead();
};

void tst_ShipMessages::golden_data()
{
    QTest::addColumn<QByteArray>("bytes");
    for (const auto &sample : samples::strict())
        QTest::newRow(sample.name) << sample.bytes;
}

// RR5: read and written again, every recorded message is the same, byte for byte.
void tst_ShipMessages::golden()
{
    QFETCH(QByteArray, bytes);
    Message message;
    const DecodeError error = decoded(bytes, message);
    QVERIFY2(!error, error.text);
    QCOMPARE(encode(message), bytes);
}

void tst_ShipMessages::readsOtherSpellings_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QByteArray>("strict");
    const auto samples = samples::tolerable();
    const auto row = [&samples](const char *name, const char *strict) {
        for (const auto &sample : samples) {
            if (QByteArray(sample.name) == name) {
                QTest::newRow(name) << sample.bytes << bench::bytesOf(strict);
                return;
            }
        }
        QFAIL(name);
    };
    for (const char *name : {"order of a hello",
                             "white space",
                             "object for array",
                             "members in one object",
                             "unknown members",
                             "escaped spelling",
                             "trailing zero",
                             "trailing newline and zeros"}) {
        row(name, bench::kReady);
    }
    row("empty object for empty list", bench::kAccessRequest);
    row("plain accessMethods",
        R"(01 {"accessMethods":[{"id":"peer"},{"dnsSd_mDns":[]},{"dns":[{"uri":"u"}]}]})");
    row("one format without list", bench::kSelect);
    row("payload before header",
        R"(02 {"data":[{"header":[{"protocolId":"ee1.0"}]},{"payload":{"datagram":[]}}]})");
    row("a reason in words", bench::kAnnounce);
    row("prolongation refused in words",
        R"(01 {"connectionHello":[{"phase":"pending"},{"waiting":60000},{"prolongationRequest":false}]})");
    QCOMPARE(samples.size(), std::size_t(14));
}

// RR5, MSG_003
void tst_ShipMessages::readsOtherSpellings()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QByteArray, strict);
    Message message;
    const DecodeError error = decoded(bytes, message);
    QVERIFY2(!error, error.text);
    QCOMPARE(encode(message), strict);
}

void tst_ShipMessages::refusesBroken_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("kind");
    using enum DecodeErrorKind;
    const QHash<QByteArray, DecodeErrorKind> kinds = {
        {"nothing", NoValue},
        {"type alone", NoValue},
        {"unknown type", UnknownType},
        {"no JSON", BadJson},
        {"cut", BadJson},
        {"two elements", NotOneElement},
        {"no element", NotOneElement},
        {"unknown element", UnknownElement},
        {"bare error", UnknownElement},
        {"data in control", MisplacedElement},
        {"close in control", MisplacedElement},
        {"hello in data", MisplacedElement},
        {"member twice", DuplicateMember},
        {"element is a number", BadShape},
        {"member is a number", BadShape},
        {"extension is a text", BadShape},
        {"no phase", MissingMember},
        {"no version", MissingMember},
        {"version without minor", MissingMember},
        {"formats without format", MissingMember},
        {"no pin state", MissingMember},
        {"no pin", MissingMember},
        {"no error", MissingMember},
        {"no id", MissingMember},
        {"no payload", MissingMember},
        {"no header", MissingMember},
        {"no protocol", MissingMember},
        {"no close phase", MissingMember},
    };
    for (const auto &sample : samples::broken())
        QTest::newRow(sample.name) << sample.bytes << int(kinds.value(sample.name, BadValue));
}

void tst_ShipMessages::refusesBroken()
{
    QFETCH(QByteArray, bytes);
    QFETCH(int, kind);
    Message message = AccessMethodsRequest();
    const DecodeError error = decoded(bytes, message);
    QCOMPARE(toText(error.kind), toText(static_cast<DecodeErrorKind>(kind)));
    QVERIFY(error.text != nullptr);
    QVERIFY(std::holds_alternative<AccessMethodsRequest>(message));
}

// RR6
void tst_ShipMessages::passesThePayloadUntouched()
{
    const QByteArray payload = "{ \"a\" : [ 1.10, \"\\u00fc\\/\", 1e400, {\"a\":1}, {\"a\":2} ] }";
    const QByteArray bytes = encode(Data{"ee1.0", viewOf(payload), {}});
    Message message;
    QVERIFY(!decoded(bytes, message));
    QCOMPARE(copyOf(std::get<Data>(message).payload), payload);
    QCOMPARE(encode(message), bytes);
}

void tst_ShipMessages::writesWhatTheSchemaOrders()
{
    Hello hello;
    hello.prolongationRequest = false;
    hello.waiting = 4294967295U;
    QCOMPARE(
        bench::readable(viewOf(encode(hello))),
        QByteArray(
            R"(01 {"connectionHello":[{"phase":"ready"},{"waiting":4294967295},{"prolongationRequest":false}]})"));
    ConnectionClose close;
    close.maxTime = 0;
    QCOMPARE(bench::readable(viewOf(encode(close))),
             QByteArray(R"(03 {"connectionClose":[{"phase":"announce"},{"maxTime":0}]})"));
}

// AD-06
void tst_ShipMessages::boundsTheMessage()
{
    JsonLimits limits;
    limits.maxBytes = 40;
    Message message;
    const QByteArray bytes = bench::bytesOf(bench::kReady);
    QCOMPARE(decode(viewOf(bytes), message, limits).kind, DecodeErrorKind::TooLarge);
    limits.maxBytes = std::size_t(bytes.size()) - 1;
    QVERIFY(!decode(viewOf(bytes), message, limits));
    limits.maxDepth = 2;
    QCOMPARE(decode(viewOf(bytes), message, limits).kind, DecodeErrorKind::BadJson);
}

void tst_ShipMessages::knowsItsOverhead()
{
    const QByteArray bytes = encode(Data{copyOf(kSpineProtocol), "{}", {}});
    QCOMPARE(std::size_t(bytes.size()) - 2, kDataOverhead);
}

QTEST_APPLESS_MAIN(tst_ShipMessages)

#include "tst_shipmessages.moc"
