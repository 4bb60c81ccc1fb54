// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "framelink.h"

#include "framewriter.h"

#include <fairlead/link.h>
#include <fairlead/logger.h>

namespace fairlead::loopback {

Consumed FrameLink::handleBytes(ByteSpan input)
{
    Consumed consumed;
    m_insideFrame = false;
    while (isParsing() && consumed.used < input.size()) {
        const std::size_t limit = m_phase == Phase::Running ? kMaxFrame : kMaxFirstFrame;
        const Split split = splitFrame(input.substr(consumed.used), limit);
        if (split.status == Split::Status::NeedMore) {
            m_insideFrame = true;
            consumed.wanted = split.size;
            break;
        }
        if (split.status == Split::Status::Broken) {
            end(Error(ErrorCode::PacketTooLarge,
                      QStringLiteral("a frame is empty or larger than %1 bytes").arg(limit)));
            break;
        }
        consumed.used += split.size;
        if (handleFrame(split.type, split.body) == Flow::Pause)
            break;
    }
    handleInputDone();
    return consumed;
}

void FrameLink::handleInputDone() { }

void FrameLink::handleEndOfInput()
{
    if (m_insideFrame) {
        end(Error(ErrorCode::ProtocolViolation,
                  QStringLiteral("the connection ended inside a frame")));
        return;
    }
    m_phase = Phase::Ended;
    closeLink(Error(ErrorCode::ConnectionClosed,
                    QStringLiteral("the other end closed the connection without a bye")),
              false);
}

void FrameLink::handleFenced(FenceReason reason)
{
    m_lease = nullptr;
    end(Error(ErrorCode::Superseded,
              reason == FenceReason::TakenOver
                  ? QStringLiteral("another link of this name took over")
                  : QStringLiteral("the session was ended")));
}

void FrameLink::handleClosing(const Error &reason)
{
    if (m_phase == Phase::Ended)
        return;
    const QByteArray text = reason.text().toUtf8();
    writeBye(stream(), {reason.code(), {text.constData(), std::size_t(text.size())}});
    m_phase = Phase::Ended;
    m_lease = nullptr;
}

void FrameLink::handleUnsubscribed(quint32, const UnsubscribeOutcome *, int) { }

void FrameLink::end(const Error &error)
{
    if (m_phase == Phase::Ended)
        return;
    if (m_context.logger.isEnabled(LogLevel::Info)) {
        m_context.logger.log(LogLevel::Info,
                             "loopback-link-ended",
                             QStringLiteral("peer=%1 reason=%2")
                                 .arg(QString::fromUtf8(m_context.peerAddress), error.toString()));
    }
    handleClosing(error);
    closeLink(error, true);
}

void FrameLink::handleBye(ByteSpan body)
{
    const Result<Bye> decoded = decodeBye(body);
    const Bye *bye = expect(decoded);
    if (!bye)
        return;
    if (m_lease)
        m_lease->release(ReleaseRequest());
    m_lease = nullptr;
    m_phase = Phase::Ended;
    const QString text = QString::fromUtf8(bye->text.data(), qsizetype(bye->text.size()));
    // Whoever leaves without an error leaves in order. A host that ends may be back soon, and who
    // was put out by its operator may come again.
    if (bye->code == ErrorCode::None)
        closeLink(Error(ErrorCode::ConnectionClosed, QStringLiteral("the other end left")), false);
    else if (bye->code == ErrorCode::ShuttingDown || bye->code == ErrorCode::Cancelled)
        closeLink(Error(bye->code, text).setRetryable(true), false);
    else
        closeLink(Error(bye->code, text), false);
}

void FrameLink::refuse(FrameType type)
{
    end(Error(ErrorCode::ProtocolViolation,
              QStringLiteral("a frame of type %1 is not expected here").arg(int(type))));
}

void FrameLink::closeLink(const Error &error, bool deliberate)
{
    Link &link = m_context.link;
    // Before the link is Ready its handshake failed; afterwards it just ends.
    if (!link.fail(error))
        link.close(error, CloseMode::Drain, deliberate);
}

} // namespace fairlead::loopback
