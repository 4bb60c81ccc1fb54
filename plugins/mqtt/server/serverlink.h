// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "server/connecthandler.h"
#include "server/deliveryout.h"
#include "server/keepalive.h"
#include "server/linkcore.h"
#include "server/linkgroup.h"
#include "server/publishin.h"
#include "server/subscriptions.h"

namespace fairlead::mqtt {

/// The server's end of one MQTT connection: splits the input into packets and hands each to the part
/// that knows it.
class ServerLink final : public LinkDriver
{
public:
    ServerLink(const LinkContext &context, Endpoint &endpoint);
    ~ServerLink() override;

    void handleStarted() override;
    Consumed handleBytes(ByteSpan input) override;
    void handleEndOfInput() override;
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
    void handleFenced(FenceReason reason) override;
    void handleClosing(const Error &reason) override;

private:
    /// Whether packets can be worked on now.
    bool isParsing() const noexcept;
    std::uint32_t packetLimit() const noexcept;
    Consumed parse(ByteSpan input);
    Flow handlePacket(const Frame &frame);
    void handleConnect(const Frame &frame);
    void handleAck(const Frame &frame);
    void handlePing(const Frame &frame);
    void handleDisconnect(const Frame &frame);
    void handleAuth(const Frame &frame);

    LinkCore m_core;
    KeepAlive m_keepAlive;
    PublishIn m_publishIn;
    DeliveryOut m_deliveryOut;
    Subscriptions m_subscriptions;
    LinkGroup::Member m_place; ///< among the running links of the reactor
    std::unique_ptr<ConnectHandler> m_connect; ///< from CONNECT to CONNACK
};

} // namespace fairlead::mqtt
