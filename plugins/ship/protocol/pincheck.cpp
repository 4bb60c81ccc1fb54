// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "protocol/pin.h"
#include "protocol/pincheck_p.h"

namespace fairlead::ship {

namespace {

constexpr quint32 kPenaltyFrom = 3;
constexpr quint32 kLongPenaltyFrom = 6;

} // namespace

PinCheck::PinCheck(Core &core) noexcept
    : m_core(core)
    , m_wrong(core.settings().wrongPins)
{ }

void PinCheck::enter()
{
    if (m_core.settings().pinDemand == PinDemand::None)
        m_core.send(ConnectionPinState{PinState::None, {}});
    else
        sendDemand(InputPermission::Ok);
}

bool PinCheck::isOpen() const noexcept
{
    return m_accepted || m_core.settings().pinDemand != PinDemand::Required;
}

void PinCheck::receive(const ConnectionPinInput &input)
{
    const bool asked = m_core.settings().pinDemand != PinDemand::None && !m_accepted;
    // While the penalty runs a PIN is not even looked at: guessing must not go on meanwhile.
    if (!asked || m_core.isArmed(TimerId::PinPenalty)) {
        m_core.discard(kUnexpected);
        return;
    }
    if (!isSamePin(viewOf(input.pin), viewOf(m_core.settings().ownPin))) {
        punish();
        return;
    }
    m_accepted = true;
    m_core.send(ConnectionPinState{PinState::PinOk, {}});
    m_core.notice(NoticeKind::PeerPinAccepted);
}

void PinCheck::punish()
{
    ++m_wrong;
    m_core.send(ConnectionPinError{kWrongPin});
    m_core.notice(NoticeKind::PeerPinWrong);
    if (m_wrong < kPenaltyFrom)
        return;
    const Times &times = m_core.times();
    sendDemand(InputPermission::Busy);
    m_core.arm(TimerId::PinPenalty,
               m_wrong < kLongPenaltyFrom ? times.pinPenalty : times.pinLongPenalty);
}

void PinCheck::expire()
{
    sendDemand(InputPermission::Ok);
}

void PinCheck::sendDemand(InputPermission permission)
{
    const bool required = m_core.settings().pinDemand == PinDemand::Required;
    m_core.send(ConnectionPinState{required ? PinState::Required : PinState::Optional, permission});
}

} // namespace fairlead::ship
