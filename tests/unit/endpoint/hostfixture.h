// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/host.h"
#include "core/lifecycle/supervisor/supervisor.h"
#include "core/reactor/reactorthread.h"
#include "listenerlink.h"
#include "peerlink.h"

#include <QJsonArray>

#include <fairlead/logger.h>

/// A real host, on real threads and sockets, whose only transport is the loopback plugin's.
namespace fairlead::test {

class SilentLogger final : public Logger
{
public:
    bool isEnabled(LogLevel) const noexcept override { return false; }

    void log(LogLevel, const char *, const QString &) override { }
};

/// The loopback plugin's endpoints, over TCP here; checks what the endpoint's options say, not its
/// URL.
class LoopbackTransport final : public TransportFactory
{
public:
    QStringList types() const override { return {QStringLiteral("loopback")}; }

    Result<std::unique_ptr<Listener>> createListener(const EndpointConfig &,
                                                     HostServices &) override
    {
        return std::unique_ptr<Listener>(std::make_unique<loopback::LoopbackListener>());
    }

    Result<std::unique_ptr<Dialler>> createDialler(const EndpointConfig &config,
                                                   HostServices &) override
    {
        EndpointConfig named = config;
        named.url = QUrl(QStringLiteral("loopback://hub"));
        const auto options = loopback::parsePeerOptions(named);
        if (!options)
            return options.error();
        return std::unique_ptr<Dialler>(std::make_unique<loopback::LoopbackDialler>(*options));
    }
};

inline core::HostSetup hostSetup(LoopbackTransport &factory, int reactors)
{
    core::HostSetup setup;
    setup.reactors = reactors;
    setup.endpoints.makeLogger
        = [](const QString &, const QString &) { return std::make_shared<SilentLogger>(); };
    setup.endpoints.factory
        = [&factory](const QString &) -> TransportFactory * { return &factory; };
    return setup;
}

inline core::EndpointSettings listener(const char *name, quint16 port = 0)
{
    core::EndpointSettings settings;
    settings.name = QString::fromLatin1(name);
    settings.url = QUrl(QStringLiteral("loopback://127.0.0.1:%1").arg(port));
    settings.role = core::EndpointRole::Listen;
    settings.address = QHostAddress(QHostAddress::LocalHost);
    settings.port = port;
    settings.transport = QStringLiteral("loopback");
    settings.allowAnonymous = true;
    settings.handshakeTimeout = 10 * kNsPerSecond;
    // Tests wait for it.
    settings.policy.backOff.baseNs = 5 * kNsPerMs;
    settings.policy.backOff.capNs = 20 * kNsPerMs;
    return settings;
}

inline core::EndpointSettings dialler(const char *name, const QString &host, quint16 port)
{
    core::EndpointSettings settings = listener(name, port);
    settings.role = core::EndpointRole::Dial;
    settings.address = QHostAddress();
    settings.url.setHost(host);
    settings.options = {{QStringLiteral("subscribe"), QJsonArray{QStringLiteral("in/#")}},
                        {QStringLiteral("publish_topic"), QStringLiteral("out")}};
    return settings;
}

} // namespace fairlead::test
