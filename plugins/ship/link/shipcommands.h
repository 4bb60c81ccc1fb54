// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/ski.h"

#include <QtCore/QByteArray>
#include <QtCore/QJsonArray>
#include <QtCore/QJsonObject>
#include <QtCore/QString>

#include <fairlead/operatorcommands.h>
#include <fairlead/result.h>

#include <functional>
#include <optional>
#include <utility>

namespace fairlead::ship {

class TrustKeeper;

/// Who we are to peers.
struct OwnIdentity
{
    Ski ski;
    QByteArray shipId;
    QByteArray qr; ///< the text of a QR code
};

/// What operators can do with SHIP at run time: the commands of the metadata. Thread: main. Ownership:
/// the plugin's root object's.
class ShipCommands
{
public:
    /// Who is found in the network, as foundViews() has it.
    using Found = std::function<QJsonArray()>;

    /// @p keeper outlives it.
    ShipCommands(TrustKeeper &keeper, Found found)
        : m_keeper(keeper)
        , m_found(std::move(found))
    { }

    void setIdentity(const OwnIdentity &own) { m_own = own; }

    /// Errors, in the reply: InvalidArgument (no SKI, no PIN, our own), NotFound, NotRunning (there is
    /// no endpoint yet), and those of the keeper.
    void call(const QString &name, const QJsonObject &arguments, CommandReply reply);

private:
    [[nodiscard]] Result<Ski> skiIn(const QJsonObject &arguments) const;
    void list(CommandReply reply) const;
    void show(const QJsonObject &arguments, CommandReply reply) const;
    void trust(const Ski &ski, const QJsonObject &arguments, CommandReply reply);
    void untrust(const Ski &ski, CommandReply reply);
    void reject(const Ski &ski, CommandReply reply);
    void pin(const Ski &ski, const QJsonObject &arguments, CommandReply reply);
    void window(const QJsonObject &arguments, CommandReply reply);

    QJsonArray views() const;

    TrustKeeper &m_keeper;
    const Found m_found;
    std::optional<OwnIdentity> m_own;
};

} // namespace fairlead::ship
