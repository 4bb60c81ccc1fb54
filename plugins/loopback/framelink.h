// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "frames.h"

#include <fairlead/linkdriver.h>

namespace fairlead::loopback {

/// What both ends of a connection have in common: cutting the input into frames, and the end.
///
/// Thread: the link's reactor.
class FrameLink : public LinkDriver
{
public:
    explicit FrameLink(const LinkContext &context)
        : m_context(context)
    { }

    Consumed handleBytes(ByteSpan input) override;
    void handleEndOfInput() override;
    void handleFenced(FenceReason reason) override;
    void handleClosing(const Error &reason) override;
    void handleUnsubscribed(quint32 completionTag,
                            const UnsubscribeOutcome *outcomes,
                            int count) override;

protected:
    enum class Phase : quint8 {
        AwaitFirst, ///< the other end has not introduced itself yet
        Authenticating, ///< the host is asked who that is
        Acquiring, ///< the host is asked for the session
        Running,
        Ended ///< Bye was said, by either end
    };

    /// One frame; Pause when nothing more is to be parsed for now.
    virtual Flow handleFrame(FrameType type, ByteSpan body) = 0;
    /// The frames of one input were handled.
    virtual void handleInputDone();

    /// Ends the link, telling the other end why.
    void end(const Error &error);
    /// The other end said Bye.
    void handleBye(ByteSpan body);
    /// A frame that this end does not take, or not now.
    void refuse(FrameType type);

    /// The value of @p decoded, or null and the link ended.
    template <typename Frame>
    const Frame *expect(const Result<Frame> &decoded)
    {
        if (decoded)
            return &decoded.value();
        end(decoded.error());
        return nullptr;
    }

    ByteStream &stream() const noexcept { return m_context.stream; }

    const LinkContext m_context;
    Lease *m_lease = nullptr; ///< only while Running
    Phase m_phase = Phase::AwaitFirst;

private:
    bool isParsing() const noexcept
    {
        return m_phase == Phase::AwaitFirst || m_phase == Phase::Running;
    }

    void closeLink(const Error &error, bool deliberate);

    bool m_insideFrame = false;
};

} // namespace fairlead::loopback
