// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "../reactor/epolltest.h"
#include "core/reactor/acceptor.h"
#include "core/reactor/mainloop.h"
#include "core/reactor/tcpdial.h"

#include <cerrno>

using namespace fairlead;
using namespace fairlead::core;
using Use = Acceptor::Use;

namespace {

EpollDispatcher &dispatcher()
{
    return *static_cast<EpollDispatcher *>(QCoreApplication::eventDispatcher());
}

/// The system's calls, with as many descriptors as the test grants.
struct Calls
{
    DescriptorCalls calls()
    {
        DescriptorCalls real = DescriptorCalls::system();
        return {[this, accept = real.accept](int listener, sockaddr *peer, socklen_t *size) {
                    ++accepts;
                    if (!isFree()) {
                        errno = EMFILE;
                        return -1;
                    }
                    const int fd = accept(listener, peer, size);
                    open += fd >= 0 ? 1 : 0;
                    return fd;
                },
                [this, open = real.open] {
                    if (!isFree()) {
                        errno = EMFILE;
                        return -1;
                    }
                    ++this->open;
                    return open();
                },
                [this, close = real.close](int fd) {
                    --open;
                    close(fd);
                }};
    }

    bool isFree() const { return open < room; }

    int room = 1000;
    int open = 0;
    int accepts = 0;
};

} // namespace

class tst_Acceptor : public QObject
{
    Q_OBJECT

private:
    /// Connections of the test's own to @p port.
    static std::vector<int> dial(quint16 port, int count)
    {
        std::vector<int> fds;
        const SocketAddress to(QHostAddress(QHostAddress::LocalHost), port);
        for (int i = 0; i < count; ++i) {
            const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            if (::connect(fd, to.data(), to.size) != 0)
                qFatal("cannot connect: %d", errno);
            fds.push_back(fd);
        }
        return fds;
    }

private Q_SLOTS:

    // AD-05: out of descriptors, nothing spins; with one again, whoever waited is served.
    void withoutDescriptorsItWaits()
    {
        MainLoop loop(dispatcher());
        Calls calls;
        DescriptorReserve reserve(0, calls.calls());
        std::vector<AcceptedSocket> got;
        auto acceptor
            = Acceptor::listen(loop,
                               reserve,
                               Use::Links,
                               QHostAddress(QHostAddress::LocalHost),
                               0,
                               [&](const AcceptedSocket &socket) { got.push_back(socket); });
        QVERIFY(acceptor.has_value());
        calls.room = 0;
        const std::vector<int> peers = dial((*acceptor)->port(), 1);
        QTRY_COMPARE(calls.accepts, 1);
        // It was taken out of the loop: turns alone make it ask no more.
        for (int i = 0; i < 100; ++i)
            QCoreApplication::processEvents();
        QVERIFY(calls.accepts <= 2);
        calls.room = 10;
        QTRY_COMPARE(got.size(), std::size_t(1));
        QVERIFY(!got[0].isSpare);
        QVERIFY(got[0].address.isLoopback());
        ::close(peers[0]);
        ::close(got[0].fd);
    }

    // AD-05: with a reserve each is taken at once, the first to be told why.
    void withoutDescriptorsPeersAreRefused()
    {
        MainLoop loop(dispatcher());
        Calls calls;
        calls.room = DescriptorReserve::kSize;
        DescriptorReserve reserve(DescriptorReserve::kSize, calls.calls());
        std::vector<AcceptedSocket> got;
        auto acceptor
            = Acceptor::listen(loop,
                               reserve,
                               Use::Links,
                               QHostAddress(QHostAddress::LocalHost),
                               0,
                               [&](const AcceptedSocket &socket) { got.push_back(socket); });
        QVERIFY(acceptor.has_value());
        const int told = DescriptorReserve::kSize - DescriptorReserve::kForOperators;
        const std::vector<int> peers = dial((*acceptor)->port(), told + 1);
        QTRY_COMPARE(got.size(), std::size_t(told));
        for (const AcceptedSocket &socket : got)
            QVERIFY(socket.isSpare);
        // The one too many reads the end at once.
        char byte = 0;
        QTRY_COMPARE(::recv(peers.back(), &byte, 1, MSG_DONTWAIT), ssize_t(0));
        QVERIFY(reserve.isExhausted());
        for (const int fd : peers)
            ::close(fd);
        for (const AcceptedSocket &socket : got)
            ::close(socket.fd);
    }
};

EPOLL_TEST_MAIN(tst_Acceptor)
#include "tst_acceptor.moc"
