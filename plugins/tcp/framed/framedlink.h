// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "framed/framedendpoint.h"
#include "framed/statepublisher.h"
#include "framing/framing.h"

#include <QtCore/QMetaObject>

#include <fairlead/linkdriver.h>
#include <fairlead/timers.h>

#include <memory>

namespace fairlead::tcp {

/// A peer without a protocol of ours: each frame it sends is a message, each message for it a frame.
///
/// Thread: the link's reactor.
class FramedLink final : public LinkDriver
{
public:
    /// @p endpoint outlives the link.
    FramedLink(const LinkContext &context, const FramedEndpoint &endpoint);
    ~FramedLink() override;

    void handleStarted() override;
    void handleOpen(const Principal *identity) override;
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
    enum class Phase : quint8 {
        Opening, ///< the carrier is not ready
        AwaitName, ///< the first frame is the peer's name
        Authenticating,
        Acquiring,
        Running,
        Ended
    };

    bool isParsing() const noexcept
    {
        return m_phase == Phase::AwaitName || m_phase == Phase::Running;
    }

    const FramedOptions &options() const noexcept { return m_endpoint.options; }

    void takeName(ByteSpan name);
    Flow handleStep(const Step &step);
    Flow publishFrame(Bytes frame);
    void awaitGap();
    void handleGap();
    void handleTurn();
    void subscribe(const LeaseGrant &grant);
    void watch();
    Settle::How send(const Message &message);
    void write(Bytes bytes);
    /// The link's last words on the bus; its lease is given back.
    void leave(const Error &reason);
    void end(const Error &error);

    const LinkContext m_context;
    const FramedEndpoint &m_endpoint;
    const std::unique_ptr<Framer> m_framer;
    StatePublisher m_state;
    QByteArray m_peerKey; ///< from Authenticating on
    QByteArray m_rxTopic;
    QByteArray m_txTopic;
    QMetaObject::Connection m_linkEnd;
    Timer m_gapTimer;
    Timer m_turnTimer; ///< armed while input waits for the next turn
    std::size_t m_turnBytes = 0; ///< of messages published in one handleBytes()
    Lease *m_lease = nullptr; ///< only while Running
    Phase m_phase = Phase::Opening;
};

} // namespace fairlead::tcp
