// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "server/deliveryout.h"

#include "server/ackwriter.h"
#include "server/clientwishes.h"
#include "server/linkcore.h"

#include <fairlead/logger.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace fairlead::mqtt {

namespace {

// A delivery's tag holds its packet id and this.
constexpr quint32 kReleased = 0x10000;
// Completion tags of marks hold the packet id and this.
constexpr quint32 kReassignedTag = 0x10000;

constexpr int kBatch = 64;
constexpr int kBatchesPerTurn = 4;
/// Larger payloads are appended by reference.
constexpr std::size_t kCopiedPayload = 4096;
/// What topic, properties and payload are surrounded by, subscription identifiers apart.
constexpr std::size_t kMostOverhead = 24;
constexpr std::size_t kMostPerIdentifier = 5;

constexpr quint32 kPacketIds = 65535;

quint16 derivedId(quint64 sequence)
{
    return quint16(1 + sequence % kPacketIds);
}

// Ids next to @p id are those of the messages that come next: taking one would shift every one of them,
// and each QoS 2 message that is shifted waits for the store.
quint16 farFrom(quint16 id)
{
    return quint16(1 + (id + kPacketIds / 2) % kPacketIds);
}

std::size_t estimate(const Delivery &delivery)
{
    const std::size_t payload = delivery.message.payload().size();
    return kMostOverhead + kMostPerIdentifier * delivery.subscriptionIdCount
        + (delivery.showPosition ? PositionProperties::kMostBytes : 0) + delivery.message.size()
        - (payload > kCopiedPayload ? payload : 0);
}

} // namespace

void DeliveryOut::pull(Lease &lease)
{
    // What is held back must go first.
    if (!m_held.empty())
        return;
    const int quota = std::min(m_core.receiveMaximum, kMostInFlight);
    std::array<Delivery, kBatch> batch;
    for (int round = 0; round < kBatchesPerTurn; ++round) {
        const qint64 space = m_core.stream().space();
        if (round > 0 && space <= 0)
            return;
        const Window window{std::max(0, quota - m_inFlight.size()), space};
        const int count = lease.take(batch.data(), kBatch, window);
        if (count <= 0 || !send(batch.data(), count) || count < kBatch)
            return;
    }
}

/// False when the rest was put aside.
bool DeliveryOut::send(Delivery *deliveries, int count)
{
    std::size_t expected = 0;
    for (int i = 0; i < count; ++i)
        expected += estimate(deliveries[i]);
    StreamWriter out(m_core.stream(), expected);
    for (int i = 0; i < count; ++i) {
        if (!sendOne(deliveries[i], out)) {
            m_held.assign(std::make_move_iterator(deliveries + i),
                          std::make_move_iterator(deliveries + count));
            return false;
        }
        deliveries[i].message = Message();
    }
    return true;
}

bool DeliveryOut::sendOne(Delivery &delivery, StreamWriter &out)
{
    if (!delivery.message || (delivery.tag & kReleased) != 0) {
        sendRelease(delivery, out);
        return true;
    }
    const Message &message = delivery.message;
    PublishHead head;
    head.payloadSize = message.payload().size();
    head.qos = delivery.qos;
    head.dup = delivery.resent && delivery.qos > 0;
    head.retain = delivery.retain;
    head.packetId = 1; // any id has the same size
    PositionProperties position;
    if (delivery.showPosition && message.sequence() != 0 && m_core.isV5())
        head.ownProperties = position.write(message.position());
    quint16 toldAlias = 0;
    const std::size_t size = shapeHead(head, delivery, toldAlias);
    if (size == 0) {
        dropTooLarge(delivery);
        return true;
    }
    if (delivery.qos > 0) {
        head.packetId = claimId(delivery);
        if (head.packetId == 0) {
            if (toldAlias != 0)
                m_aliases->withdraw(toldAlias);
            return false;
        }
    }
    write(head, size, message, out);
    return true;
}

std::size_t DeliveryOut::shapeHead(PublishHead &head, const Delivery &delivery, quint16 &toldAlias)
{
    const Message &message = delivery.message;
    head.topic = message.topic();
    if (m_core.isV5()) {
        head.forwardable = message.properties();
        head.subscriptionIdentifiers = {delivery.subscriptionIds, delivery.subscriptionIdCount};
        head.hasMessageExpiry = delivery.expirySeconds != kNever;
        head.messageExpiry = delivery.expirySeconds;
        if (m_core.topicAliasMax > 0 && head.topic.size() >= OutgoingAliases::kWorthwhile) {
            if (!m_aliases)
                m_aliases = std::make_unique<OutgoingAliases>(m_core.topicAliasMax);
            const OutgoingAliases::Choice choice = m_aliases->choose(head.topic);
            head.topicAlias = choice.alias;
            if (choice.known) {
                head.topic = {};
            } else {
                toldAlias = choice.alias;
            }
        }
    }
    const auto fits = [&](std::size_t size) {
        return size != 0
            && (m_core.maxPacketSize == 0 || size + head.payloadSize <= m_core.maxPacketSize);
    };
    std::size_t size = publishHeadSize(head, m_core.version);
    if (!fits(size) && toldAlias != 0) {
        m_aliases->withdraw(std::exchange(toldAlias, quint16(0)));
        head.topicAlias = 0;
        size = publishHeadSize(head, m_core.version);
    }
    if (!fits(size) && !head.ownProperties.empty()) {
        head.ownProperties = {};
        size = publishHeadSize(head, m_core.version);
    }
    return fits(size) ? size : 0;
}

void DeliveryOut::write(const PublishHead &head,
                        std::size_t headSize,
                        const Message &message,
                        StreamWriter &out)
{
    const Bytes payload = message.payload();
    const bool copied
        = payload.size() <= kCopiedPayload && headSize + payload.size() <= ByteStream::kMaxReserve;
    const std::size_t size = copied ? headSize + payload.size() : headSize;
    if (size <= ByteStream::kMaxReserve) {
        Writer to(out.claim(size), size);
        writePublishHead(to, head, m_core.version);
        if (copied)
            to.raw(payload);
        out.advance(size);
    } else {
        const auto memory = std::make_unique_for_overwrite<char[]>(size);
        Writer to(memory.get(), size);
        writePublishHead(to, head, m_core.version);
        out.flush();
        m_core.sendBytes(to.bytes());
    }
    if (!copied) {
        out.flush();
        m_core.stream().append(message, 0, payload.size());
    }
}

void DeliveryOut::sendRelease(const Delivery &delivery, StreamWriter &out)
{
    const auto id = quint16(delivery.tag);
    if (id == 0 || m_inFlight.contains(id)) {
        // Nothing that the client could be told about.
        m_core.count(Event::UnknownAck, LogLevel::Warning, "a released delivery has no usable id");
        m_core.settle(delivery.handle, Settle::How::Acked);
        return;
    }
    m_inFlight.insert(id, delivery.handle, Flight::AwaitPubcomp);
    writeAck(out, PacketType::Pubrel, id, ReasonCode::Success, m_core.version);
}

void DeliveryOut::dropTooLarge(const Delivery &delivery)
{
    m_core.count(Event::DeliveryTooLarge);
    if (delivery.qos == 0)
        return;
    // One that waited for a new id has its place already.
    if (const auto *entry = m_inFlight.find(quint16(delivery.tag));
        entry != nullptr && entry->handle == delivery.handle) {
        m_inFlight.erase(quint16(delivery.tag));
    }
    m_core.settle(delivery.handle, Settle::How::TooLarge);
}

quint16 DeliveryOut::claimId(Delivery &delivery)
{
    const quint16 wanted
        = delivery.tag != 0 ? quint16(delivery.tag) : derivedId(delivery.message.sequence());
    InFlight::Entry *const entry = m_inFlight.find(wanted);
    const Flight sent = delivery.qos == 1 ? Flight::AwaitPuback : Flight::AwaitPubrec;
    if (entry == nullptr) {
        m_inFlight.insert(wanted, delivery.handle, sent);
        return wanted;
    }
    if (entry->state == Flight::Reassigning && entry->handle == delivery.handle) {
        entry->state = sent;
        return wanted;
    }
    const quint16 id = m_inFlight.nextFree(farFrom(wanted));
    m_core.count(Event::PacketIdShifted);
    delivery.tag = id;
    if (delivery.qos == 1) {
        m_inFlight.insert(id, delivery.handle, sent);
        m_core.lease->mark(delivery.handle, id, false, 0);
        return id;
    }
    // After a crash a QoS 2 message must come with the same id again, or it would come twice.
    m_inFlight.insert(id, delivery.handle, Flight::Reassigning);
    m_core.lease->mark(delivery.handle, id, false, id | kReassignedTag);
    return 0;
}

void DeliveryOut::handleMarked(const Completion &completion, StreamWriter &out)
{
    const auto id = quint16(completion.tag);
    InFlight::Entry *const entry = m_inFlight.find(id);
    if (completion.outcome == Outcome::Failed) {
        out.flush();
        m_core.end(ReasonCode::UnspecifiedError, "the state of a delivery could not be stored");
        return;
    }
    if (entry == nullptr)
        return;
    if ((completion.tag & kReassignedTag) == 0) {
        entry->state = Flight::AwaitPubcomp;
        writeAck(out, PacketType::Pubrel, id, ReasonCode::Success, m_core.version);
        return;
    }
    out.flush();
    std::vector<Delivery> held = std::exchange(m_held, {});
    if (!held.empty() && send(held.data(), int(held.size())))
        pull(*m_core.lease);
}

void DeliveryOut::handleAck(const Ack &packet)
{
    if (packet.type == PacketType::Puback) {
        handlePuback(packet);
    } else if (packet.type == PacketType::Pubrec) {
        handlePubrec(packet);
    } else {
        handlePubcomp(packet);
    }
}

void DeliveryOut::handlePuback(const Ack &packet)
{
    const InFlight::Entry *const entry = m_inFlight.find(packet.packetId);
    if (entry == nullptr)
        return m_core.count(Event::UnknownAck);
    if (entry->state != Flight::AwaitPuback)
        return rejectAck(packet);
    finishFlight(packet.packetId,
                 entry->handle,
                 isError(packet.reason) ? Settle::How::Refused : Settle::How::Acked);
}

void DeliveryOut::handlePubrec(const Ack &packet)
{
    InFlight::Entry *const entry = m_inFlight.find(packet.packetId);
    if (entry == nullptr) {
        m_core.count(Event::UnknownAck);
        if (!isError(packet.reason)) {
            // So that the client forgets the id as well.
            StreamWriter out(m_core.stream());
            writeAck(out,
                     PacketType::Pubrel,
                     packet.packetId,
                     ReasonCode::PacketIdentifierNotFound,
                     m_core.version);
        }
        return;
    }
    if (entry->state == Flight::AwaitPubcomp) {
        StreamWriter out(m_core.stream());
        writeAck(out, PacketType::Pubrel, packet.packetId, ReasonCode::Success, m_core.version);
        return;
    }
    if (entry->state == Flight::Releasing)
        return;
    if (entry->state != Flight::AwaitPubrec)
        return rejectAck(packet);
    if (isError(packet.reason))
        return finishFlight(packet.packetId, entry->handle, Settle::How::Refused);
    entry->state = Flight::Releasing;
    m_core.lease->mark(entry->handle, packet.packetId | kReleased, true, packet.packetId);
}

void DeliveryOut::handlePubcomp(const Ack &packet)
{
    const InFlight::Entry *const entry = m_inFlight.find(packet.packetId);
    if (entry == nullptr)
        return m_core.count(Event::UnknownAck);
    if (entry->state != Flight::AwaitPubcomp)
        return rejectAck(packet);
    finishFlight(packet.packetId, entry->handle, Settle::How::Acked);
}

void DeliveryOut::finishFlight(quint16 id, quint64 handle, Settle::How how)
{
    m_inFlight.erase(id);
    m_core.settle(handle, how);
}

void DeliveryOut::rejectAck(const Ack &packet)
{
    m_core.reject({"an acknowledgement does not belong to the QoS or step of its packet id",
                   ReasonCode::ProtocolError,
                   ErrorKind::BadPacketId},
                  packet.type);
}

} // namespace fairlead::mqtt
