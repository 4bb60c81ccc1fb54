// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "shipfactory.h"

#include "announcing.h"
#include "link/shipendpoints.h"
#include "trust/qrtext.h"

#include <fairlead/hostservices.h>
#include <fairlead/logger.h>

#include <utility>

namespace fairlead::ship {

namespace {

/// What an installer needs to make a device trust the host.
OwnIdentity identityOf(const ShipOptions &options, const Announcement &own)
{
    const QrText text{
        options.own, options.shipId, own.brand, own.type, own.model, own.serial, own.categories};
    return {options.own, options.shipId, write(text)};
}

void sayWhoWeAre(Logger &logger, const OwnIdentity &own)
{
    logger.log(LogLevel::Info,
               "ship-identity",
               QStringLiteral("ski=%1 id=%2 qr=%3")
                   .arg(QString::fromLatin1(own.ski.toHex()),
                        QString::fromUtf8(own.shipId),
                        QString::fromUtf8(own.qr)));
}

} // namespace

QStringList ShipFactory::types() const
{
    return {QStringLiteral("ship")};
}

Result<ShipOptions> ShipFactory::begin(const EndpointConfig &config, Role role, HostServices &host)
{
    Result<ShipOptions> options = parseShipOptions(config, role);
    if (!options)
        return options;
    const Result<DiscoveryOptions> seen
        = parseDiscoveryOptions(config, options->own, options->shipId);
    if (!seen)
        return seen.error();
    m_keeper.attach(host);
    const OwnIdentity own = identityOf(*options, seen->own);
    m_commands.setIdentity(own);
    sayWhoWeAre(host.logger(), own);
    return options;
}

Result<std::unique_ptr<Listener>> ShipFactory::createListener(const EndpointConfig &config,
                                                              HostServices &host)
{
    const Result<ShipOptions> options = begin(config, Role::Server, host);
    if (!options)
        return options.error();
    const Result<DiscoveryOptions> seen
        = parseDiscoveryOptions(config, options->own, options->shipId);
    return announced(std::make_unique<ShipListener>(*options, m_keeper.desk()),
                     *options,
                     *seen,
                     host,
                     m_keeper,
                     {m_windowBell, m_foundBoard});
}

Result<std::unique_ptr<Dialler>> ShipFactory::createDialler(const EndpointConfig &config,
                                                            HostServices &host)
{
    const Result<ShipOptions> options = begin(config, Role::Client, host);
    if (!options)
        return options.error();
    return std::unique_ptr<Dialler>(std::make_unique<ShipDialler>(*options, m_keeper.desk()));
}

void ShipFactory::call(const QString &name,
                       const QJsonObject &arguments,
                       HostServices &host,
                       CommandReply reply)
{
    m_keeper.attach(host);
    m_commands.call(name, arguments, std::move(reply));
    m_windowBell.ring();
}

} // namespace fairlead::ship
