// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

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

namespace fairlead::core::test {

class HandClock final : public Clock
{
public:
    qint64 now() const noexcept override { return time; }

    qint64 utcMs() const noexcept override { return 0; }

    qint64 time = kNsPerSecond;
};

inline sockaddr_un addressOf(const QString &path)
{
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    const QByteArray name = path.toLocal8Bit();
    std::memcpy(address.sun_path, name.constData(), std::size_t(name.size()));
    return address;
}

/// A client that does just what the test tells it.
class ControlClient
{
public:
    explicit ControlClient(const QString &path)
        : m_fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))
    {
        const sockaddr_un address = addressOf(path);
        m_connected
            = ::connect(m_fd, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0;
    }

    ~ControlClient() { close(); }

    ControlClient(const ControlClient &) = delete;
    ControlClient &operator=(const ControlClient &) = delete;

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

/// A server on time that the test moves, with a method that echoes and one that keeps its calls.
class ControlServerWorld
{
protected:
    void begin()
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

    void end()
    {
        m_kept.clear();
        m_server.reset();
        turn();
        QCOMPARE(m_timers->size(), 0U);
        m_api.reset();
        m_folder.reset();
    }

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

    HandClock m_clock;
    std::unique_ptr<TimerQueue> m_timers;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<ControlApi> m_api;
    std::unique_ptr<ControlServer> m_server;
    QList<ReplyPtr> m_kept;
};

} // namespace fairlead::core::test
