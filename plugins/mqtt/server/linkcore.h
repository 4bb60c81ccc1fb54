// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/frame.h"
#include "codec/writer.h"
#include "server/mqttlistener.h"
#include "server/settlebatch.h"

#include <fairlead/clock.h>
#include <fairlead/lease.h>
#include <fairlead/linkdriver.h>
#include <fairlead/logger.h>

namespace fairlead::mqtt {

enum class Phase : quint8 {
    AwaitConnect,
    Authenticating, ///< CONNECT was seen, the host is asked who the client is
    Acquiring, ///< the host is asked for the session
    Running, ///< CONNACK was sent
    Ended, ///< the last frame was written; whatever still comes is ignored
};

/// Why a link does not read for now, one bit each.
enum class Hold : quint8 {
    Bus = 1, ///< the host said Flow::Pause; it stops and resumes the reading itself
    Refusals = 2, ///< too many answers wait for their turn
    Subscriptions = 4, ///< too many requests wait for the host
};

/// What the parts of one link share: the host's side, the peer's limits, and the way out.
class LinkCore
{
public:
    LinkCore(const LinkContext &linkContext, Endpoint &listener)
        : context(linkContext)
        , endpoint(listener)
    { }

    bool isV5() const noexcept { return version == Version::V5; }

    bool isRunning() const noexcept { return phase == Phase::Running; }

    bool isEnded() const noexcept { return phase == Phase::Ended; }

    ByteStream &stream() const noexcept { return context.stream; }

    const ListenerOptions &options() const noexcept { return endpoint.options; }

    /// The client broke the protocol: counted, logged now and then, told if the version allows, and
    /// the link ends.
    void reject(const DecodeError &error, PacketType type);
    /// Ends the link with a last frame that carries @p reason.
    void end(ReasonCode reason, const char *text);
    /// Ends the link without a last frame. @p deliberate: by us, or in order.
    void finish(const Error &why, bool deliberate);

    /// Counts, and logs now and then at @p level.
    void count(Event event, LogLevel level, const char *what);

    /// Counts only.
    void count(Event event) noexcept { endpoint.counters.count(event); }

    /// The end of a delivery; collected while input is read.
    void settle(quint64 handle, Settle::How how) const;
    void flushSettles() const;

    void hold(Hold why);
    void release(Hold why);

    bool isHeld(Hold why) const noexcept { return (holds & quint8(why)) != 0; }

    /// Writes one packet; false when it cannot be expressed or exceeds what the client accepts.
    template <typename Packet>
    bool send(const Packet &packet) const
    {
        const std::size_t size = encodedSize(packet, version);
        if (size == 0 || (maxPacketSize != 0 && size > maxPacketSize))
            return false;
        if (size <= ByteStream::kMaxReserve) {
            Writer out(stream().reserve(size), size);
            encode(out, packet, version);
            stream().commit(out.size());
        } else {
            const auto memory = std::make_unique_for_overwrite<char[]>(size);
            Writer out(memory.get(), size);
            encode(out, packet, version);
            sendBytes(out.bytes());
        }
        return true;
    }

    /// Writes bytes of any length.
    void sendBytes(Bytes bytes) const;

    const LinkContext context;
    Endpoint &endpoint;
    Lease *lease = nullptr; ///< only while Running
    SettleBatch *settles = nullptr; ///< only while input is read
    quint32 maxPacketSize = 0; ///< the client's; 0: no limit
    quint32 sessionExpiry = 0; ///< as the client asked for, seconds
    OverflowChoice overflow; ///< what the client wants of subscriptions that say nothing themselves
    quint16 receiveMaximum = kDefaultReceiveMaximum; ///< the client's
    quint16 topicAliasMax = 0; ///< towards the client
    Version version = Version::Unknown;
    Phase phase = Phase::AwaitConnect;
    quint8 holds = 0; ///< of Hold
};

} // namespace fairlead::mqtt
