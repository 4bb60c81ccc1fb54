// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "carriertest.h"
#include "core/carrier/tlsstream.h"
#include "fuzztarget.h"

#include <QtCore/QTemporaryDir>

#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <string>

using namespace fairlead;
using namespace fairlead::core;
using fairlead::fuzz::report;
using fairlead::fuzz::takeByte;
using Io = LinkStream::Io;

namespace {

constexpr char kSecret[] = "what only the peer may read";

using Context = std::shared_ptr<const TlsContext>;

Context contextOf(const QString &folder, const char *name, TlsRole role, TlsVersion version)
{
    TlsSettings settings;
    settings.selfSigned = true;
    settings.ownName = QString::fromLatin1(name);
    settings.serverName = QStringLiteral("127.0.0.1");
    settings.maxRecord = 1024;
    settings.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA256";
    auto context = TlsContext::create(settings, role, {folder, nullptr});
    if (!context)
        report("no context", context.error().toString().toStdString());
    SSL_CTX_set_max_proto_version((*context)->handle(),
                                  version == TlsVersion::Tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
    return *context;
}

/// Two devices with keys of their own, in either version.
struct World
{
    QTemporaryDir folder;
    std::array<Context, 2> servers
        = {contextOf(folder.path(), "server", TlsRole::Server, TlsVersion::Tls12),
           contextOf(folder.path(), "server", TlsRole::Server, TlsVersion::Tls13)};
    std::array<Context, 2> clients
        = {contextOf(folder.path(), "client", TlsRole::Client, TlsVersion::Tls12),
           contextOf(folder.path(), "client", TlsRole::Client, TlsVersion::Tls13)};
};

struct Side
{
    explicit Side(Context sideContext)
        : context(std::move(sideContext))
        , wire(new test::WireStream(pool))
        , stream(pool, std::unique_ptr<LinkStream>(wire), context)
        , top(stream)
    { }

    /// Whoever is taken for the peer is the peer, and what is read is what it wrote.
    void check(const Side &peer) const
    {
        if (const auto identity = stream.peerIdentity();
            identity && identity->name != peer.context->ownKeyId())
            report("somebody else", fairlead::fuzz::viewOf(identity->name));
        const std::string_view secret(kSecret);
        if (top.received != secret.substr(0, top.received.size()))
            report("bytes that nobody wrote", top.received);
    }

    Context context;
    ChunkPool pool;
    test::WireStream *wire;
    TlsStream stream;
    test::TopReader top;
};

/// One thing that happens to what is on its way: three bytes of the input.
struct Harm
{
    unsigned flight;
    unsigned kind;
    std::size_t at;
    char value;
};

void hurt(std::string &flight, const Harm &harm)
{
    if (flight.empty())
        return;
    const std::size_t at = harm.at % flight.size();
    switch (harm.kind) {
    case 0:
        flight[at] = harm.value;
        break;
    case 1:
        flight.erase(at, 1 + (static_cast<unsigned char>(harm.value) & 0x3fU));
        break;
    case 2:
        flight.insert(at, 1, harm.value);
        break;
    default:
        flight.resize(at);
    }
}

/// A handshake and a message each way, with harm done to its flights.
void harmed(const World &world, unsigned version, std::string_view script)
{
    Side server(world.servers[version]);
    Side client(world.clients[version]);
    client.top.read();
    client.top.write(kSecret);
    server.top.write(kSecret);
    std::vector<Harm> harms;
    while (script.size() >= 4) {
        const unsigned head = takeByte(script);
        const std::size_t high = takeByte(script);
        const std::size_t low = takeByte(script);
        harms.push_back({head & 15U, (head >> 4U) & 3U, high << 8U | low, char(takeByte(script))});
    }
    unsigned number = 0;
    for (;;) {
        std::string up = client.wire->takeSent();
        std::string down = server.wire->takeSent();
        if (up.empty() && down.empty())
            break;
        for (const Harm &harm : harms) {
            if (harm.flight == number)
                hurt(up, harm);
            if (harm.flight == number + 1)
                hurt(down, harm);
        }
        number += 2;
        server.wire->arrive(up);
        client.wire->arrive(down);
        server.check(client);
        client.check(server);
        server.top.flush();
        client.top.flush();
    }
    if (harms.empty() && (client.top.received != kSecret || server.top.received != kSecret))
        report("a good handshake came to nothing", server.stream.failure().text().toStdString());
    for (Side *const side : {&server, &client}) {
        side->stream.finishOutput();
        side->wire->endInput();
        side->top.read();
    }
    server.check(client);
    client.check(server);
}

/// Bytes of anybody, in pieces.
void raw(Context context, std::string_view input, std::size_t piece)
{
    Side side(std::move(context));
    side.top.read();
    for (std::size_t at = 0; at < input.size(); at += piece)
        side.wire->arrive(input.substr(at, piece));
    side.wire->endInput();
    side.top.read();
    if (side.stream.isOpen() || !side.top.received.empty() || side.stream.peerIdentity())
        report("open to nobody", input);
    if (side.top.status != Io::Ended && side.top.status != Io::Failed)
        report("neither open nor over", input);
}

} // namespace

/// TLS between two that know each other by their keys: the first byte says what is done to it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    static const World kWorld;
    std::string_view input = fairlead::fuzz::viewOf(data, size);
    const unsigned mode = takeByte(input);
    const unsigned version = mode & 1U;
    switch ((mode >> 1U) & 3U) {
    case 0:
    case 1:
        harmed(kWorld, version, input);
        break;
    case 2:
        raw(kWorld.servers[version], input, std::size_t(1) << (mode >> 4U));
        break;
    default:
        raw(kWorld.clients[version], input, std::size_t(1) << (mode >> 4U));
    }
    return 0;
}
