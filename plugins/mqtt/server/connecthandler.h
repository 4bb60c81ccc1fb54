// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/connect.h"

#include <fairlead/bus.h>

#include <memory>
#include <string>

namespace fairlead::mqtt {

class LinkCore;

/// From CONNECT to CONNACK. Lives only as long as that takes, since it keeps the packet.
class ConnectHandler
{
public:
    explicit ConnectHandler(LinkCore &core) noexcept
        : m_core(core)
    { }

    /// The first packet, of type CONNECT. Asks who the client is, or ends the link.
    void handleConnect(const Frame &frame);
    /// Asks for the session, or ends the link.
    void handleAuthenticated(const Error &error);
    /// Answers with CONNACK, or ends the link: see LinkCore::phase.
    void handleLease(const LeaseGrant &grant);

    /// The keep alive that holds, in seconds; 0: none.
    quint16 keepAlive() const noexcept;

private:
    bool isAcceptable();
    /// Whether no client is taken now; then this one was refused.
    bool isQuiesced();
    bool hasAcceptableClientId();
    bool hasAcceptableWill();
    void refuse(ReasonCode reason, const char *text);
    void assignClientId();
    Bytes clientId() const noexcept;
    bool isKeepAliveCapped() const noexcept;
    std::string responseInformation() const;
    bool sendConnack(const LeaseGrant &grant);

    LinkCore &m_core;
    std::string m_body;
    Connect m_connect; ///< views into m_body
    std::string m_assignedId;
};

} // namespace fairlead::mqtt
