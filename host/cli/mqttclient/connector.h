// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "mqttclient/clientsettings.h"
#include "mqttclient/failure.h"

#include <QHostAddress>
#include <QList>
#include <QObject>

#include <memory>

class QHostInfo;
class QTcpSocket;

namespace fairlead::cli {

/// Makes one TCP connection: resolves the name and tries its addresses in turn. Used once.
class Connector : public QObject
{
    Q_OBJECT

public:
    explicit Connector(const ClientSettings &settings, QObject *parent = nullptr);
    ~Connector() override;

    void start();
    /// The socket after connected(); the caller owns it.
    [[nodiscard]] std::unique_ptr<QTcpSocket> takeSocket();

Q_SIGNALS:
    void connected();
    void failed(const fairlead::cli::Failure &failure);

private:
    void lookUpHost();
    void handleHost(const QHostInfo &info);
    void handleBindAddress(const QHostInfo &info);
    void tryNext();
    void handleSocketError();
    void failLookup(const QByteArray &name, const QString &text);

    QByteArray m_host;
    QByteArray m_bindName;
    quint16 m_port;
    bool m_noDelay;
    QHostAddress m_bindAddress;
    QList<QHostAddress> m_addresses;
    std::unique_ptr<QTcpSocket> m_socket;
    Failure m_lastFailure;
};

} // namespace fairlead::cli
