// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/controlapi.h"
#include "core/control/controlconnection.h"
#include "core/control/controlpeer.h"
#include "core/control/controlserver.h"
#include "core/reactor/epolldispatcher.h"
#include "core/reactor/timerqueue.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QJsonDocument>
#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

using namespace fairlead;
using namespace fairlead::core;

namespace {

class FakeClock final : public Clock
{
public:
    qint64 now() const noexcept override { return time; }

    qint64 utcMs() const noexcept override { return 0; }

    qint64 time = kNsPerSecond;
};

sockaddr_un addressOf(const QString &path)
{
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    const QByteArray name = path.toLocal8Bit();
    std::memcpy(address.sun_path, name.constData(), std::size_t(name.size()));
    return address;
}

/// A client that does just what the test tells it.
class Client
{
public:
    explicit Client(const QString &path)
        : m_fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))
    {
        const sockaddr_un address = addressOf(path);
        m_connected
            = ::connect(m_fd, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0;
    }

    ~Client() { close(); }

    Client(const Client &) = delete;
    Client &operator=(const Client &) = delete;

    bool isConnected() const { return m_connected; }

    void close()
    {
        if (m_fd >= 0)
            ::close(m_fd);
        m_fd = -1;
    }

    /// How much the socket took.
    qsizetype send(const QByteArray &bytes) const
    {
        return ::send(m_fd, bytes.constData(), std::size_t(bytes.size()), MSG_NOSIGNAL);
    }

    void ask(int id, const QString &method, const QJsonObject &params = {})
    {
        send(QJsonDocument(QJsonObject{{QStringLiteral("jsonrpc"), QStringLiteral("2.0")},
                                       {QStringLiteral("id"), id},
                                       {QStringLiteral("method"), method},
                                       {QStringLiteral("params"), params}})
                 .toJson(QJsonDocument::Compact)
             + '\n');
    }

    void endSending() const { ::shutdown(m_fd, SHUT_WR); }

    /// Takes what is there; the lines so far are in `lines`.
    void read()
    {
        QByteArray chunk(1 << 16, '\0');
        for (;;) {
            const ssize_t size = ::recv(m_fd, chunk.data(), std::size_t(chunk.size()), 0);
            ended = size == 0 || (size < 0 && errno != EAGAIN);
            if (size <= 0)
                return;
            m_input += chunk.left(size);
            for (qsizetype end = 0; (end = m_input.indexOf('\n')) >= 0; m_input.remove(0, end + 1))
                lines.append(QJsonDocument::fromJson(m_input.left(end)).object());
        }
    }

    int errorCode(qsizetype line) const
    {
        return lines.value(line)
            .value(QStringLiteral("error"))
            .toObject()
            .value(QStringLiteral("code"))
            .toInt();
    }

    QString errorName(qsizetype line) const
    {
        return lines.value(line)
            .value(QStringLiteral("error"))
            .toObject()
            .value(QStringLiteral("data"))
            .toObject()
            .value(QStringLiteral("code"))
            .toString();
    }

    QList<QJsonObject> lines;
    bool ended = false;

private:
    int m_fd;
    bool m_connected = false;
    QByteArray m_input;
};

} // namespace

/// The control socket among clients that keep to nothing (SH-05 for its end; OB-04).
class tst_ControlServer : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();

    void theSocketIsForOwnerAndGroup();
    void theFileGoesWithTheServer();
    void aStaleSocketIsReplaced();
    void aSocketThatAnswersIsNotStolen();
    void aFileThatIsNoSocketIsLeftAlone();
    void pathsThatCannotBeAreRefused_data();
    void pathsThatCannotBeAreRefused();

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

    void theLongestIdleMakesRoom();
    void aNewcomerIsToldThatAllAreBusy();
    void aFloodOfConnectionsIsBounded();
    void theServerMayEndAtAnyTime();

private:
    void turn(qint64 passed = 0)
    {
        m_clock.time += passed;
        for (int i = 0; i < 8; ++i) {
            QCoreApplication::processEvents();
            QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
            m_timers->fireDue(m_clock.time);
        }
    }

    ControlLoop loop() { return {*EpollDispatcher::current(), *m_timers, m_clock}; }

    QString path(const QString &name = QStringLiteral("c.sock")) const
    {
        return m_folder->filePath(name);
    }

    FakeClock m_clock;
    std::unique_ptr<TimerQueue> m_timers;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<ControlApi> m_api;
    std::unique_ptr<ControlServer> m_server;
    QList<ReplyPtr> m_kept;
};

void tst_ControlServer::init()
{
    m_clock.time = kNsPerSecond;
    m_timers = std::make_unique<TimerQueue>();
    m_folder = std::make_unique<QTemporaryDir>();
    m_api = std::make_unique<ControlApi>();
    (void)m_api->add(QStringLiteral("echo"),
                     {{QStringLiteral("text"), Parameter::Kind::String}},
                     [](const Call &call) { call.reply->succeed(call.params); });
    (void)m_api->add(
        QStringLiteral("keep"), {}, [this](const Call &call) { m_kept.append(call.reply); });
    auto server = ControlServer::listen(loop(), *m_api, path());
    QVERIFY2(server, qPrintable(server.error().toString()));
    m_server = std::move(*server);
}

void tst_ControlServer::cleanup()
{
    m_kept.clear();
    m_server.reset();
    turn();
    QCOMPARE(m_timers->size(), 0U);
    m_api.reset();
    m_folder.reset();
}

void tst_ControlServer::theSocketIsForOwnerAndGroup()
{
    for (const mode_t mask : {0000U, 0022U, 0077U}) {
        m_server.reset();
        const mode_t before = ::umask(mask);
        auto server = ControlServer::listen(loop(), *m_api, path());
        ::umask(before);
        QVERIFY(server);
        struct stat facts;
        QCOMPARE(::lstat(path().toLocal8Bit().constData(), &facts), 0);
        QVERIFY(S_ISSOCK(facts.st_mode));
        QCOMPARE(facts.st_mode & 07777U, 0660U);
        m_server = std::move(*server);
    }
}

void tst_ControlServer::theFileGoesWithTheServer()
{
    m_server.reset();
    QVERIFY(!QFileInfo::exists(path()));
    // But not one that somebody else has put there meanwhile.
    auto server = ControlServer::listen(loop(), *m_api, path());
    QVERIFY(server);
    QVERIFY(QFile::remove(path()));
    QFile other(path());
    QVERIFY(other.open(QIODevice::WriteOnly));
    server->reset();
    QVERIFY(other.exists());
}

void tst_ControlServer::aStaleSocketIsReplaced()
{
    const QString stale = path(QStringLiteral("stale"));
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = addressOf(stale);
    QCOMPARE(::bind(fd, reinterpret_cast<const sockaddr *>(&address), sizeof address), 0);
    QCOMPARE(::listen(fd, 1), 0);
    QCOMPARE(ControlServer::listen(loop(), *m_api, stale).error().code(), ErrorCode::AddressInUse);
    ::close(fd);
    QVERIFY(QFileInfo::exists(stale));
    const auto server = ControlServer::listen(loop(), *m_api, stale);
    QVERIFY2(server, qPrintable(server.error().toString()));
    QVERIFY(Client(stale).isConnected());
}

void tst_ControlServer::aSocketThatAnswersIsNotStolen()
{
    const auto second = ControlServer::listen(loop(), *m_api, path());
    QCOMPARE(second.error().code(), ErrorCode::AddressInUse);
    QVERIFY(second.error().text().contains(path()));
    Client client(path());
    client.ask(1, QStringLiteral("echo"));
    turn();
    client.read();
    QCOMPARE(client.lines.size(), 1);
}

void tst_ControlServer::aFileThatIsNoSocketIsLeftAlone()
{
    QFile file(path(QStringLiteral("file")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    QCOMPARE(ControlServer::listen(loop(), *m_api, file.fileName()).error().code(),
             ErrorCode::AlreadyExists);
    QVERIFY(file.exists());
}

void tst_ControlServer::pathsThatCannotBeAreRefused_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<ErrorCode>("code");
    QTest::newRow("too long") << QString(200, u'x') << ErrorCode::InvalidArgument;
    QTest::newRow("no folder") << QStringLiteral("none/c.sock") << ErrorCode::NotFound;
}

void tst_ControlServer::pathsThatCannotBeAreRefused()
{
    QFETCH(QString, name);
    QFETCH(ErrorCode, code);
    const auto server = ControlServer::listen(loop(), *m_api, path(name));
    QCOMPARE(server.error().code(), code);
    QVERIFY(server.error().text().contains(name));
}

void tst_ControlServer::aCallIsAnswered()
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

void tst_ControlServer::bytesMayComeOneByOne()
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

void tst_ControlServer::callsOverlap()
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

void tst_ControlServer::anEndOfInputStillGetsItsAnswers()
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

void tst_ControlServer::aLastLineWithoutEndCounts()
{
    Client client(path());
    client.send(R"({"jsonrpc":"2.0","id":1,"method":"echo"})");
    client.endSending();
    turn();
    client.read();
    QCOMPARE(client.lines.size(), 1);
    QVERIFY(client.ended);
}

void tst_ControlServer::aClientThatGoesMidCallHarmsNobody()
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

void tst_ControlServer::aLineThatIsTooLongIsRefusedAndSkipped()
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

void tst_ControlServer::aLineOfTheGreatestLengthIsRead()
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

void tst_ControlServer::aLineMustArriveInTime()
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

void tst_ControlServer::callsBeyondTheBoundWait()
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

void tst_ControlServer::aClientThatDoesNotReadIsCutOff()
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

void tst_ControlServer::anAnswerBeyondALineIsRefused()
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

void tst_ControlServer::notificationsWaitForRoom()
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

void tst_ControlServer::theLongestIdleMakesRoom()
{
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < ControlServer::kMaxConnections; ++i) {
        clients.push_back(std::make_unique<Client>(path()));
        turn(kNsPerMs);
    }
    // The first has just said something, so the second has been idle for longest.
    turn(kNsPerSecond);
    clients[0]->ask(1, QStringLiteral("echo"));
    turn();
    Client newcomer(path());
    newcomer.ask(1, QStringLiteral("echo"));
    turn();
    newcomer.read();
    QCOMPARE(newcomer.errorCode(0), 0);
    QCOMPARE(newcomer.lines.size(), 1);
    clients[0]->read();
    clients[1]->read();
    clients[2]->read();
    QVERIFY(!clients[0]->ended);
    QVERIFY(clients[1]->ended);
    QVERIFY(!clients[2]->ended);
    QCOMPARE(m_server->evicted(), 1U);
    QCOMPARE(m_server->connectionCount(), ControlServer::kMaxConnections);
}

void tst_ControlServer::aNewcomerIsToldThatAllAreBusy()
{
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < ControlServer::kMaxConnections; ++i) {
        clients.push_back(std::make_unique<Client>(path()));
        clients.back()->ask(1, QStringLiteral("keep"));
    }
    turn();
    turn(10 * kNsPerSecond);
    Client newcomer(path());
    turn();
    newcomer.read();
    QCOMPARE(newcomer.errorName(0), QStringLiteral("limit-reached"));
    QVERIFY(newcomer.ended);
    newcomer.close();
    turn();
    QCOMPARE(m_server->connectionCount(), ControlServer::kMaxConnections);
    QCOMPARE(m_server->refused(), 1U);
}

void tst_ControlServer::aFloodOfConnectionsIsBounded()
{
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 1000; ++i) {
        clients.push_back(std::make_unique<Client>(path()));
        turn();
        QVERIFY(m_server->connectionCount() <= 2 * ControlServer::kMaxConnections);
    }
    // The moment they are idle for long enough, one that means it gets in.
    turn(kNsPerSecond);
    Client client(path());
    client.ask(1, QStringLiteral("echo"));
    turn();
    client.read();
    QCOMPARE(client.errorCode(0), 0);
    QCOMPARE(client.lines.size(), 1);
}

void tst_ControlServer::theServerMayEndAtAnyTime()
{
    Client client(path());
    client.ask(1, QStringLiteral("keep"));
    client.ask(2, QStringLiteral("echo"));
    turn();
    m_server.reset();
    m_kept.takeFirst()->succeed(1);
    turn();
    client.read();
    QVERIFY(client.ended);
    QCOMPARE(client.lines.size(), 1);
}

int main(int argc, char **argv)
{
    QCoreApplication::setEventDispatcher(new EpollDispatcher);
    const QCoreApplication application(argc, argv);
    tst_ControlServer test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_controlserver.moc"
