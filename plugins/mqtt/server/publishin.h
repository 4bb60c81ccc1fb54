// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/ack.h"
#include "codec/publish.h"
#include "server/incomingaliases.h"
#include "server/packetidset.h"
#include "server/streamwriter.h"

#include <fairlead/bus.h>

namespace fairlead::mqtt {

class LinkCore;

/// Whether @p topic belongs to the host, so that clients may not publish to it.
bool isReservedTopic(Bytes topic) noexcept;

/// What a client publishes: PUBLISH and PUBREL in, PUBACK, PUBREC and PUBCOMP out.
///
/// Acknowledgements leave in the order of the publishes. The host's answers come in that order; what
/// is refused here without asking the host waits for the answers to what came before it.
class PublishIn
{
public:
    explicit PublishIn(LinkCore &core) noexcept
        : m_core(core)
    { }

    /// Whether parsing may go on.
    Flow handlePublish(const Frame &frame);
    void handlePubrel(const Ack &packet) const;
    /// A completion of kind Publish or ForgetKey.
    void handleCompletion(const Completion &completion, StreamWriter &out);

private:
    /// An acknowledgement that was decided here.
    struct Refusal
    {
        quint32 after; ///< due when that many publishes are completed
        quint16 id;
        PacketType type;
        ReasonCode reason;
    };

    bool resolveAlias(Publish &packet);
    bool isWithinReceiveMaximum(const Publish &packet);
    /// Whether it is to be published; otherwise it was answered.
    bool isAcceptable(const Publish &packet);
    void refuse(const Publish &packet, ReasonCode reason);
    Flow publish(const Publish &packet);
    void completePublish(const Completion &completion, StreamWriter &out);
    void completeRelease(const Completion &completion, StreamWriter &out);
    void acknowledge(StreamWriter &out, PacketType type, quint16 id, ReasonCode reason);
    void flushRefusals(StreamWriter &out);

    LinkCore &m_core;
    std::unique_ptr<IncomingAliases> m_aliases;
    std::vector<Refusal> m_refusals;
    PacketIdSet m_qos2; ///< open on this link; only where the receive maximum is enforced
    quint32 m_submitted = 0; ///< publishes the host will answer
    quint32 m_completed = 0; ///< of these, answered
    quint32 m_open = 0; ///< what the client's send quota is reduced by
    bool m_warned = false; ///< that it exceeds the receive maximum
};

} // namespace fairlead::mqtt
