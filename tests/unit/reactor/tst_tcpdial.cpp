// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/namelookup.h"
#include "core/reactor/acceptor.h"
#include "core/reactor/mainloop.h"
#include "core/reactor/tcpdial.h"
#include "epolltest.h"

#include <QHostAddress>

#include <netinet/in.h>

#include <optional>

using namespace fairlead;
using namespace fairlead::core;

namespace {

EpollDispatcher &dispatcher()
{
    return *static_cast<EpollDispatcher *>(QCoreApplication::eventDispatcher());
}

/// A bound port that nobody listens on: a connect is refused.
class SilentPort
{
public:
    SilentPort()
        : m_fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
        , m_address(QHostAddress(QHostAddress::LocalHost), 0)
    {
        if (::bind(m_fd, m_address.data(), m_address.size) != 0
            || ::getsockname(m_fd, m_address.data(), &m_address.size) != 0) {
            qFatal("no port to be had");
        }
    }

    ~SilentPort() { ::close(m_fd); }

    Q_DISABLE_COPY_MOVE(SilentPort)

    const SocketAddress &address() const { return m_address; }

    /// Listens with a full backlog: a further connect hangs.
    void fill()
    {
        QCOMPARE(::listen(m_fd, 0), 0);
        for (int &filler : m_fillers) {
            filler = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
            (void)::connect(filler, m_address.data(), m_address.size);
        }
    }

    void closeFillers()
    {
        for (const int filler : m_fillers)
            ::close(filler);
    }

private:
    int m_fd;
    SocketAddress m_address;
    std::array<int, 4> m_fillers = {-1, -1, -1, -1};
};

} // namespace

class tst_TcpDial : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void aListenerIsReached_data()
    {
        QTest::addColumn<QHostAddress>("address");
        QTest::newRow("IPv4") << QHostAddress(QHostAddress::LocalHost);
        QTest::newRow("IPv6") << QHostAddress(QHostAddress::LocalHostIPv6);
    }

    void aListenerIsReached()
    {
        QFETCH(QHostAddress, address);
        MainLoop loop(dispatcher());
        QByteArray seen;
        int accepted = -1;
        DescriptorReserve reserve;
        auto acceptor = Acceptor::listen(
            loop, reserve, Acceptor::Use::Links, address, 0, [&](const AcceptedSocket &socket) {
                accepted = socket.fd;
                seen = socket.peer;
            });
        // Only that the address is not there; every other failure is one.
        if (!acceptor && address.protocol() == QAbstractSocket::IPv6Protocol
            && acceptor.error().code() == ErrorCode::AddressInvalid)
            QSKIP("this machine has no IPv6");
        QVERIFY(acceptor.has_value());
        int fd = -1;
        TcpDial dial(loop, SocketAddress(address, (*acceptor)->port()), [&](Result<int> result) {
            QVERIFY(result.has_value());
            fd = *result;
        });
        QTRY_VERIFY(fd >= 0 && accepted >= 0);
        SocketAddress own;
        QCOMPARE(::getsockname(fd, own.data(), &own.size), 0);
        QCOMPARE(own.text(), seen);
        QCOMPARE(::send(fd, "x", 1, 0), ssize_t(1));
        ::close(fd);
        ::close(accepted);
    }

    void aRefusalIsCodedAndRetryable()
    {
        const SilentPort port;
        MainLoop loop(dispatcher());
        std::optional<Error> error;
        TcpDial dial(
            loop, port.address(), [&](const Result<int> &result) { error = result.error(); });
        QVERIFY(!error);
        QTRY_VERIFY(error.has_value());
        QCOMPARE(error->code(), ErrorCode::ConnectionRefused);
        QVERIFY(error->isRetryable());
        QVERIFY(error->text().contains(QString::fromLatin1(port.address().text())));
    }

    void anImpossibleAddressFailsOutsideTheConstructor()
    {
        MainLoop loop(dispatcher());
        std::optional<Error> error;
        // Nothing is dialled without a zone: link-local addresses are each interface's own.
        TcpDial dial(loop,
                     SocketAddress(QHostAddress(QStringLiteral("fe80::1")), 9),
                     [&](const Result<int> &result) { error = result.error(); });
        QVERIFY(!error);
        QTRY_VERIFY(error.has_value());
        QVERIFY(!error->isNull());
    }

    // SH-04
    void destroyingInterruptsAHangingDial()
    {
        SilentPort port;
        port.fill();
        MainLoop loop(dispatcher());
        bool told = false;
        auto dial = std::make_unique<TcpDial>(
            loop, port.address(), [&](const Result<int> &) { told = true; });
        for (int i = 0; i < 20; ++i)
            QCoreApplication::processEvents();
        QVERIFY(!told);
        dial.reset();
        port.closeFillers();
        for (int i = 0; i < 20; ++i)
            QCoreApplication::processEvents();
        QVERIFY(!told);
    }

    void theDialMayBeDestroyedInItsAnswer()
    {
        const SilentPort port;
        MainLoop loop(dispatcher());
        std::unique_ptr<TcpDial> dial;
        bool told = false;
        dial = std::make_unique<TcpDial>(loop, port.address(), [&](const Result<int> &) {
            told = true;
            dial.reset();
        });
        QTRY_VERIFY(told);
        QVERIFY(!dial);
    }

    void aNameHasAddresses()
    {
        std::optional<Result<QList<QHostAddress>>> answer;
        NameLookup lookup(QStringLiteral("localhost"),
                          [&](const Result<QList<QHostAddress>> &result) { answer = result; });
        QVERIFY(!answer);
        QTRY_VERIFY(answer.has_value());
        QVERIFY(answer->has_value());
        QVERIFY((**answer).first().isLoopback());
    }

    void anUnknownNameIsCodedAndRetryable()
    {
        std::optional<Result<QList<QHostAddress>>> answer;
        // Reserved never to exist; the failure is local or the resolver's, both are NameLookup.
        NameLookup lookup(QStringLiteral("no-such-host.invalid"),
                          [&](const Result<QList<QHostAddress>> &result) { answer = result; });
        QTRY_VERIFY_WITH_TIMEOUT(answer.has_value(), 30'000);
        QCOMPARE(answer->error().code(), ErrorCode::NameLookup);
        QVERIFY(answer->error().isRetryable());
    }

    void anEndedLookupDoesNotAnswer()
    {
        bool told = false;
        auto lookup = std::make_unique<NameLookup>(
            QStringLiteral("localhost"), [&](const Result<QList<QHostAddress>> &) { told = true; });
        lookup.reset();
        bool other = false;
        NameLookup later(QStringLiteral("localhost"),
                         [&](const Result<QList<QHostAddress>> &) { other = true; });
        QTRY_VERIFY(other);
        QVERIFY(!told);
    }
};

EPOLL_TEST_MAIN(tst_TcpDial)
#include "tst_tcpdial.moc"
