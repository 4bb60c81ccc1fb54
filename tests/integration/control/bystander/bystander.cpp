// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include <fairlead/link.h>
#include <fairlead/transport.h>

namespace {

/// Runs, and takes part in none of the host's operations.
class Bystander final : public fairlead::Listener
{
public:
    std::unique_ptr<fairlead::LinkDriver> createDriver(const fairlead::LinkContext &) override
    {
        return nullptr;
    }
};

} // namespace

class BystanderFixture : public QObject, public fairlead::TransportFactory
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID FAIRLEAD_TRANSPORTFACTORY_IID FILE "plugin.json")
    Q_INTERFACES(fairlead::TransportFactory)

public:
    QStringList types() const override { return {QStringLiteral("bystander")}; }

    fairlead::Result<std::unique_ptr<fairlead::Listener>> createListener(
        const fairlead::EndpointConfig &, fairlead::HostServices &) override
    {
        return std::unique_ptr<fairlead::Listener>(std::make_unique<Bystander>());
    }

    fairlead::Result<std::unique_ptr<fairlead::Dialler>> createDialler(
        const fairlead::EndpointConfig &config, fairlead::HostServices &) override
    {
        return fairlead::Error(fairlead::ErrorCode::NotSupported, config.name);
    }
};

#include "bystander.moc"
