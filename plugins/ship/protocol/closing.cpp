// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "protocol/closing_p.h"

#include <algorithm>

namespace fairlead::ship {

namespace {

constexpr ConnectionClose kConfirm = {ClosePhase::Confirm, {}, {}};

} // namespace

Closing::Closing(Core &core) noexcept
    : m_core(core)
{ }

void Closing::announce(EndReason reason, const char *text)
{
    m_reason = reason;
    m_text = text;
    m_core.disarmAll();
    m_core.enter(State::CloseAnnounced);
    m_core.arm(TimerId::Close, m_core.times().close);
    sendAnnounce(reason);
}

void Closing::sendAnnounce(EndReason reason)
{
    const bool removed = reason == EndReason::TrustRemovedHere;
    m_core.send(ConnectionClose{ClosePhase::Announce,
                                m_core.times().close,
                                removed ? CloseCause::RemovedConnection : CloseCause::Unspecific});
}

void Closing::obey(const ConnectionClose &close)
{
    const bool removed = close.cause == CloseCause::RemovedConnection;
    m_reason = removed ? EndReason::TrustRemovedByPeer : EndReason::PeerClosed;
    m_text = removed
        ? "the peer took its trust back; to ask it again, start the endpoint that dials it"
        : "the peer closed the connection";
    if (close.phase == ClosePhase::Confirm) {
        finish(false);
        return;
    }
    m_core.disarmAll();
    m_core.enter(State::CloseConfirmed);
    m_core.send(kConfirm);
    // The announcer is the one to close; some never do.
    const quint32 patience = m_core.times().close;
    m_core.arm(TimerId::Close, std::min(close.maxTime.value_or(patience), patience));
}

void Closing::receive(const Message &message)
{
    const auto *const close = std::get_if<ConnectionClose>(&message);
    if (close == nullptr || m_core.state() != State::CloseAnnounced)
        return;
    if (close->phase == ClosePhase::Announce)
        m_core.send(kConfirm);
    finish(false);
}

void Closing::expire()
{
    finish(false);
}

void Closing::finish(bool peerIsGone)
{
    m_core.end(m_reason, m_text, peerIsGone);
}

} // namespace fairlead::ship
