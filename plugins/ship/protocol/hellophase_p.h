// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/core_p.h"

namespace fairlead::ship {

enum class Progress : quint8 {
    Stay,
    Done ///< the next phase begins
};

/// Both sides learn whether they trust each other. Either may need a user for that, and asks its
/// partner for more time while it waits.
class HelloPhase
{
public:
    explicit HelloPhase(Core &core) noexcept;

    void enter(Trust trust);
    Progress receive(const Message &message);
    void fail(const DecodeError &error);
    void expire(TimerId timer);
    /// Only in HelloPending, or Rejected in either state.
    Progress decide(Trust trust);
    void abort(EndReason reason, const char *text);

    [[nodiscard]] bool isPartnerPending() const noexcept { return m_partnerPending; }

    /// Whether @p hello is the partner's late answer to a prolongation request that our own decision
    /// overtook. It comes once at most.
    [[nodiscard]] bool takeLateReply(const Hello &hello) noexcept;

private:
    Progress receiveReady(const Hello &hello);
    void receivePending(const Hello &hello);
    void grantProlongation();
    void askProlongation();
    void planRequest(quint32 waiting);
    void setPartnerPending(bool pending);
    void sendPhase(HelloWord word);

    Core &m_core;
    quint32 m_granted = 0;
    quint32 m_asked = 0;
    quint32 m_partnerWaiting = 0; ///< as it was last announced
    bool m_partnerReady = false;
    bool m_partnerPending = false;
    bool m_requestOpen = false; ///< a prolongation was asked for and not answered
    bool m_lateReply = false;
};

} // namespace fairlead::ship
