// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "server/subscriptions.h"

#include "codec/topic.h"
#include "server/clientwishes.h"
#include "server/linkcore.h"

#include <QtCore/QVarLengthArray>

#include <fairlead/logger.h>

#include <algorithm>

namespace fairlead::mqtt {

namespace {

/// No reason code: a filter that waits for the host.
constexpr char kOpen = char(0xFF);
/// Filters per call on the lease, so that a packet full of short filters is not blown up in memory.
constexpr int kChunk = 64;

constexpr int kMostOutstanding = 1024;
constexpr int kFewOutstanding = 256;

constexpr char octet(ReasonCode code)
{
    return char(code);
}

char subackCode(const SubscribeOutcome &outcome)
{
    switch (outcome.outcome) {
    case Outcome::Done:
        return char(outcome.qos);
    case Outcome::NotAuthorized:
        return octet(ReasonCode::NotAuthorized);
    case Outcome::Quota:
        return octet(ReasonCode::QuotaExceeded);
    case Outcome::Invalid:
        return octet(ReasonCode::TopicFilterInvalid);
    default:
        return octet(ReasonCode::UnspecifiedError);
    }
}

char unsubackCode(UnsubscribeOutcome outcome)
{
    switch (outcome) {
    case Outcome::Done:
        return octet(ReasonCode::Success);
    case Outcome::NoReceiver:
        return octet(ReasonCode::NoSubscriptionExisted);
    case Outcome::NotAuthorized:
        return octet(ReasonCode::NotAuthorized);
    case Outcome::Invalid:
        return octet(ReasonCode::TopicFilterInvalid);
    case Outcome::Failed:
        return octet(ReasonCode::ImplementationSpecificError);
    default:
        return octet(ReasonCode::UnspecifiedError);
    }
}

RetainedReplay replayOf(quint8 retainHandling)
{
    switch (retainHandling) {
    case 0:
        return RetainedReplay::Always;
    case 1:
        return RetainedReplay::IfNew;
    default:
        return RetainedReplay::Never;
    }
}

} // namespace

void Subscriptions::handleSubscribe(const Frame &frame)
{
    Subscribe packet;
    if (const auto error = decodeSubscribe(frame, m_core.version, packet))
        return m_core.reject(error, PacketType::Subscribe);

    const ClientWishes wishes = readWishes(packet.properties);
    if (wishes.problem) {
        m_core.count(Event::FilterRefused, LogLevel::Info, wishes.problem);
        const std::string refusals(packet.filterCount,
                                   octet(ReasonCode::ImplementationSpecificError));
        return send(PacketType::Suback, packet.packetId, refusals);
    }
    Answer answer{PacketType::Suback, packet.packetId, std::string(packet.filterCount, kOpen)};
    QVarLengthArray<SubscribeRequest, kChunk> requests;
    SubscriptionCursor cursor(packet, m_core.version);
    Subscription subscription;
    std::size_t refused = 0;
    for (std::size_t index = 0; cursor.next(subscription); ++index) {
        answer.codes[index] = check(subscription);
        refused += answer.codes[index] != kOpen;
    }
    if (refused == packet.filterCount)
        return send(answer.type, answer.id, answer.codes);
    const Bytes verdicts = answer.codes;
    const bool inParts = refused > 0 || packet.filterCount > kChunk;

    const auto ask = [&] {
        asked();
        m_core.lease->subscribe(requests.constData(), int(requests.size()), packet.packetId);
        requests.clear();
    };
    cursor = SubscriptionCursor(packet, m_core.version);
    for (std::size_t index = 0; cursor.next(subscription); ++index) {
        if (verdicts[index] != kOpen)
            continue;
        SubscribeRequest request;
        request.filter = subscription.filter;
        request.subscriptionId = packet.subscriptionIdentifier;
        request.qos = std::min(subscription.qos, m_core.options().maxQos);
        request.noLocal = subscription.noLocal;
        request.retainAsPublished = subscription.retainAsPublished;
        request.replay = replayOf(subscription.retainHandling);
        request.overflow
            = wishes.overflow.policy == Overflow::Default ? m_core.overflow : wishes.overflow;
        request.replayFrom = wishes.replayFrom;
        request.showPositions = wishes.showPositions;
        requests.append(request);
        if (requests.size() == kChunk)
            ask();
    }
    if (!requests.isEmpty())
        ask();
    if (inParts)
        m_answers.push_back(std::move(answer));
}

/// kOpen, or the code that refuses the filter.
Bytes::value_type Subscriptions::check(const Subscription &subscription)
{
    ReasonCode reason = ReasonCode::Success;
    if (!m_core.options().sharedAvailable && isShared(subscription.filter)) {
        reason = ReasonCode::SharedSubscriptionsNotSupported;
    } else if (!m_core.options().wildcardAvailable && hasWildcard(subscription.filter)) {
        reason = ReasonCode::WildcardSubscriptionsNotSupported;
    }
    if (reason == ReasonCode::Success)
        return kOpen;
    m_core.count(Event::FilterRefused);
    return octet(reason);
}

void Subscriptions::handleUnsubscribe(const Frame &frame)
{
    Unsubscribe packet;
    if (const auto error = decodeUnsubscribe(frame, m_core.version, packet))
        return m_core.reject(error, PacketType::Unsubscribe);

    if (packet.filterCount > kChunk) {
        m_answers.push_back(
            {PacketType::Unsuback, packet.packetId, std::string(packet.filterCount, kOpen)});
    }
    QVarLengthArray<ByteSpan, kChunk> filters;
    const auto ask = [&] {
        asked();
        m_core.lease->unsubscribe(filters.constData(), int(filters.size()), packet.packetId);
        filters.clear();
    };
    FilterCursor cursor(packet);
    Bytes filter;
    while (cursor.next(filter)) {
        filters.append(filter);
        if (filters.size() == kChunk)
            ask();
    }
    if (!filters.isEmpty())
        ask();
}

void Subscriptions::handleSubscribed(quint32 tag, const SubscribeOutcome *outcomes, int count)
{
    QVarLengthArray<char, kChunk> codes(count);
    for (int i = 0; i < count; ++i) {
        if (outcomes[i].outcome != Outcome::Done)
            m_core.count(Event::FilterRefused);
        codes[i] = subackCode(outcomes[i]);
    }
    answered();
    complete(PacketType::Suback, quint16(tag), {codes.constData(), std::size_t(count)});
}

void Subscriptions::handleUnsubscribed(quint32 tag, const UnsubscribeOutcome *outcomes, int count)
{
    QVarLengthArray<char, kChunk> codes(count);
    std::transform(outcomes, outcomes + count, codes.begin(), unsubackCode);
    answered();
    if (!m_core.isV5() && std::any_of(outcomes, outcomes + count, [](UnsubscribeOutcome outcome) {
            return outcome == Outcome::Failed;
        })) {
        // Only a close without acknowledgement tells the client that it is still subscribed.
        m_core.end(ReasonCode::QuotaExceeded, "a subscription could not be removed");
        return;
    }
    complete(PacketType::Unsuback, quint16(tag), {codes.constData(), std::size_t(count)});
}

void Subscriptions::asked()
{
    if (++m_outstanding == kMostOutstanding)
        m_core.hold(Hold::Subscriptions);
}

void Subscriptions::answered()
{
    if (--m_outstanding == kFewOutstanding)
        m_core.release(Hold::Subscriptions);
}

void Subscriptions::complete(PacketType type, quint16 id, Bytes codes)
{
    const auto answer
        = std::find_if(m_answers.begin(), m_answers.end(), [&](const Answer &candidate) {
              return candidate.type == type && candidate.id == id;
          });
    if (answer == m_answers.end())
        return send(type, id, codes);
    for (const char code : codes) {
        answer->next = answer->codes.find(kOpen, answer->next);
        if (answer->next == std::string::npos)
            break;
        answer->codes[answer->next++] = code;
    }
    if (answer->next != std::string::npos
        && answer->codes.find(kOpen, answer->next) != std::string::npos) {
        return;
    }
    const Answer done = std::move(*answer);
    m_answers.erase(answer);
    send(type, id, done.codes);
}

void Subscriptions::send(PacketType type, quint16 id, Bytes codes)
{
    std::string granted;
    if (m_core.version == Version::V31 && type == PacketType::Suback) {
        // MQTT 3.1 cannot tell a failure; the least it can be told is QoS 0.
        granted = codes;
        for (char &code : granted)
            code = quint8(code) >= kSubackFailure ? char(0) : code;
        codes = granted;
    }
    Suback packet;
    packet.type = type;
    packet.packetId = id;
    if (type == PacketType::Suback || m_core.isV5())
        packet.codes = codes;
    if (!m_core.send(packet))
        m_core.end(ReasonCode::PacketTooLarge, "the answer exceeds the client's packet size");
}

} // namespace fairlead::mqtt
