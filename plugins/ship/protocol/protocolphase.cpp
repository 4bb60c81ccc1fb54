// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "protocol/protocolphase_p.h"

#include <algorithm>

namespace fairlead::ship {

namespace {

constexpr quint16 kMajor = 1;
constexpr quint16 kMinor = 0;

ProtocolHandshake ours(HandshakeType type)
{
    return {type, kMajor, kMinor, {copyOf(kFormatUtf8)}};
}

bool offersOurs(const ProtocolHandshake &proposal)
{
    return proposal.major >= kMajor
        && std::any_of(proposal.formats.begin(), proposal.formats.end(), [](const auto &format) {
               return viewOf(format) == kFormatUtf8;
           });
}

bool isExactlyOurs(const ProtocolHandshake &choice)
{
    return choice.major == kMajor && choice.minor == kMinor && choice.formats.size() == 1
        && viewOf(choice.formats.front()) == kFormatUtf8;
}

} // namespace

ProtocolPhase::ProtocolPhase(Core &core) noexcept
    : m_core(core)
{ }

void ProtocolPhase::enter()
{
    const bool client = m_core.settings().role == Role::Client;
    m_core.enter(client ? State::ChoiceWait : State::ProposalWait);
    m_core.arm(TimerId::Protocol, m_core.times().protocol);
    if (client)
        m_core.send(ours(HandshakeType::AnnounceMax));
}

Progress ProtocolPhase::receive(const Message &message)
{
    if (const auto *const error = std::get_if<ProtocolHandshakeError>(&message)) {
        const bool mismatch = error->error == quint8(HandshakeError::SelectionMismatch);
        m_core.end(mismatch ? EndReason::VersionMismatch : EndReason::PeerReportedError,
                   "the peer gave up the protocol handshake");
        return Progress::Stay;
    }
    const bool proposalWanted = m_core.state() == State::ProposalWait;
    const auto *const handshake = std::get_if<ProtocolHandshake>(&message);
    if (handshake == nullptr || (handshake->type == HandshakeType::AnnounceMax) != proposalWanted) {
        refuse(HandshakeError::UnexpectedMessage,
               EndReason::ProtocolError,
               "the protocol handshake has another message here");
        return Progress::Stay;
    }
    if (!proposalWanted)
        return judgeChoice(*handshake);
    judgeProposal(*handshake);
    return Progress::Stay;
}

void ProtocolPhase::judgeProposal(const ProtocolHandshake &proposal)
{
    if (!offersOurs(proposal)) {
        refuse(HandshakeError::SelectionMismatch,
               EndReason::VersionMismatch,
               "no version or format in common");
        return;
    }
    m_core.enter(State::ConfirmWait);
    m_core.arm(TimerId::Protocol, m_core.times().protocol);
    m_core.send(ours(HandshakeType::Select));
}

Progress ProtocolPhase::judgeChoice(const ProtocolHandshake &choice)
{
    if (!isExactlyOurs(choice)) {
        refuse(HandshakeError::SelectionMismatch,
               EndReason::VersionMismatch,
               "the peer selected what was not offered");
        return Progress::Stay;
    }
    m_core.disarm(TimerId::Protocol);
    if (m_core.state() == State::ChoiceWait)
        m_core.send(ours(HandshakeType::Select));
    return Progress::Done;
}

void ProtocolPhase::fail(const DecodeError &error)
{
    refuse(HandshakeError::UnexpectedMessage,
           error.kind == DecodeErrorKind::TooLarge ? EndReason::TooLarge : EndReason::ProtocolError,
           error.text);
}

void ProtocolPhase::expire()
{
    refuse(HandshakeError::Timeout, EndReason::Timeout, "the protocol handshake took too long");
}

void ProtocolPhase::refuse(HandshakeError error, EndReason reason, const char *text)
{
    m_core.send(ProtocolHandshakeError{quint8(error)});
    m_core.end(reason, text);
}

} // namespace fairlead::ship
