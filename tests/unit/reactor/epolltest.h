// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/reactor/epolldispatcher.h"

#include <QCoreApplication>
#include <QEventLoop>
#include <QTest>
#include <QThread>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <utility>

// A test program whose main thread runs on the dispatcher under test.
#define EPOLL_TEST_MAIN(TestObject)                                                                \
    int main(int argc, char *argv[])                                                               \
    {                                                                                              \
        QCoreApplication::setEventDispatcher(new fairlead::core::EpollDispatcher);                 \
        QCoreApplication app(argc, argv);                                                          \
        TestObject testCase;                                                                       \
        return QTest::qExec(&testCase, argc, argv);                                                \
    }

namespace fairlead::core::test {

class SocketPair
{
public:
    SocketPair()
    {
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, m_fds.data())
            != 0) {
            qFatal("socketpair failed");
        }
    }

    ~SocketPair()
    {
        closeNear();
        closeFar();
    }

    Q_DISABLE_COPY_MOVE(SocketPair)

    int nearEnd() const { return m_fds[0]; }

    int farEnd() const { return m_fds[1]; }

    void closeNear() { close(m_fds[0]); }

    void closeFar() { close(m_fds[1]); }

    bool sendFromFar(QByteArray bytes = QByteArrayLiteral("x")) const
    {
        return ::write(m_fds[1], bytes.constData(), static_cast<size_t>(bytes.size()))
            == bytes.size();
    }

    // Everything that is there.
    QByteArray receive() const
    {
        std::array<char, 4096> buffer{};
        QByteArray all;
        for (ssize_t n = 0; (n = ::read(m_fds[0], buffer.data(), buffer.size())) > 0;) {
            all.append(buffer.data(), n);
        }
        return all;
    }

private:
    static void close(int &fd)
    {
        if (fd >= 0) {
            ::close(std::exchange(fd, -1));
        }
    }

    std::array<int, 2> m_fds{-1, -1};
};

class Handler final : public FdHandler
{
public:
    explicit Handler(std::function<void(quint32)> function = {})
        : m_function(std::move(function))
    { }

    void handleFdEvents(quint32 epollEvents) noexcept override
    {
        ++calls;
        lastEvents = epollEvents;
        // By value: the function may delete this object.
        if (const auto function = m_function) {
            function(epollEvents);
        }
    }

    int calls = 0;
    quint32 lastEvents = 0;

private:
    std::function<void(quint32)> m_function;
};

// Passes of the loop until nothing is left to do.
inline void settle()
{
    for (int i = 0; i < 100 && EpollDispatcher::current()->processEvents(QEventLoop::AllEvents);
         ++i) { }
}

} // namespace fairlead::core::test
