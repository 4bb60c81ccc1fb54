// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "protocol/hellophase_p.h"

#include <algorithm>

namespace fairlead::ship {

namespace {

/// A tenth more, for what is on its way.
constexpr qint64 withMargin(qint64 milliseconds) noexcept
{
    return milliseconds + milliseconds / 10;
}

} // namespace

HelloPhase::HelloPhase(Core &core) noexcept
    : m_core(core)
{ }

void HelloPhase::enter(Trust trust)
{
    if (trust == Trust::Rejected) {
        abort(EndReason::RejectedHere, "the peer is not trusted");
        return;
    }
    const bool ready = trust == Trust::Trusted;
    m_core.enter(ready ? State::HelloReady : State::HelloPending);
    m_core.arm(TimerId::HelloWait, m_core.times().helloInit);
    sendPhase(ready ? HelloWord::Ready : HelloWord::Pending);
}

Progress HelloPhase::receive(const Message &message)
{
    const auto *const hello = std::get_if<Hello>(&message);
    if (hello == nullptr) {
        abort(EndReason::ProtocolError, "something else came during the hello");
        return Progress::Stay;
    }
    switch (hello->phase) {
    case HelloWord::Ready:
        return receiveReady(*hello);
    case HelloWord::Pending:
        receivePending(*hello);
        break;
    case HelloWord::Aborted:
        m_core.end(EndReason::RejectedByPeer, "the peer aborted the hello");
        break;
    }
    return Progress::Stay;
}

Progress HelloPhase::receiveReady(const Hello &hello)
{
    setPartnerPending(false);
    if (m_core.state() == State::HelloReady) {
        m_core.disarmAll();
        return Progress::Done;
    }
    if (!hello.waiting) {
        abort(EndReason::ProtocolError, "a ready partner does not say how long it waits");
        return Progress::Stay;
    }
    // What tells that the partner became ready is never its answer to a request: that follows, if one
    // was on its way.
    if (m_partnerReady)
        m_requestOpen = false;
    else
        m_core.notice(NoticeKind::PartnerReady);
    m_partnerReady = true;
    // From here on the partner limits us, not we the partner.
    m_core.disarm(TimerId::HelloWait);
    planRequest(*hello.waiting);
    return Progress::Stay;
}

void HelloPhase::receivePending(const Hello &hello)
{
    const bool request = hello.prolongationRequest.value_or(false);
    if (m_core.state() == State::HelloReady) {
        setPartnerPending(true);
        if (request)
            grantProlongation();
        else
            m_lateReply = false;
        return;
    }
    if (request == hello.waiting.has_value()) {
        abort(EndReason::ProtocolError, "a pending partner needs either waiting or a request");
        return;
    }
    // A partner that was ready stays so: some answer a prolongation request with this phase.
    setPartnerPending(!m_partnerReady);
    if (request) {
        grantProlongation();
    } else {
        m_requestOpen = false;
        planRequest(*hello.waiting);
    }
}

void HelloPhase::setPartnerPending(bool pending)
{
    if (pending && !m_partnerPending)
        m_core.notice(NoticeKind::PartnerPending);
    m_partnerPending = pending;
}

void HelloPhase::grantProlongation()
{
    if (m_granted < m_core.settings().maxProlongations) {
        ++m_granted;
        m_core.extend(TimerId::HelloWait, m_core.times().helloInc);
        m_core.notice(NoticeKind::ProlongationGranted);
    }
    sendPhase(m_core.state() == State::HelloReady ? HelloWord::Ready : HelloWord::Pending);
}

void HelloPhase::planRequest(quint32 waiting)
{
    const Times &times = m_core.times();
    m_partnerWaiting = waiting;
    m_core.disarm(TimerId::HelloReply);
    if (waiting >= times.prolongThreshold) {
        const qint64 untilRequest = qint64(waiting) - std::min(times.prolongGap, waiting / 2);
        m_core.arm(TimerId::HelloSend, std::max<qint64>(untilRequest, times.prolongMin));
        return;
    }
    m_core.disarm(TimerId::HelloSend);
    // Neither our time nor a request runs: the partner's own end must not be waited for in vain.
    if (!m_core.isArmed(TimerId::HelloWait))
        m_core.arm(TimerId::HelloReply, withMargin(qint64(waiting) + qint64(times.prolongMin)));
}

void HelloPhase::fail(const DecodeError &error)
{
    abort(error.kind == DecodeErrorKind::TooLarge ? EndReason::TooLarge : EndReason::ProtocolError,
          error.text);
}

void HelloPhase::expire(TimerId timer)
{
    if (timer != TimerId::HelloSend)
        abort(EndReason::Timeout, "the hello took too long");
    else if (m_asked >= m_core.settings().maxRequests)
        abort(EndReason::Timeout, "nobody decided about the peer");
    else
        askProlongation();
}

void HelloPhase::askProlongation()
{
    ++m_asked;
    Hello request;
    request.phase = HelloWord::Pending;
    request.prolongationRequest = true;
    m_core.send(request);
    m_core.notice(NoticeKind::ProlongationAsked);
    m_requestOpen = true;
    // The timer that leads here is only armed for a partner that said how long it waits.
    m_core.arm(TimerId::HelloReply, m_partnerWaiting);
}

Progress HelloPhase::decide(Trust trust)
{
    if (trust == Trust::Rejected) {
        abort(EndReason::RejectedHere, "trust was refused");
        return Progress::Stay;
    }
    if (trust != Trust::Trusted || m_core.state() != State::HelloPending)
        return Progress::Stay;
    m_core.disarm(TimerId::HelloSend);
    m_core.disarm(TimerId::HelloReply);
    m_lateReply = m_requestOpen;
    if (m_partnerReady) {
        m_core.disarm(TimerId::HelloWait);
        sendPhase(HelloWord::Ready);
        return Progress::Done;
    }
    m_core.enter(State::HelloReady);
    sendPhase(HelloWord::Ready);
    return Progress::Stay;
}

void HelloPhase::abort(EndReason reason, const char *text)
{
    Hello hello;
    hello.phase = HelloWord::Aborted;
    m_core.send(hello);
    m_core.end(reason, text);
}

bool HelloPhase::takeLateReply(const Hello &hello) noexcept
{
    const bool late = m_lateReply && hello.phase != HelloWord::Aborted;
    m_lateReply = m_lateReply && !late;
    return late;
}

void HelloPhase::sendPhase(HelloWord word)
{
    Hello hello;
    hello.phase = word;
    if (m_core.isArmed(TimerId::HelloWait))
        hello.waiting = m_core.remaining(TimerId::HelloWait);
    m_core.send(hello);
}

} // namespace fairlead::ship
