// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QList>
#include <QtCore/QPair>
#include <QtCore/QStringList>
#include <QtNetwork/QHostAddress>

#include <fairlead/result.h>

namespace fairlead::core {

/// From where peers may connect to a listener. Whoever is denied is denied; of the rest everybody
/// is allowed, or those that are named. Thread: a value.
class AddressRules
{
public:
    /// A network in CIDR form, or one address: "10.0.0.0/8", "fd00::/8", "192.0.2.7".
    using Network = QPair<QHostAddress, int>;

    /// Errors: ConfigRange for text that is no network, or names an address within one.
    static Result<Network> parseNetwork(const QString &text);

    AddressRules() = default;
    AddressRules(QList<Network> allowed, QList<Network> denied);

    bool admits(const QHostAddress &peer) const;

    bool isEmpty() const noexcept { return m_allowed.isEmpty() && m_denied.isEmpty(); }

    bool operator==(const AddressRules &other) const = default;

private:
    QList<Network> m_allowed;
    QList<Network> m_denied;
};

/// An IPv4 address that came in IPv6 form is the IPv4 address.
QHostAddress plainAddress(const QHostAddress &address);

} // namespace fairlead::core
