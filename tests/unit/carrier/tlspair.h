// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "carriertest.h"
#include "core/carrier/tlsstream.h"
#include "testcertificates.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>

/// Two ends of TLS, with everything that goes over the wire between them in the test's hands.
namespace fairlead::test {

using namespace core;

/// Everybody's papers.
struct Papers
{
    PemFolder folder;
    Issued root = issue({"root", nullptr, true});
    Issued server = issue({"broker", "DNS:broker.example,IP:127.0.0.1"}, root);
    QString ca = folder.write("ca.pem", certificatePem(root));

    TlsSettings serverSettings()
    {
        TlsSettings settings;
        settings.certificate = folder.write("server.pem", certificatePem(server));
        settings.key = folder.write("server.key", keyPem(server));
        return settings;
    }

    TlsSettings clientSettings() const
    {
        TlsSettings settings;
        settings.ca = ca;
        settings.serverName = QStringLiteral("broker.example");
        return settings;
    }

    void present(TlsSettings &settings, const Issued &issued)
    {
        settings.certificate = folder.write("client.pem", certificatePem(issued));
        settings.key = folder.write("client.key", keyPem(issued));
    }
};

inline std::shared_ptr<const TlsContext> contextOf(const TlsSettings &settings,
                                                   TlsRole role,
                                                   const TlsSurroundings &surroundings = {})
{
    auto context = TlsContext::create(settings, role, surroundings);
    if (!context)
        qFatal("%s", qPrintable(context.error().toString()));
    return *context;
}

struct Side
{
    explicit Side(std::shared_ptr<const TlsContext> context)
        : wire(new WireStream(pool))
        , stream(pool, std::unique_ptr<LinkStream>(wire), std::move(context))
        , top(stream)
    { }

    ChunkPool pool;
    WireStream *wire;
    TlsStream stream;
    TopReader top;
};

struct Pair
{
    Pair(std::shared_ptr<const TlsContext> serverContext,
         std::shared_ptr<const TlsContext> clientContext)
        : server(std::move(serverContext))
        , client(std::move(clientContext))
    {
        client.top.read();
    }

    Pair(const TlsSettings &serverSettings, const TlsSettings &clientSettings)
        : Pair(contextOf(serverSettings, TlsRole::Server),
               contextOf(clientSettings, TlsRole::Client))
    { }

    /// Carries what was sent, in pieces, until there is nothing to carry.
    void exchange(std::size_t piece = 100000)
    {
        for (;;) {
            const std::string up = client.wire->takeSent();
            const std::string down = server.wire->takeSent();
            if (up.empty() && down.empty())
                return;
            if (watch) {
                watch(up);
                watch(down);
            }
            for (std::size_t at = 0; at < up.size(); at += piece)
                server.wire->arrive(std::string_view(up).substr(at, piece));
            for (std::size_t at = 0; at < down.size(); at += piece)
                client.wire->arrive(std::string_view(down).substr(at, piece));
        }
    }

    Side server;
    Side client;
    std::function<void(const std::string &sent)> watch; ///< whole records
};

} // namespace fairlead::test
