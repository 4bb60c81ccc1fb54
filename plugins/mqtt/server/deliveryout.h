// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/ack.h"
#include "codec/publish.h"
#include "server/inflight.h"
#include "server/outgoingaliases.h"
#include "server/streamwriter.h"

#include <fairlead/lease.h>

namespace fairlead::mqtt {

class LinkCore;

/// The most deliveries at QoS 1 and 2 that are in flight to one client, whatever it allows: a
/// quarter of the packet ids, so that a free one is near.
inline constexpr quint16 kMostInFlight = 16384;

/// What a client is sent: takes deliveries from the session, writes PUBLISH and PUBREL, and follows
/// the acknowledgements.
///
/// The packet id is a function of the message's position, so that it is the same again after a
/// restart without having been stored. Only where that id is in use another one is taken and kept in
/// the delivery's tag.
class DeliveryOut
{
public:
    explicit DeliveryOut(LinkCore &core) noexcept
        : m_core(core)
    { }

    void pull(Lease &lease);
    /// PUBACK, PUBREC or PUBCOMP.
    void handleAck(const Ack &packet);
    /// A completion of kind Mark.
    void handleMarked(const Completion &completion, StreamWriter &out);

    int inFlight() const noexcept { return m_inFlight.size(); }

private:
    bool send(Delivery *deliveries, int count);
    bool sendOne(Delivery &delivery, StreamWriter &out);
    void sendRelease(const Delivery &delivery, StreamWriter &out);
    void write(const PublishHead &head,
               std::size_t headSize,
               const Message &message,
               StreamWriter &out);
    /// The head, with an alias where that is worth it; 0 when the packet must not be sent.
    std::size_t shapeHead(PublishHead &head, const Delivery &delivery, quint16 &toldAlias);
    /// The id the delivery goes out with; 0 when a new one must be stored first.
    quint16 claimId(Delivery &delivery);
    void dropTooLarge(const Delivery &delivery);

    void handlePuback(const Ack &packet);
    void handlePubrec(const Ack &packet);
    void handlePubcomp(const Ack &packet);
    void finishFlight(quint16 id, quint64 handle, Settle::How how);
    void rejectAck(const Ack &packet);

    LinkCore &m_core;
    std::unique_ptr<OutgoingAliases> m_aliases;
    std::vector<Delivery> m_held; ///< taken, and waiting for the first one's id to be stored
    InFlight m_inFlight;
};

} // namespace fairlead::mqtt
