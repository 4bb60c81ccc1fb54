// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/registry/linkregistry.h"

#include <fairlead/link.h>

#include <memory>

namespace fairlead::sim {

class LinkPart;

/// A link of the model with the hooks of a host: each checks that it comes when it may.
class ControlLink final : public LinkHooks
{
public:
    ControlLink(LinkPart &part, int key, int endpoint, Link::Direction direction, bool bound);
    ~ControlLink() override;

    const int key; ///< number of the peer
    const int endpoint;
    const bool bound; ///< has a transport
    std::shared_ptr<core::LinkLiveness> liveness = std::make_shared<core::LinkLiveness>();

    // What the world told it and heard of it.
    qint64 submittedAt = -1;
    qint64 frozenAt = -1; ///< since then the peer is silent
    int verdicts = 0;
    int builds = 0;
    bool kept = false;
    bool evicted = false;
    bool lostAlive = false; ///< it lived when another one took its slot
    bool deliberate = false;
    QString firstReason; ///< of the calls that ended it

    bool isWaiting() const { return submittedAt >= 0 && verdicts == 0; }

    bool isOpen() const { return link.state() != Link::State::Closed; }

    quint64 number() const { return link.generation(); }

    // LinkHooks
    bool hasTransport(const Link &) const noexcept override { return bound; }

    bool needsNoHandshake(const Link &) const noexcept override { return false; }

    void linkEnding(const Link &) noexcept override { liveness->end(); }

    Result<> registerLink(Link &) override;
    Admission admitLink(Link &, Error *) override;
    void linkConnected(Link &) override;
    void linkRejected(Link &, const Error &) override;
    void linkDraining(Link &) override;
    void stopActivities(Link &) override;
    void unregisterLink(Link &) override;
    void withdrawLink(Link &) override;
    void closeTransport(Link &, CloseMode) override;
    void linkDisconnected(Link &, bool wasConnected) override;
    void requestReconnect(Link &) override;

private:
    /// How far its life has come: every hook moves it on, none moves it back (LC-04, LC-06).
    enum class Stage : quint8 {
        Fresh,
        Registered,
        Admitted,
        Connected,
        Rejected,
        Stopped,
        Unregistered,
        Withdrawn,
        TransportClosed,
        Disconnected,
        Closed,
        ReconnectAsked
    };

    void enter(Stage stage, const char *hook);
    void expect(bool holds, const char *id, const char *what);
    void watch();

    LinkPart &m_part;
    Stage m_stage = Stage::Fresh;
    Link::State m_told = Link::State::New;
    bool m_registered = false;
    bool m_admitted = false;
    bool m_connected = false;
    int m_handshakeFailures = 0;

public:
    Link link; ///< the last member: the first to go, while its hooks still stand
};

} // namespace fairlead::sim
