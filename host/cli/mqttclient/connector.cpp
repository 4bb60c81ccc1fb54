// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "mqttclient/connector.h"

#include <QHostInfo>
#include <QNetworkProxy>
#include <QTcpSocket>

namespace fairlead::cli {

namespace {

[[nodiscard]] QByteArray nameOf(QAbstractSocket::SocketError error)
{
    switch (error) {
    case QAbstractSocket::ConnectionRefusedError:
        return QByteArrayLiteral("connection-refused");
    case QAbstractSocket::SocketTimeoutError:
        return QByteArrayLiteral("timeout");
    case QAbstractSocket::NetworkError:
        return QByteArrayLiteral("unreachable");
    case QAbstractSocket::SocketAccessError:
        return QByteArrayLiteral("permission-denied");
    case QAbstractSocket::SocketResourceError:
        return QByteArrayLiteral("descriptors-exhausted");
    case QAbstractSocket::AddressInUseError:
        return QByteArrayLiteral("address-in-use");
    case QAbstractSocket::SocketAddressNotAvailableError:
        return QByteArrayLiteral("address-invalid");
    default:
        return QByteArrayLiteral("connection-failed");
    }
}

} // namespace

Connector::Connector(const ClientSettings &settings, QObject *parent)
    : QObject(parent)
    , m_host(settings.host)
    , m_bindName(settings.bindAddress)
    , m_port(settings.port)
    , m_noDelay(settings.noDelay)
{ }

Connector::~Connector() = default;

std::unique_ptr<QTcpSocket> Connector::takeSocket()
{
    m_socket->disconnect(this);
    if (m_noDelay) {
        m_socket->setSocketOption(QAbstractSocket::LowDelayOption, 1);
    }
    return std::move(m_socket);
}

void Connector::start()
{
    if (m_bindName.isEmpty()) {
        lookUpHost();
        return;
    }
    QHostInfo::lookupHost(QString::fromUtf8(m_bindName), this, &Connector::handleBindAddress);
}

void Connector::handleBindAddress(const QHostInfo &info)
{
    if (info.error() != QHostInfo::NoError || info.addresses().isEmpty()) {
        failLookup(m_bindName, info.errorString());
        return;
    }
    m_bindAddress = info.addresses().constFirst();
    lookUpHost();
}

void Connector::lookUpHost()
{
    // An IPv6 address may stand in brackets, as in a URL.
    QByteArray name = m_host;
    if (name.startsWith('[') && name.endsWith(']')) {
        name = name.mid(1, name.size() - 2);
    }
    QHostInfo::lookupHost(QString::fromUtf8(name), this, &Connector::handleHost);
}

void Connector::handleHost(const QHostInfo &info)
{
    if (info.error() != QHostInfo::NoError) {
        failLookup(m_host, info.errorString());
        return;
    }
    for (const QHostAddress &address : info.addresses()) {
        if (m_bindAddress.isNull() || m_bindAddress.protocol() == address.protocol()) {
            m_addresses.append(address);
        }
    }
    if (m_addresses.isEmpty()) {
        failLookup(m_host, QStringLiteral("no address of a usable family"));
        return;
    }
    tryNext();
}

void Connector::tryNext()
{
    if (m_addresses.isEmpty()) {
        Q_EMIT failed(m_lastFailure);
        return;
    }
    const QHostAddress address = m_addresses.takeFirst();
    m_socket = std::make_unique<QTcpSocket>();
    connect(m_socket.get(), &QTcpSocket::connected, this, &Connector::connected);
    connect(m_socket.get(), &QTcpSocket::errorOccurred, this, &Connector::handleSocketError);
    m_socket->setProxy(QNetworkProxy::NoProxy);
    if (!m_bindAddress.isNull() && !m_socket->bind(m_bindAddress)) {
        // bind() may or may not have signalled the error, which takes the socket away.
        if (m_socket) {
            handleSocketError();
        }
        return;
    }
    m_socket->connectToHost(address, m_port);
}

void Connector::handleSocketError()
{
    m_lastFailure = {exitcode::kUsage,
                     nameOf(m_socket->error()),
                     QStringLiteral("cannot connect to %1 port %2: %3")
                         .arg(QString::fromUtf8(m_host))
                         .arg(m_port)
                         .arg(m_socket->errorString()),
                     true};
    // Not from within the socket's own signal.
    m_socket->disconnect(this);
    m_socket.release()->deleteLater();
    QMetaObject::invokeMethod(this, &Connector::tryNext, Qt::QueuedConnection);
}

void Connector::failLookup(const QByteArray &name, const QString &text)
{
    Q_EMIT failed({exitcode::kUsage,
                   QByteArrayLiteral("name-lookup"),
                   QStringLiteral("cannot look up '%1': %2").arg(QString::fromUtf8(name), text),
                   true});
}

} // namespace fairlead::cli
