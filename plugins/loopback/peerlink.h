// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "framelink.h"
#include "peeroptions.h"

#include <fairlead/quiettarget.h>
#include <fairlead/transport.h>

#include <unordered_map>

namespace fairlead::loopback {

/// The dialling end: a peer that subscribes, and publishes what it gets under another topic.
///
/// Nothing is lost between the two: a message at QoS 1 is acknowledged once its copy was.
class PeerLink final : public FrameLink
{
public:
    /// @p options outlives the link.
    PeerLink(const LinkContext &context, const PeerOptions &options)
        : FrameLink(context)
        , m_options(options)
    { }

    void handleStarted() override;
    void handleAuthenticated(const Error &error) override;
    void handleProbeDue() override;
    void handleLease(const LeaseGrant &grant) override;
    void handlePull(Lease &lease) override;
    void handleCompletions(const Completion *completions, int count) override;
    void handleSubscribed(quint32 completionTag,
                          const SubscribeOutcome *outcomes,
                          int count) override;

private:
    Flow handleFrame(FrameType type, ByteSpan body) override;
    void handleWelcome(ByteSpan body);
    void handleMessage(ByteSpan body);
    void handleDone(ByteSpan body);
    void handlePong(ByteSpan body);
    void watch();
    void noteRequests();
    void warn(const char *event, const QString &text) const;

    const PeerOptions &m_options;
    QByteArray m_hostKey; ///< the listener's name in this host's registry
    quint32 m_lastRequest = 0;
    std::unordered_map<quint32, QByteArray> m_subscribing; ///< filter by request
    std::unordered_map<quint32, quint32> m_forwarding; ///< Message by Publish
    bool m_awaitsDone = false; ///< and the heartbeat was told
};

/// An endpoint that dials a listener of this host.
class LoopbackDialler final : public Dialler
{
public:
    explicit LoopbackDialler(const PeerOptions &options)
        : m_options(options)
    { }

    std::unique_ptr<LinkDriver> createDriver(const LinkContext &context) override
    {
        if (m_operations.isQuiet())
            return nullptr;
        return std::make_unique<PeerLink>(context, m_options);
    }

    OperationTarget *operations() override { return &m_operations; }

private:
    QuietTarget m_operations;
    const PeerOptions m_options;
};

} // namespace fairlead::loopback
