// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "controlserverworld.h"

using namespace fairlead;
using namespace fairlead::core;
using namespace fairlead::core::test;
using Client = ControlClient;

/// Calls over the control socket, in whatever pieces they come (OB-04).
class tst_ControlLines : public QObject, private ControlServerWorld
{
    Q_OBJECT

private Q_SLOTS:

    void init() { begin(); }

    void cleanup() { end(); }

    void aCallIsAnswered();
    void bytesMayComeOneByOne();
    void callsOverlap();
    void anEndOfInputStillGetsItsAnswers();
    void aLastLineWithoutEndCounts();
    void aClientThatGoesMidCallHarmsNobody();
    void aLineThatIsTooLongIsRefusedAndSkipped();
    void aLineOfTheGreatestLengthIsRead();
    void aLineMustArriveInTime();
    void callsBeyondTheBoundWait();
    void aClientThatDoesNotReadIsCutOff();
    void anAnswerBeyondALineIsRefused();
    void notificationsWaitForRoom();
};

void tst_ControlLines::aCallIsAnswered()
{
    Client client(path());
    client.ask(7, QStringLiteral("echo"), {{QStringLiteral("text"), QStringLiteral("ä")}});
    client.ask(8, QStringLiteral("nothing"));
    client.send("nonsense\n\n");
    client.send(R"({"jsonrpc":"2.0","method":"echo"})"
                "\n");
    turn();
    client.read();
    QCOMPARE(client.lines.size(), 3); // a notification gets no answer
    QCOMPARE(client.lines[0].value(QStringLiteral("id")).toInt(), 7);
    QCOMPARE(
        client.lines[0].value(QStringLiteral("result")).toObject().value(QStringLiteral("text")),
        QJsonValue(QStringLiteral("ä")));
    QCOMPARE(client.errorCode(1), int(jsonrpc::MethodNotFound));
    QCOMPARE(client.errorCode(2), int(jsonrpc::ParseError));
    QVERIFY(!client.ended);
}

void tst_ControlLines::bytesMayComeOneByOne()
{
    Client client(path());
    const QByteArray line = R"({"jsonrpc":"2.0","id":1,"method":"echo"})"
                            "\n";
    for (const char c : line) {
        client.send(QByteArray(1, c));
        turn();
    }
    client.read();
    QCOMPARE(client.lines.size(), 1);
    QCOMPARE(client.errorCode(0), 0);
}

void tst_ControlLines::callsOverlap()
{
    Client client(path());
    client.ask(1, QStringLiteral("keep"));
    client.ask(2, QStringLiteral("echo"));
    turn();
    client.read();
    QCOMPARE(client.lines.size(), 1);
    QCOMPARE(client.lines[0].value(QStringLiteral("id")).toInt(), 2);
    m_kept.takeFirst()->succeed(true);
    turn();
    client.read();
    QCOMPARE(client.lines[1].value(QStringLiteral("id")).toInt(), 1);
}

void tst_ControlLines::anEndOfInputStillGetsItsAnswers()
{
    Client client(path());
    client.ask(1, QStringLiteral("keep"));
    client.ask(2, QStringLiteral("echo"));
    client.endSending();
    turn();
    client.read();
    QCOMPARE(client.lines.size(), 1);
    QVERIFY(!client.ended);
    m_kept.takeFirst()->succeed(true);
    turn();
    client.read();
    QCOMPARE(client.lines.size(), 2);
    QVERIFY(client.ended);
    QCOMPARE(m_server->connectionCount(), 0);
}

void tst_ControlLines::aLastLineWithoutEndCounts()
{
    Client client(path());
    client.send(R"({"jsonrpc":"2.0","id":1,"method":"echo"})");
    client.endSending();
    turn();
    client.read();
    QCOMPARE(client.lines.size(), 1);
    QVERIFY(client.ended);
}

void tst_ControlLines::aClientThatGoesMidCallHarmsNobody()
{
    {
        Client client(path());
        client.ask(1, QStringLiteral("keep"));
        client.send("{\"jsonrpc");
        turn();
    }
    turn();
    m_kept.takeFirst()->succeed(true);
    turn();
    QCOMPARE(m_server->connectionCount(), 0);
    Client another(path());
    another.ask(1, QStringLiteral("echo"));
    turn();
    another.read();
    QCOMPARE(another.lines.size(), 1);
}

void tst_ControlLines::aLineThatIsTooLongIsRefusedAndSkipped()
{
    Client client(path());
    const QByteArray part(1 << 16, 'x');
    for (qsizetype sent = 0; sent < 3 * jsonrpc::kMaxLine;) {
        const qsizetype size = client.send(part);
        if (size > 0)
            sent += size;
        turn();
    }
    client.send("\n");
    client.ask(2, QStringLiteral("echo"));
    turn();
    client.read();
    QCOMPARE(client.lines.size(), 2);
    QCOMPARE(client.errorCode(0), int(jsonrpc::InvalidRequest));
    QCOMPARE(client.errorName(0), QStringLiteral("packet-too-large"));
    QCOMPARE(client.lines[1].value(QStringLiteral("id")).toInt(), 2);
    QCOMPARE(client.errorCode(1), 0);
}

void tst_ControlLines::aLineOfTheGreatestLengthIsRead()
{
    (void)m_api->add(QStringLiteral("size"),
                     {{QStringLiteral("text"), Parameter::Kind::String}},
                     [](const Call &call) {
                         call.reply->succeed(
                             call.params.value(QStringLiteral("text")).toString().size());
                     });
    for (const int more : {0, 1}) {
        Client client(path());
        QByteArray line = R"({"jsonrpc":"2.0","id":1,"method":"size","params":{"text":"")";
        const QByteArray end = "\"}}";
        line.chop(1);
        line += QByteArray(jsonrpc::kMaxLine - line.size() - end.size() + more, 'x') + end + '\n';
        QCOMPARE(line.size(), jsonrpc::kMaxLine + 1 + more);
        while (!line.isEmpty()) {
            const qsizetype size = client.send(line.left(1 << 16));
            if (size > 0)
                line.remove(0, size);
            turn();
        }
        client.read();
        QCOMPARE(client.lines.size(), 1);
        QCOMPARE(client.errorName(0), more == 0 ? QString() : QStringLiteral("packet-too-large"));
    }
}

void tst_ControlLines::aLineMustArriveInTime()
{
    Client idle(path());
    Client slow(path());
    slow.ask(1, QStringLiteral("echo"));
    slow.send("{");
    turn();
    for (int second = 0; second < 29; ++second) {
        slow.send(" ");
        turn(kNsPerSecond);
    }
    slow.read();
    QCOMPARE(slow.lines.size(), 1);
    QVERIFY(!slow.ended);
    turn(2 * kNsPerSecond);
    slow.read();
    QCOMPARE(slow.errorName(1), QStringLiteral("timeout"));
    QVERIFY(slow.ended);
    // One that says nothing may stay.
    idle.ask(1, QStringLiteral("echo"));
    turn();
    idle.read();
    QCOMPARE(idle.lines.size(), 1);
    // Until the other one reacts it keeps its place, but not for ever.
    turn(ControlConnection::kStallNs);
    QCOMPARE(m_server->connectionCount(), 1);
}

void tst_ControlLines::callsBeyondTheBoundWait()
{
    Client client(path());
    for (int i = 0; i < ControlConnection::kMaxCalls + 5; ++i)
        client.ask(i, QStringLiteral("keep"));
    turn();
    QCOMPARE(m_kept.size(), ControlConnection::kMaxCalls);
    // What waits unread is not late.
    turn(2 * ControlConnection::kLineNs);
    m_kept.takeFirst()->succeed(1);
    turn();
    QCOMPARE(m_kept.size(), ControlConnection::kMaxCalls);
    while (!m_kept.isEmpty()) {
        m_kept.takeFirst()->succeed(1);
        turn();
    }
    client.read();
    QCOMPARE(client.lines.size(), ControlConnection::kMaxCalls + 5);
}

void tst_ControlLines::aClientThatDoesNotReadIsCutOff()
{
    Client client(path());
    const QJsonObject params{{QStringLiteral("text"), QString(500'000, u'x')}};
    QByteArray line = QJsonDocument(QJsonObject{{QStringLiteral("jsonrpc"), QStringLiteral("2.0")},
                                                {QStringLiteral("id"), 1},
                                                {QStringLiteral("method"), QStringLiteral("echo")},
                                                {QStringLiteral("params"), params}})
                          .toJson(QJsonDocument::Compact)
        + '\n';
    qsizetype sent = 0;
    int blocked = 0;
    // It is not read any more once its answers pile up.
    while (blocked < 20) {
        const qsizetype size = client.send(line.mid(sent % line.size(), 1 << 16));
        if (size > 0)
            sent += size;
        else
            ++blocked;
        turn();
    }
    QVERIFY2(sent < 4 * jsonrpc::kMaxLine, QByteArray::number(sent).constData());
    QCOMPARE(m_server->connectionCount(), 1);
    turn(ControlConnection::kStallNs);
    QCOMPARE(m_server->connectionCount(), 0);
}

void tst_ControlLines::anAnswerBeyondALineIsRefused()
{
    (void)m_api->add(QStringLiteral("large"), {}, [](const Call &call) {
        call.reply->succeed(QString(jsonrpc::kMaxLine, u'x'));
    });
    Client client(path());
    client.ask(1, QStringLiteral("large"));
    turn();
    client.read();
    QCOMPARE(client.errorCode(0), int(jsonrpc::InternalError));
    QCOMPARE(client.errorName(0), QStringLiteral("packet-too-large"));
}

void tst_ControlLines::notificationsWaitForRoom()
{
    ControlPeer *peer = nullptr;
    (void)m_api->add(QStringLiteral("watch"), {}, [&peer](const Call &call) {
        peer = call.peer;
        peer->addWatch();
        call.reply->succeed(true);
    });
    Client client(path());
    client.ask(1, QStringLiteral("watch"));
    turn();
    QVERIFY(peer);
    QSignalSpy room(peer, &ControlPeer::hasRoom);
    QSignalSpy ended(peer, &ControlPeer::ended);
    const QJsonObject params{{QStringLiteral("text"), QString(100'000, u'x')}};
    int sent = 0;
    while (peer->notify(QStringLiteral("event"), params))
        ++sent;
    QVERIFY(sent >= 10);
    QVERIFY(sent < 40);
    QCOMPARE(room.count(), 0);
    for (int i = 0; i < 100 && room.isEmpty(); ++i) {
        client.read();
        turn();
    }
    QCOMPARE(room.count(), 1);
    client.read();
    QVERIFY(client.lines.size() > 1);
    QCOMPARE(client.lines[1].value(QStringLiteral("method")).toString(), QStringLiteral("event"));
    client.close();
    turn();
    QCOMPARE(ended.count(), 1);
}

int main(int argc, char **argv)
{
    QCoreApplication::setEventDispatcher(new EpollDispatcher);
    const QCoreApplication application(argc, argv);
    tst_ControlLines test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_controllines.moc"
