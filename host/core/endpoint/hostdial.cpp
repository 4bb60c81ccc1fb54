// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/endpoint/hostdial.h"

#include "core/platform/namelookup.h"
#include "core/reactor/mainloop.h"
#include "core/reactor/tcpdial.h"

#include <unistd.h>

#include <utility>

namespace fairlead::core {

HostDial::HostDial(MainLoop &loop, Done done)
    : m_loop(loop)
    , m_done(std::move(done))
    , m_dial(loop.clock(), loop.timers(), *this, *this)
{ }

HostDial::~HostDial()
{
    m_dial.abort();
}

void HostDial::start(const QString &host, quint16 port, qint64 deadline)
{
    if (!QHostAddress(host).isNull()) {
        dialAll({host}, port, deadline);
        return;
    }
    // Asked anew for each attempt: the peer may have moved.
    m_lookup = std::make_unique<NameLookup>(
        host, [this, port, deadline](const Result<QList<QHostAddress>> &found) {
            const std::unique_ptr<NameLookup> over = std::move(m_lookup);
            if (!found) {
                finish(found.error());
                return;
            }
            QStringList addresses;
            for (const QHostAddress &address : *found)
                addresses.append(address.toString());
            dialAll(addresses, port, deadline);
        });
}

void HostDial::dialAll(const QStringList &addresses, quint16 port, qint64 deadline)
{
    std::vector<DialAddress> list;
    for (const QString &address : addresses) {
        const bool isV6 = QHostAddress(address).protocol() == QAbstractSocket::IPv6Protocol;
        list.push_back(
            {isV6 ? DialAddress::Family::IPv6 : DialAddress::Family::IPv4, address, port});
    }
    m_dial.start(list, deadline);
}

void HostDial::finish(const Result<Connection> &result)
{
    const Done done = std::move(m_done);
    done(result);
}

void HostDial::start(const std::vector<Place> &places, qint64 deadline)
{
    std::vector<DialAddress> list;
    list.reserve(places.size());
    for (const Place &place : places) {
        DialAddress::Family family = DialAddress::Family::Name;
        switch (QHostAddress(place.host).protocol()) {
        case QAbstractSocket::IPv4Protocol:
            family = DialAddress::Family::IPv4;
            break;
        case QAbstractSocket::IPv6Protocol:
            family = DialAddress::Family::IPv6;
            break;
        default:
            break;
        }
        list.push_back({family, place.host, place.port});
    }
    m_dial.start(list, deadline, AddressOrder::AsGiven);
}

void HostDial::open(std::size_t attempt, const DialAddress &address, qint64)
{
    if (attempt >= m_attempts.size())
        m_attempts.resize(attempt + 1);
    if (address.family != DialAddress::Family::Name) {
        m_attempts[attempt].further = {QHostAddress(address.host)};
        openNext(attempt, address.port);
        return;
    }
    m_attempts[attempt].lookup = std::make_unique<NameLookup>(
        address.host,
        [this, attempt, port = address.port](const Result<QList<QHostAddress>> &found) {
            const std::unique_ptr<NameLookup> over = std::move(m_attempts[attempt].lookup);
            if (!found) {
                m_dial.failed(attempt, found.error());
                return;
            }
            m_attempts[attempt].further = *found;
            openNext(attempt, port);
        });
}

void HostDial::openNext(std::size_t attempt, quint16 port)
{
    const QHostAddress address = m_attempts[attempt].further.takeFirst();
    m_attempts[attempt].dial = std::make_unique<TcpDial>(
        m_loop, SocketAddress(address, port), [this, attempt, port](const Result<int> &result) {
            const std::unique_ptr<TcpDial> over = std::move(m_attempts[attempt].dial);
            if (result) {
                m_attempts[attempt].fd = *result;
                m_dial.opened(attempt);
            } else if (!m_attempts[attempt].further.isEmpty()) {
                openNext(attempt, port);
            } else {
                m_dial.failed(attempt, result.error());
            }
        });
}

void HostDial::cancel(std::size_t attempt)
{
    if (attempt >= m_attempts.size())
        return;
    m_attempts[attempt].lookup.reset();
    m_attempts[attempt].dial.reset();
    const int fd = std::exchange(m_attempts[attempt].fd, -1);
    if (fd >= 0)
        ::close(fd);
}

// Plain TCP tells nothing of who is there; the protocol's handshake does.
Result<> HostDial::checkIdentity(std::size_t)
{
    return {};
}

void HostDial::dialSucceeded(std::size_t attempt)
{
    Connection connection;
    connection.fd = std::exchange(m_attempts[attempt].fd, -1);
    connection.peerAddress = m_dial.address(attempt).text().toUtf8();
    finish(connection);
}

void HostDial::dialFailed(const Error &error)
{
    finish(error);
}

} // namespace fairlead::core
