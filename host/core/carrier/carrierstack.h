// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/carrier/carriersettings.h"
#include "core/carrier/tlscontext.h"
#include "core/carrier/websocketstream.h"

#include <fairlead/result.h>

#include <atomic>
#include <memory>
#include <mutex>

namespace fairlead::core {

/// Which side of a connection opened it.
enum class CarrierSide : quint8 {
    Accepted,
    Dialled
};

/// Puts an endpoint's layers above its sockets. Thread: any; create() and renew() read files, so
/// they are not called on a reactor. Ownership: shared by the endpoint and its links.
class CarrierStack
{
public:
    /// Errors: TlsContext::create()'s.
    static Result<std::shared_ptr<CarrierStack>> create(const CarrierSettings &settings,
                                                        CarrierSide side,
                                                        const TlsSurroundings &surroundings = {});
    ~CarrierStack();
    CarrierStack(const CarrierStack &) = delete;
    CarrierStack &operator=(const CarrierStack &) = delete;

    /// Reads certificates and keys again, for the links that come; with an error all stays as it is.
    Result<> renew();

    /// With self-signed identities: who the host is to its peers; else empty.
    QByteArray ownKeyId() const;

    /// The stream that the plugin gets, on the reactor of @p socket.
    std::unique_ptr<LinkStream> wrap(std::unique_ptr<LinkStream> socket,
                                     ChunkPool &pool,
                                     Random &random) const;

    /// The server gave no WebSocket at the path that was asked for: links to come ask at the other one.
    /// True: that is the root, which is worth asking soon. Thread: main.
    bool takeOtherPath() noexcept;

    /// That stream where the plugin counts on the limits of messages, else null.
    WebSocketStream *messagesOf(LinkStream &stream) const noexcept
    {
        return m_webSocket && m_webSocket->messages ? static_cast<WebSocketStream *>(&stream)
                                                    : nullptr;
    }

private:
    CarrierStack(const CarrierSettings &settings,
                 CarrierSide side,
                 const TlsSurroundings &surroundings);

    std::shared_ptr<const TlsContext> tls() const;

    const CarrierSettings m_settings;
    const CarrierSide m_side;
    const TlsSurroundings m_surroundings;
    std::shared_ptr<const WebSocketSettings> m_webSocket;
    /// The same at the path /; null: nobody asks there.
    std::shared_ptr<const WebSocketSettings> m_root;
    std::atomic<bool> m_asksRoot = false;
    mutable std::mutex m_lock;
    std::shared_ptr<const TlsContext> m_tls; ///< under the lock
};

} // namespace fairlead::core
