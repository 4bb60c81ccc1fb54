// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "discovery/foundboard.h"
#include "discovery/windowbell.h"
#include "link/shipcommands.h"
#include "link/trustkeeper.h"

#include <QtCore/QObject>

#include <fairlead/operatorcommands.h>
#include <fairlead/transport.h>

namespace fairlead::ship {

/// The root object of the SHIP plugin.
class ShipFactory final : public QObject, public TransportFactory, public OperatorCommands
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID FAIRLEAD_TRANSPORTFACTORY_IID FILE "plugin.json")
    Q_INTERFACES(fairlead::TransportFactory fairlead::OperatorCommands)

public:
    QStringList types() const override;
    Result<std::unique_ptr<Listener>> createListener(const EndpointConfig &config,
                                                     HostServices &host) override;
    Result<std::unique_ptr<Dialler>> createDialler(const EndpointConfig &config,
                                                   HostServices &host) override;
    void call(const QString &name,
              const QJsonObject &arguments,
              HostServices &host,
              CommandReply reply) override;

private:
    /// What both roles begin with.
    Result<ShipOptions> begin(const EndpointConfig &config, Role role, HostServices &host);

    TrustKeeper m_keeper;
    FoundBoard m_foundBoard;
    ShipCommands m_commands{m_keeper, [this] { return m_foundBoard.views(); }};
    WindowBell m_windowBell;
};

} // namespace fairlead::ship
