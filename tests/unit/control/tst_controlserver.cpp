// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "controlserverworld.h"

using namespace fairlead;
using namespace fairlead::core;
using namespace fairlead::core::test;
using Client = ControlClient;

/// The control socket among clients that keep to nothing (SH-05 for its end; OB-04).
class tst_ControlServer : public QObject, private ControlServerWorld
{
    Q_OBJECT

private Q_SLOTS:

    void init() { begin(); }

    void cleanup() { end(); }

    void theSocketIsForOwnerAndGroup();
    void theFileGoesWithTheServer();
    void aStaleSocketIsReplaced();
    void aSocketThatAnswersIsNotStolen();
    void aFileThatIsNoSocketIsLeftAlone();
    void pathsThatCannotBeAreRefused_data();
    void pathsThatCannotBeAreRefused();
    void theLongestIdleMakesRoom();
    void aNewcomerIsToldThatAllAreBusy();
    void aFloodOfConnectionsIsBounded();
    void theServerMayEndAtAnyTime();
};

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
