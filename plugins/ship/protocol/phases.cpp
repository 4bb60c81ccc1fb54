// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "protocol/machine_p.h"
#include "protocol/messagereader.h"

namespace fairlead::ship {

namespace {

constexpr Bytes kInit = std::string_view("\0\0", 2);

/// What is no reason to part, once the handshake is behind: in data exchange no message depends on
/// another, and the PIN phase can do without what it does not know.
bool isHarmless(const DecodeError &error, State state) noexcept
{
    if (state == State::Data)
        return error.kind != DecodeErrorKind::TooLarge;
    return state == State::PinWait && error.kind == DecodeErrorKind::UnknownElement;
}

const char *textFor(EndReason reason) noexcept
{
    switch (reason) {
    case EndReason::TrustRemovedHere:
        return "the peer is no longer trusted";
    case EndReason::UserAbort:
        return "the user gave up";
    case EndReason::Duplicate:
        return "another connection to the same peer stays";
    default:
        return "closed on this side";
    }
}

} // namespace

void Machine::Private::receive(Bytes bytes)
{
    if (core.state() == State::InitWait) {
        receiveInit(bytes);
        return;
    }
    Message message;
    const DecodeError error = decode(bytes, message, core.settings().limits);
    switch (core.state()) {
    case State::Idle:
    case State::InitWait:
    case State::Closed:
        break;
    case State::CloseAnnounced:
    case State::CloseConfirmed:
        if (!error)
            closing.receive(message);
        break;
    default:
        if (error)
            receiveBroken(error);
        else if (core.state() <= State::HelloPending)
            receiveDuringHello(message);
        else if (core.state() <= State::ConfirmWait)
            receiveDuringProtocol(message);
        else
            receiveAfterwards(message);
    }
}

void Machine::Private::receiveInit(Bytes bytes)
{
    const bool good = bytes == kInit;
    core.disarm(TimerId::Init);
    // A server answers even what it does not understand, so that the peer sees whom it met.
    if (core.settings().role == Role::Server)
        core.send(Init());
    if (good)
        hello.enter(trust);
    else
        core.end(EndReason::InitFailed, "the peer does not begin as SHIP does");
}

void Machine::Private::receiveBroken(const DecodeError &error)
{
    const State state = core.state();
    if (error.isIgnorable() || isHarmless(error, state)) {
        core.discard(error);
    } else if (state <= State::HelloPending) {
        hello.fail(error);
    } else if (state <= State::ConfirmWait) {
        protocol.fail(error);
    } else {
        closing.announce(error.kind == DecodeErrorKind::TooLarge ? EndReason::TooLarge
                                                                 : EndReason::ProtocolError,
                         error.text);
    }
}

void Machine::Private::receiveDuringHello(const Message &message)
{
    if (hello.receive(message) == Progress::Done)
        protocol.enter();
}

void Machine::Private::receiveDuringProtocol(const Message &message)
{
    if (const auto *const close = std::get_if<ConnectionClose>(&message)) {
        closing.obey(*close);
        return;
    }
    const auto *const late = std::get_if<Hello>(&message);
    if (late != nullptr && hello.takeLateReply(*late))
        return;
    if (protocol.receive(message) == Progress::Done)
        enterPin();
}

void Machine::Private::enterPin()
{
    core.enter(State::PinWait);
    check.enter();
    ask.enter();
}

/// After each event of the PIN phase.
void Machine::Private::leaveOrEnterData()
{
    if (core.state() != State::PinWait)
        return;
    if (ask.isHopeless()) {
        closing.announce(EndReason::PinNotSupported,
                         "the peer requires a PIN and nobody can enter one");
    } else if (check.isOpen() && ask.isOpen()) {
        core.disarm(TimerId::PinEntry);
        core.enter(State::Data);
        access.enter();
    } else if (!core.isArmed(TimerId::PinState) && !core.isArmed(TimerId::PinEntry)) {
        core.arm(TimerId::PinEntry, core.times().pinEntry);
    }
}

void Machine::Private::receiveAfterwards(const Message &message)
{
    if (const auto *const state = std::get_if<ConnectionPinState>(&message)) {
        ask.receive(*state);
    } else if (const auto *const input = std::get_if<ConnectionPinInput>(&message)) {
        check.receive(*input);
    } else if (const auto *const error = std::get_if<ConnectionPinError>(&message)) {
        ask.receive(*error);
    } else if (const auto *const close = std::get_if<ConnectionClose>(&message)) {
        closing.obey(*close);
    } else if (const auto *const data = std::get_if<Data>(&message)) {
        receiveData(*data);
    } else if (const auto *const methods = std::get_if<AccessMethods>(&message)) {
        receiveIdentity(*methods);
    } else if (std::holds_alternative<AccessMethodsRequest>(message) && check.isOpen()) {
        access.answer();
    } else if (std::holds_alternative<ProtocolHandshakeError>(message)) {
        // The peer refused our selection after we went on.
        core.end(EndReason::PeerReportedError, "the peer gave up the protocol handshake");
    } else if (const auto *const late = std::get_if<Hello>(&message);
               late != nullptr && late->phase == HelloWord::Aborted) {
        core.end(EndReason::RejectedByPeer, "the peer took its trust back");
    } else if (late == nullptr || !hello.takeLateReply(*late)) {
        core.discard(kUnexpected);
    }
    leaveOrEnterData();
}

void Machine::Private::receiveIdentity(const AccessMethods &methods)
{
    if (!check.isOpen())
        core.discard(kUnexpected);
    else if (!access.receive(methods))
        closing.announce(EndReason::IdentityMismatch, "the peer has another SHIP ID than before");
}

void Machine::Private::receiveData(const Data &data)
{
    if (core.state() == State::Data)
        core.act(DeliverData{data.payload, data.protocolId, data.extension});
    else
        closing.announce(EndReason::ProtocolError, "data came before the PIN phase was over");
}

void Machine::Private::expire(TimerId timer)
{
    if (!core.takeExpired(timer))
        return;
    switch (timer) {
    case TimerId::Init:
        core.end(EndReason::Timeout, "the peer did not begin in time");
        break;
    case TimerId::HelloWait:
    case TimerId::HelloSend:
    case TimerId::HelloReply:
        hello.expire(timer);
        break;
    case TimerId::Protocol:
        protocol.expire();
        break;
    case TimerId::PinReply:
        ask.giveUpReply();
        if (core.state() == State::PinWait)
            closing.announce(EndReason::Timeout, "no answer to the PIN");
        break;
    case TimerId::PinState:
    case TimerId::PinEntry:
        closing.announce(EndReason::Timeout, "the PIN phase took too long");
        break;
    case TimerId::PinPenalty:
        check.expire();
        break;
    case TimerId::Close:
        closing.expire();
        break;
    }
}

void Machine::Private::close(EndReason reason)
{
    const char *const text = textFor(reason);
    // A superseded connection that is no further than its handshake goes without a word: every message
    // that ends a handshake says that something is wrong with the peer.
    const bool silent = reason == EndReason::Duplicate && core.state() != State::Data;
    switch (core.state()) {
    case State::HelloReady:
    case State::HelloPending:
        if (!silent)
            hello.abort(reason, text);
        break;
    case State::ProposalWait:
    case State::ChoiceWait:
    case State::ConfirmWait:
        if (!silent)
            protocol.refuse(HandshakeError::UnexpectedMessage, reason, text);
        break;
    case State::PinWait:
    case State::Data:
        if (!silent)
            closing.announce(reason, text);
        break;
    case State::CloseAnnounced:
    case State::CloseConfirmed:
    case State::Closed:
        return;
    case State::Idle:
    case State::InitWait:
        core.end(reason, text);
        break;
    }
    if (silent)
        core.end(reason, text);
}

void Machine::Private::peerGone()
{
    if (core.state() == State::CloseAnnounced || core.state() == State::CloseConfirmed) {
        closing.finish(true);
    } else if (core.state() == State::HelloReady && hello.isPartnerPending()) {
        core.end(EndReason::NotAcceptedYet, "the peer has not accepted us yet", true);
    } else {
        core.end(EndReason::ConnectionLost, "the connection was lost", true);
    }
}

} // namespace fairlead::ship
