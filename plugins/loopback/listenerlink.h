// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "framelink.h"
#include "participation.h"

#include <fairlead/transport.h>

#include <unordered_map>

namespace fairlead::loopback {

/// The host's end of one peer: its requests become calls on the bus, its session's deliveries
/// become frames.
class ListenerLink final : public FrameLink
{
public:
    /// Messages that wait for their Ack at most.
    static constexpr std::size_t kWindowMessages = 64;
    /// And their bytes; a larger message travels alone. With this bound the two ends never wait for
    /// each other, each too full to be read.
    static constexpr qint64 kWindowBytes = 128 * 1024;

    using FrameLink::FrameLink;

    void handleStarted() noexcept override;
    void handleAuthenticated(const Error &error) noexcept override;
    void handleLease(const LeaseGrant &grant) noexcept override;
    void handlePull(Lease &lease) noexcept override;
    void handleCompletions(const Completion *completions, int count) noexcept override;
    void handleSubscribed(quint32 completionTag,
                          const SubscribeOutcome *outcomes,
                          int count) noexcept override;
    void handleUnsubscribed(quint32 completionTag,
                            const UnsubscribeOutcome *outcomes,
                            int count) noexcept override;

private:
    struct Sent
    {
        quint64 handle = 0; ///< 0 at QoS 0
        qint64 size = 0;
    };

    Flow handleFrame(FrameType type, ByteSpan body) noexcept override;
    void handleInputDone() noexcept override;
    void handleHello(ByteSpan body) noexcept;
    void handleSubscribe(ByteSpan body) noexcept;
    void handleUnsubscribe(ByteSpan body) noexcept;
    Flow handlePublish(ByteSpan body) noexcept;
    void handleAck(ByteSpan body) noexcept;
    void deliver(Lease &lease) noexcept;
    void send(Lease &lease, const Delivery &delivery) noexcept;

    QByteArray m_name;
    quint32 m_expirySeconds = 0;
    quint32 m_lastMessage = 0;
    std::unordered_map<quint32, Sent> m_sent; ///< by the id of the Message
    qint64 m_sentBytes = 0;
    bool m_roomMade = false; ///< an Ack came
};

/// An endpoint that peers dial.
class LoopbackListener final : public Listener
{
public:
    std::unique_ptr<LinkDriver> createDriver(const LinkContext &context) noexcept override
    {
        if (m_participation.isQuiet())
            return nullptr;
        return std::make_unique<ListenerLink>(context);
    }

    OperationTarget *operations() noexcept override { return &m_participation; }

private:
    Participation m_participation;
};

} // namespace fairlead::loopback
