// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "framelink.h"

#include <fairlead/quiettarget.h>
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

    void handleStarted() override;
    void handleAuthenticated(const Error &error) override;
    void handleLease(const LeaseGrant &grant) override;
    void handlePull(Lease &lease) override;
    void handleCompletions(const Completion *completions, int count) override;
    void handleSubscribed(quint32 completionTag,
                          const SubscribeOutcome *outcomes,
                          int count) override;
    void handleUnsubscribed(quint32 completionTag,
                            const UnsubscribeOutcome *outcomes,
                            int count) override;

private:
    struct Sent
    {
        quint64 handle = 0; ///< 0 at QoS 0
        qint64 size = 0;
    };

    Flow handleFrame(FrameType type, ByteSpan body) override;
    void handleInputDone() override;
    void handleHello(ByteSpan body);
    void handlePing(ByteSpan body);
    void handleSubscribe(ByteSpan body);
    void handleUnsubscribe(ByteSpan body);
    Flow handlePublish(ByteSpan body);
    void handleAck(ByteSpan body);
    void deliver(Lease &lease);
    void send(Lease &lease, const Delivery &delivery);

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
    std::unique_ptr<LinkDriver> createDriver(const LinkContext &context) override
    {
        if (m_operations.isQuiet())
            return nullptr;
        return std::make_unique<ListenerLink>(context);
    }

    OperationTarget *operations() override { return &m_operations; }

private:
    QuietTarget m_operations;
};

} // namespace fairlead::loopback
