// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "framing/framer.h"
#include "service/hello.h"
#include "service/jsontree.h"
#include "service/peercore.h"
#include "service/publishing.h"
#include "service/servicepart.h"
#include "service/subscribing.h"

#include <QtCore/QMetaObject>

#include <fairlead/linkdriver.h>
#include <fairlead/timers.h>

#include <memory>

namespace fairlead::tcp {

/// A peer that speaks the service protocol: its handshake, its messages one by one, its end.
///
/// Thread: the link's reactor.
class ServiceLink final : public LinkDriver
{
public:
    /// Of the first message, in bytes.
    static constexpr std::uint32_t kMaxHello = 64 * 1024;

    /// @p endpoint outlives the link.
    ServiceLink(const LinkContext &context, const ServiceEndpoint &endpoint);
    ~ServiceLink() override;

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
    void handleProbeDue() override;

private:
    enum class Phase : quint8 {
        AwaitHello,
        Authenticating,
        Acquiring,
        Running,
        Ended
    };
    struct Operation;

    bool isParsing() const noexcept
    {
        return m_phase == Phase::AwaitHello || m_phase == Phase::Running;
    }

    Flow handleStep(const Step &step);
    Flow handleLine(Bytes line);
    Flow handleMessage(const JsonValue &message);
    void handleHello(const JsonValue &message, const QByteArray &operation);
    void handleBye(const JsonValue &message);
    static std::unique_ptr<Framer> linesOf(quint32 longest);
    static const Operation *operationOf(const QByteArray &name);
    void welcome(const LeaseGrant &grant);
    void handleTurn();
    /// The error is the last thing that the peer hears.
    void refuse(const Error &error);
    void sayBye(const Error &reason);
    void leave(bool inOrder, bool endSession = false);
    void end(const Error &error);

    PeerCore m_core;
    Publishing m_publishing;
    Subscribing m_subscribing;
    ServicePart m_service;
    std::unique_ptr<Framer> m_lines;
    JsonTree m_tree;
    QMetaObject::Connection m_linkEnd;
    Timer m_turnTimer; ///< armed while input waits for the next turn
    std::size_t m_turnBytes = 0; ///< of lines handled in one handleBytes()
    Hello m_hello;
    bool m_hasBegun = false; ///< the first byte was looked at
    Phase m_phase = Phase::AwaitHello;
};

} // namespace fairlead::tcp
