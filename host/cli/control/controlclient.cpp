// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "control/controlclient.h"

#include "control/controlexit.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QFileInfo>
#include <QJsonDocument>

namespace fairlead::cli {

namespace {

constexpr int kConnectMs = 5'000;
constexpr qsizetype kMaxLine = 1024 * 1024;

[[nodiscard]] Failure failure(int exitCode, const char *name, const QString &text)
{
    return {exitCode, name, text};
}

[[nodiscard]] Failure noDaemon(const QString &path, QLocalSocket::LocalSocketError error)
{
    const QString hint
        = QStringLiteral("; is fairleadd running, and does it use this socket (--control)?");
    switch (error) {
    case QLocalSocket::ServerNotFoundError:
        return failure(exitcode::kUsage,
                       "not-running",
                       QStringLiteral("no daemon at %1: there is no such socket").arg(path) + hint);
    case QLocalSocket::ConnectionRefusedError:
        return failure(exitcode::kUsage,
                       "not-running",
                       QStringLiteral("no daemon at %1: nobody answers there").arg(path) + hint);
    case QLocalSocket::SocketAccessError:
        return failure(
            exitcode::kUsage,
            "permission-denied",
            QStringLiteral("this user may not talk to the daemon at %1; its group may").arg(path));
    default:
        break;
    }
    return failure(exitcode::kUsage,
                   "not-running",
                   QStringLiteral("no connection to the daemon at %1").arg(path) + hint);
}

/// What the daemon said of a call it refused.
[[nodiscard]] Failure refusal(const QJsonObject &error)
{
    constexpr int kMethodNotFound = -32601;
    const QJsonObject data = error.value(QStringLiteral("data")).toObject();
    const bool unknown = error.value(QStringLiteral("code")).toInt() == kMethodNotFound;
    const QString name = data.value(QStringLiteral("code")).toString(QStringLiteral("refused"));
    const QString text = error.value(QStringLiteral("message")).toString();
    return {unknown ? exitcode::kNotSupported : exitcode::kRefused,
            name.toLatin1(),
            unknown ? QStringLiteral("this daemon cannot do that: %1").arg(text) : text};
}

} // namespace

QString ControlClient::choosePath(const QString &given)
{
    if (!given.isEmpty()) {
        return given;
    }
    const QString file = QStringLiteral("/control.sock");
    const QString runtime = qEnvironmentVariable("RUNTIME_DIRECTORY").section(u':', 0, 0);
    if (QDir::isAbsolutePath(runtime)) {
        return runtime + file;
    }
    QString system = QStringLiteral("/run/fairlead") + file;
    const QString user = qEnvironmentVariable("XDG_RUNTIME_DIR");
    if (!QDir::isAbsolutePath(user)) {
        return system;
    }
    // A daemon of one's own goes before that of the machine.
    QString own = user + QStringLiteral("/fairlead") + file;
    return QFileInfo::exists(own) || !QFileInfo::exists(system) ? own : system;
}

Failure ControlClient::connectTo(const QString &path)
{
    m_socket.connectToServer(QFileInfo(path).absoluteFilePath());
    if (!m_socket.waitForConnected(kConnectMs)) {
        return noDaemon(path, m_socket.error());
    }
    return {};
}

Failure ControlClient::readObject(int timeoutMs, QJsonObject *object)
{
    QElapsedTimer clock;
    clock.start();
    qsizetype end = -1;
    while ((end = m_input.indexOf('\n', m_scanned)) < 0) {
        m_scanned = m_input.size();
        if (m_input.size() > kMaxLine) {
            return failure(
                exitcode::kProtocol, "packet-too-large", QStringLiteral("the answer is too long"));
        }
        const auto left = timeoutMs < 0 ? -1 : std::max(0, timeoutMs - int(clock.elapsed()));
        if (m_socket.bytesAvailable() == 0 && !m_socket.waitForReadyRead(left)) {
            if (timeoutMs >= 0 && m_socket.state() == QLocalSocket::ConnectedState) {
                return failure(exitcode::kTimeout,
                               "timeout",
                               QStringLiteral("the daemon did not answer within %1 s")
                                   .arg(double(timeoutMs) / 1000));
            }
            return failure(exitcode::kConnectionLost,
                           "connection-closed",
                           QStringLiteral("the daemon closed the connection"));
        }
        m_input += m_socket.readAll();
    }
    const QJsonDocument document = QJsonDocument::fromJson(m_input.left(end));
    m_input.remove(0, end + 1);
    m_scanned = 0;
    if (!document.isObject()) {
        return failure(exitcode::kProtocol,
                       "protocol-violation",
                       QStringLiteral("what answers there does not speak the control protocol"));
    }
    *object = document.object();
    return {};
}

Failure ControlClient::call(const QString &method,
                            const QJsonObject &params,
                            std::chrono::milliseconds timeout,
                            QJsonObject *result)
{
    const int id = ++m_lastId;
    const QJsonObject request{{QStringLiteral("jsonrpc"), QStringLiteral("2.0")},
                              {QStringLiteral("id"), id},
                              {QStringLiteral("method"), method},
                              {QStringLiteral("params"), params}};
    const QByteArray line = QJsonDocument(request).toJson(QJsonDocument::Compact) + '\n';
    if (line.size() > kMaxLine) {
        return failure(
            exitcode::kUsage, "packet-too-large", QStringLiteral("the request is too long"));
    }
    m_socket.write(line);
    QElapsedTimer clock;
    clock.start();
    QJsonObject answer;
    do {
        const auto left = std::max<qint64>(0, timeout.count() - clock.elapsed());
        if (Failure failed = readObject(int(left), &answer)) {
            return failed;
        }
        // An error without an id is about the connection, which is all ours.
    } while (answer.value(QStringLiteral("id")).toInt() != id
             && !answer.contains(QStringLiteral("error")));
    if (const QJsonValue error = answer.value(QStringLiteral("error")); error.isObject()) {
        return refusal(error.toObject());
    }
    *result = answer.value(QStringLiteral("result")).toObject();
    return {};
}

Failure ControlClient::next(QString *method, QJsonObject *params)
{
    QJsonObject object;
    do {
        if (Failure failed = readObject(-1, &object)) {
            return failed;
        }
    } while (!object.contains(QStringLiteral("method")));
    *method = object.value(QStringLiteral("method")).toString();
    *params = object.value(QStringLiteral("params")).toObject();
    return {};
}

} // namespace fairlead::cli
