// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "simhost.h"

#include <algorithm>
#include <memory>
#include <string>

/// A protocol for tests: a peer whose first byte is "!" is who it says, "B" is the last frame. What
/// the link's end leaves to the test is in its Seen.
class FrameDriver : public fairlead::LinkDriver
{
public:
    struct Seen
    {
        FrameDriver *driver = nullptr; ///< null once destroyed
        fairlead::Error closing;
        std::size_t bytes = 0;
        bool awaitsAnswer = false; ///< to its last frame: an 'A'
    };

    FrameDriver(const fairlead::LinkContext &context, std::shared_ptr<Seen> seen, std::string peer)
        : m_context(context)
        , m_seen(std::move(seen))
        , m_peer(std::move(peer))
    {
        m_seen->driver = this;
    }

    ~FrameDriver() override { m_seen->driver = nullptr; }

    fairlead::Link &link() noexcept { return m_context.link; }

    void send(const std::string &frame)
    {
        std::copy(frame.begin(), frame.end(), m_context.stream.reserve(frame.size()));
        m_context.stream.commit(frame.size());
    }

    /// A sign of life is due every second.
    void keepAlive()
    {
        m_context.timers.arm(m_alive, m_context.clock.now() + fairlead::kNsPerSecond);
    }

    void handleStarted() noexcept override { (void)m_context.link.begin(); }

    fairlead::Consumed handleBytes(fairlead::ByteSpan input) noexcept override
    {
        m_seen->bytes += input.size();
        if (m_context.link.state() == fairlead::Link::State::Draining && input.back() == 'A') {
            m_context.link.close(m_context.link.reason(), fairlead::CloseMode::Drain, true);
            return {input.size(), 0};
        }
        if (m_peer.empty() || input.front() != '!')
            return {input.size(), 0};
        fairlead::Credentials credentials;
        credentials.peerKey = m_peer;
        m_context.bus.authenticate(credentials);
        return {input.size(), 0};
    }

    void handleEndOfInput() noexcept override { }

    void handleAuthenticated(const fairlead::Error &error) noexcept override
    {
        if (!error.isNull()) {
            (void)m_context.link.fail(error);
            return;
        }
        fairlead::SessionRequest request;
        request.peerKey = m_peer;
        m_context.bus.acquire(request);
    }

    void handleLease(const fairlead::LeaseGrant &) noexcept override { }

    void handlePull(fairlead::Lease &) noexcept override { }

    void handleCompletions(const fairlead::Completion *, int) noexcept override { }

    void handleSubscribed(quint32, const fairlead::SubscribeOutcome *, int) noexcept override { }

    void handleUnsubscribed(quint32, const fairlead::UnsubscribeOutcome *, int) noexcept override {
    }

    void handleFenced(fairlead::FenceReason) noexcept override { }

    void handleClosing(const fairlead::Error &reason) noexcept override
    {
        m_seen->closing = reason;
        send("B");
    }

    bool awaitsAnswer() const noexcept override { return m_seen->awaitsAnswer; }

private:
    void handleSilence() noexcept
    {
        m_context.link.close(fairlead::Error(fairlead::ErrorCode::HeartbeatTimeout,
                                             QStringLiteral("no sign of life")),
                             fairlead::CloseMode::Abort,
                             false);
    }

    fairlead::LinkContext m_context;
    std::shared_ptr<Seen> m_seen;
    const std::string m_peer;
    fairlead::Timer m_alive{
        [](void *self) noexcept { static_cast<FrameDriver *>(self)->handleSilence(); }, this};
};
