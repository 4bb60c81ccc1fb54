// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QObject>

#include <fairlead/transport.h>

namespace fairlead::ship {

/// The root object of the SHIP plugin.
class ShipFactory final : public QObject, public TransportFactory
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID FAIRLEAD_TRANSPORTFACTORY_IID FILE "plugin.json")
    Q_INTERFACES(fairlead::TransportFactory)

public:
    QStringList types() const override;
    Result<std::unique_ptr<Listener>> createListener(const EndpointConfig &config,
                                                     HostServices &host) override;
    Result<std::unique_ptr<Dialler>> createDialler(const EndpointConfig &config,
                                                   HostServices &host) override;
};

} // namespace fairlead::ship
