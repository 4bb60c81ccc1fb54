// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/hellophase_p.h"

namespace fairlead::ship {

/// Both sides agree on version and format: the client announces what it can, the server selects, the
/// client repeats the selection.
class ProtocolPhase
{
public:
    explicit ProtocolPhase(Core &core) noexcept;

    void enter();
    Progress receive(const Message &message);
    void fail(const DecodeError &error);
    void expire();
    /// The handshake ends with a message of its own.
    void refuse(HandshakeError error, EndReason reason, const char *text);

private:
    void judgeProposal(const ProtocolHandshake &proposal);
    Progress judgeChoice(const ProtocolHandshake &choice);

    Core &m_core;
};

} // namespace fairlead::ship
