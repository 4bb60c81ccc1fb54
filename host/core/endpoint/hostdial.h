// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/lifecycle/supervisor/multiaddressdial.h"

#include <QtCore/QByteArray>
#include <QtCore/QList>
#include <QtCore/QStringList>
#include <QtNetwork/QHostAddress>

#include <functional>
#include <memory>
#include <vector>

namespace fairlead::core {

class MainLoop;
class NameLookup;
class TcpDial;

/// One attempt to reach a host over TCP, by every address that its name has or that is known of it,
/// within one deadline (SV-14). Destroying it interrupts the attempt at once.
///
/// Thread: main.
class HostDial final : private AddressOpener, private MultiAddressReceiver
{
public:
    struct Connection
    {
        int fd = -1; ///< connected, non-blocking; the receiver's
        QByteArray peerAddress;
    };

    /// Called once, never from inside start(); the dial may be destroyed in it.
    using Done = std::function<void(const Result<Connection> &)>;

    HostDial(MainLoop &loop, Done done);
    ~HostDial() override;

    /// @p host: an address or a name. @p deadline: monotonic.
    void start(const QString &host, quint16 port, qint64 deadline);

    struct Place
    {
        QString host; ///< an address or a name
        quint16 port = 0;
    };

    /// By all of @p places in their order; a name that has its turn holds up no other place.
    void start(const std::vector<Place> &places, qint64 deadline);

private:
    struct Attempt
    {
        std::unique_ptr<NameLookup> lookup;
        QList<QHostAddress> further; ///< of a name, in turn
        std::unique_ptr<TcpDial> dial;
        int fd = -1;
    };

    void openNext(std::size_t attempt, quint16 port);
    void dialAll(const QStringList &addresses, quint16 port, qint64 deadline);
    void finish(const Result<Connection> &result);

    // AddressOpener
    void open(std::size_t attempt, const DialAddress &address, qint64 deadline) override;
    void cancel(std::size_t attempt) override;
    Result<> checkIdentity(std::size_t attempt) override;

    // MultiAddressReceiver
    void dialSucceeded(std::size_t attempt) override;
    void dialFailed(const Error &error) override;

    MainLoop &m_loop;
    Done m_done;
    std::unique_ptr<NameLookup> m_lookup;
    std::vector<Attempt> m_attempts;
    MultiAddressDial m_dial; ///< before the attempts it cancels as it goes
};

} // namespace fairlead::core
