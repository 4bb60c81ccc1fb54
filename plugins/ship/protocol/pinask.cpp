// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "protocol/pinask_p.h"

#include <utility>

namespace fairlead::ship {

PinAsk::PinAsk(Core &core)
    : m_core(core)
    , m_pin(core.settings().peerPin)
{ }

void PinAsk::enter()
{
    m_core.arm(TimerId::PinState, m_core.times().pinState);
}

void PinAsk::receive(const ConnectionPinState &state)
{
    m_core.disarm(TimerId::PinState);
    m_core.disarm(TimerId::PinReply);
    const bool sent = std::exchange(m_sent, false);
    if (state.state == PinState::None || state.state == PinState::PinOk) {
        m_open = true;
        m_wanted = false;
        if (sent && state.state == PinState::PinOk)
            m_core.notice(NoticeKind::PinAccepted);
        return;
    }
    // A PIN that got neither yes nor no was not looked at. Sending it again by ourselves could go on
    // for ever.
    if (sent)
        m_pin.clear();
    m_open = state.state == PinState::Optional;
    m_wanted = true;
    m_permitted = state.permission.value_or(InputPermission::Ok) == InputPermission::Ok;
    proceed();
}

void PinAsk::receive(const ConnectionPinError &)
{
    if (!m_sent) {
        m_core.discard(kUnexpected);
        return;
    }
    m_core.disarm(TimerId::PinReply);
    m_sent = false;
    m_pin.clear();
    m_core.notice(NoticeKind::PinRefused);
    proceed();
}

void PinAsk::enterPin(Bytes pin)
{
    m_pin = copyOf(pin);
    if (m_wanted && !m_sent)
        proceed();
}

void PinAsk::giveUpReply() noexcept
{
    m_sent = false;
    m_pin.clear();
}

bool PinAsk::isHopeless() const noexcept
{
    return m_wanted && !m_open && !m_sent && m_pin.isEmpty() && !m_core.settings().canAskForPin;
}

void PinAsk::proceed()
{
    if (!m_permitted) {
        m_core.notice(NoticeKind::PinBusy);
    } else if (m_pin.isEmpty()) {
        m_core.notice(NoticeKind::PinWanted);
    } else {
        m_sent = true;
        m_core.send(ConnectionPinInput{m_pin});
        m_core.arm(TimerId::PinReply, m_core.times().pinReply);
    }
}

} // namespace fairlead::ship
