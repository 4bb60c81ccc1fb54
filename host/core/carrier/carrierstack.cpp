// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/carrier/carrierstack.h"

#include "core/carrier/tlsstream.h"
#include "core/carrier/websocketstream.h"

#include <utility>

namespace fairlead::core {

CarrierStack::CarrierStack(const CarrierSettings &settings,
                           CarrierSide side,
                           const TlsSurroundings &surroundings)
    : m_settings(settings)
    , m_side(side)
    , m_surroundings(surroundings)
{
    if (settings.webSocket)
        m_webSocket = std::make_shared<const WebSocketSettings>(*settings.webSocket);
    if (side == CarrierSide::Dialled && m_webSocket && m_webSocket->hasRoot
        && m_webSocket->path != "/") {
        WebSocketSettings root = *m_webSocket;
        root.path = "/";
        m_root = std::make_shared<const WebSocketSettings>(root);
    }
}

CarrierStack::~CarrierStack() = default;

Result<std::shared_ptr<CarrierStack>> CarrierStack::create(const CarrierSettings &settings,
                                                           CarrierSide side,
                                                           const TlsSurroundings &surroundings)
{
    std::shared_ptr<CarrierStack> stack(new CarrierStack(settings, side, surroundings));
    if (Result<> read = stack->renew(); !read)
        return read.error();
    return stack;
}

Result<> CarrierStack::renew()
{
    if (!m_settings.tls)
        return {};
    auto context
        = TlsContext::create(*m_settings.tls,
                             m_side == CarrierSide::Accepted ? TlsRole::Server : TlsRole::Client,
                             m_surroundings);
    if (!context)
        return context.error();
    const std::scoped_lock locked(m_lock);
    m_tls = std::move(*context);
    return {};
}

std::shared_ptr<const TlsContext> CarrierStack::tls() const
{
    const std::scoped_lock locked(m_lock);
    return m_tls;
}

QByteArray CarrierStack::ownKeyId() const
{
    return m_settings.tls ? tls()->ownKeyId() : QByteArray();
}

bool CarrierStack::takeOtherPath() noexcept
{
    if (!m_root)
        return false;
    m_asksRoot = !m_asksRoot;
    return m_asksRoot;
}

std::unique_ptr<LinkStream> CarrierStack::wrap(std::unique_ptr<LinkStream> socket,
                                               ChunkPool &pool,
                                               Random &random) const
{
    std::unique_ptr<LinkStream> stream = std::move(socket);
    if (m_settings.tls)
        stream = std::make_unique<TlsStream>(pool, std::move(stream), tls());
    if (m_webSocket) {
        const WebSocketRole role
            = m_side == CarrierSide::Accepted ? WebSocketRole::Server : WebSocketRole::Client;
        stream = std::make_unique<WebSocketStream>(
            pool, std::move(stream), role, m_asksRoot ? m_root : m_webSocket, random);
    }
    return stream;
}

} // namespace fairlead::core
