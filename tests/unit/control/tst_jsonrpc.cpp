// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/jsonrpc.h"

#include <QtCore/QJsonDocument>
#include <QtTest/QtTest>

using namespace fairlead;
using namespace fairlead::core;
using namespace fairlead::core::jsonrpc;

/// One line in, one line out (OB-04).
class tst_JsonRpc : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aRequestIsRead();
    void aRequestWithoutAnIdWantsNoAnswer();
    void badLinesAreRefused_data();
    void badLinesAreRefused();
    void linesEndOnceAndStandAlone();
    void errorsCarryTheStableName();

private:
    static QJsonObject parsed(const QByteArray &line)
    {
        return QJsonDocument::fromJson(line).object();
    }
};

void tst_JsonRpc::aRequestIsRead()
{
    const auto read
        = parseRequest(R"({"jsonrpc":"2.0","id":"a","method":"links","params":{"limit":3}})");
    const auto *request = std::get_if<Request>(&read);
    QVERIFY(request);
    QCOMPARE(request->method, QStringLiteral("links"));
    QCOMPARE(request->params.value(QStringLiteral("limit")).toInt(), 3);
    QCOMPARE(request->id, QJsonValue(QStringLiteral("a")));
    QVERIFY(!request->isNotification);
}

void tst_JsonRpc::aRequestWithoutAnIdWantsNoAnswer()
{
    const auto without = parseRequest(R"({"jsonrpc":"2.0","method":"x"})");
    QVERIFY(std::get<Request>(without).isNotification);
    // Null is an id, if a strange one.
    const auto null = parseRequest(R"({"jsonrpc":"2.0","id":null,"method":"x"})");
    QVERIFY(!std::get<Request>(null).isNotification);
}

void tst_JsonRpc::badLinesAreRefused_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<int>("code");
    QTest::addColumn<QJsonValue>("id");
    const QJsonValue null = QJsonValue::Null;
    QTest::newRow("empty") << QByteArray() << int(ParseError) << null;
    QTest::newRow("no JSON") << QByteArray("status") << int(ParseError) << null;
    QTest::newRow("cut off") << QByteArray(R"({"jsonrpc":"2.0")") << int(ParseError) << null;
    QTest::newRow("no UTF-8") << QByteArray("{\"jsonrpc\":\"2.0\",\"method\":\"\xff\"}")
                              << int(ParseError) << null;
    QTest::newRow("nested") << QByteArray(5000, '[') + QByteArray(5000, ']') << int(ParseError)
                            << null;
    QTest::newRow("batch") << QByteArray(R"([{"jsonrpc":"2.0","id":1,"method":"x"}])")
                           << int(InvalidRequest) << null;
    QTest::newRow("no version") << QByteArray(R"({"id":7,"method":"x"})") << int(InvalidRequest)
                                << QJsonValue(7);
    QTest::newRow("version 1") << QByteArray(R"({"jsonrpc":"1.0","id":7,"method":"x"})")
                               << int(InvalidRequest) << QJsonValue(7);
    QTest::newRow("no method") << QByteArray(R"({"jsonrpc":"2.0","id":7})") << int(InvalidRequest)
                               << QJsonValue(7);
    QTest::newRow("method is a number") << QByteArray(R"({"jsonrpc":"2.0","id":7,"method":1})")
                                        << int(InvalidRequest) << QJsonValue(7);
    QTest::newRow("long method") << QByteArray(R"({"jsonrpc":"2.0","id":7,"method":")")
            + QByteArray(1000, 'x') + "\"}"
                                 << int(InvalidRequest) << QJsonValue(7);
    QTest::newRow("id is a list") << QByteArray(R"({"jsonrpc":"2.0","id":[1],"method":"x"})")
                                  << int(InvalidRequest) << null;
    QTest::newRow("id is true") << QByteArray(R"({"jsonrpc":"2.0","id":true,"method":"x"})")
                                << int(InvalidRequest) << null;
    QTest::newRow("positional parameters")
        << QByteArray(R"({"jsonrpc":"2.0","id":7,"method":"x","params":[1]})") << int(InvalidParams)
        << QJsonValue(7);
    QTest::newRow("parameters are a word")
        << QByteArray(R"({"jsonrpc":"2.0","id":7,"method":"x","params":"a"})")
        << int(InvalidRequest) << QJsonValue(7);
}

void tst_JsonRpc::badLinesAreRefused()
{
    QFETCH(QByteArray, line);
    QFETCH(int, code);
    QFETCH(QJsonValue, id);
    const auto read = parseRequest(line);
    const auto *refusal = std::get_if<Refusal>(&read);
    QVERIFY(refusal);
    QCOMPARE(refusal->error.code, code);
    QCOMPARE(refusal->id, id);
    QVERIFY(!refusal->error.message.isEmpty());
    QVERIFY(refusal->error.data.contains(QStringLiteral("code")));
}

void tst_JsonRpc::linesEndOnceAndStandAlone()
{
    const QJsonValue id(1);
    for (const QByteArray &line :
         {resultLine(id, QJsonObject{{QStringLiteral("text"), QStringLiteral("a\nb")}}),
          errorLine(id, RpcError::from(Error(ErrorCode::NotFound, QStringLiteral("a\nb")))),
          notificationLine(QStringLiteral("event"), {})}) {
        QCOMPARE(line.count('\n'), 1);
        QVERIFY(line.endsWith('\n'));
        QCOMPARE(parsed(line).value(QStringLiteral("jsonrpc")).toString(), QStringLiteral("2.0"));
    }
    QVERIFY(!parsed(notificationLine(QStringLiteral("event"), {})).contains(QStringLiteral("id")));
}

void tst_JsonRpc::errorsCarryTheStableName()
{
    const QJsonObject line
        = parsed(errorLine(3,
                           RpcError::from(Error(ErrorCode::AddressInUse, QStringLiteral("taken"))
                                              .setDetail(QStringLiteral("port"), 80))));
    const QJsonObject error = line.value(QStringLiteral("error")).toObject();
    QCOMPARE(line.value(QStringLiteral("id")).toInt(), 3);
    QCOMPARE(error.value(QStringLiteral("code")).toInt(), int(HostError));
    QCOMPARE(error.value(QStringLiteral("message")).toString(), QStringLiteral("taken"));
    const QJsonObject data = error.value(QStringLiteral("data")).toObject();
    QCOMPARE(data.value(QStringLiteral("code")).toString(), QStringLiteral("address-in-use"));
    QCOMPARE(data.value(QStringLiteral("retryable")).toBool(), true);
    QCOMPARE(data.value(QStringLiteral("details")).toObject().value(QStringLiteral("port")).toInt(),
             80);
    QCOMPARE(RpcError::from(Error(ErrorCode::InvalidArgument, QStringLiteral("x"))).code,
             int(InvalidParams));
    QCOMPARE(RpcError::from(Error(ErrorCode::Internal, QStringLiteral("x"))).code,
             int(InternalError));
}

QTEST_APPLESS_MAIN(tst_JsonRpc)
#include "tst_jsonrpc.moc"
