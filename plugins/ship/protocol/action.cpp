// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "protocol/action.h"

namespace fairlead::ship {

const char *toText(State state) noexcept
{
    switch (state) {
    case State::Idle:
        return "idle";
    case State::InitWait:
        return "init-wait";
    case State::HelloReady:
        return "hello-ready";
    case State::HelloPending:
        return "hello-pending";
    case State::ProposalWait:
        return "proposal-wait";
    case State::ChoiceWait:
        return "choice-wait";
    case State::ConfirmWait:
        return "confirm-wait";
    case State::PinWait:
        return "pin-wait";
    case State::Data:
        return "data";
    case State::CloseAnnounced:
        return "close-announced";
    case State::CloseConfirmed:
        return "close-confirmed";
    case State::Closed:
        return "closed";
    }
    return "unknown";
}

const char *toText(TimerId timer) noexcept
{
    switch (timer) {
    case TimerId::Init:
        return "init";
    case TimerId::HelloWait:
        return "hello-wait";
    case TimerId::HelloSend:
        return "hello-send";
    case TimerId::HelloReply:
        return "hello-reply";
    case TimerId::Protocol:
        return "protocol";
    case TimerId::PinState:
        return "pin-state";
    case TimerId::PinReply:
        return "pin-reply";
    case TimerId::PinEntry:
        return "pin-entry";
    case TimerId::PinPenalty:
        return "pin-penalty";
    case TimerId::Close:
        return "close";
    }
    return "unknown";
}

} // namespace fairlead::ship
