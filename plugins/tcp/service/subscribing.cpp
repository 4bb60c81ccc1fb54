// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "service/subscribing.h"

#include "service/jsontext.h"
#include "service/members.h"
#include "service/peercore.h"
#include "service/publishing.h"

#include <fairlead/bytes.h>
#include <fairlead/logger.h>
#include <fairlead/overflow.h>
#include <fairlead/properties.h>
#include <fairlead/sending.h>
#include <fairlead/topic.h>

#include <algorithm>

namespace fairlead::tcp {

namespace {

constexpr Bytes kGapTopic = "$notice/gap";
/// The subscription identifiers of this protocol: the session keeps them, so that a later link knows
/// what was agreed. Near the end of MQTT's range, where clients that count from 1 do not get.
constexpr quint32 kAutoAck = 268'435'454;
constexpr quint32 kManualAck = 268'435'455;

RetainedReplay retainedOf(const QByteArray &name)
{
    if (name == "new")
        return RetainedReplay::IfNew;
    return name == "never" ? RetainedReplay::Never : RetainedReplay::Always;
}

bool wantsAck(const Delivery &delivery)
{
    const quint32 *end = delivery.subscriptionIds + delivery.subscriptionIdCount;
    return delivery.handle != 0 && std::find(delivery.subscriptionIds, end, kManualAck) != end;
}

void writeProperties(JsonLine &line, ByteSpan block)
{
    if (block.empty())
        return;
    // User properties go last, whatever the order of the block.
    JsonLine &object = line.open("properties");
    bool hasUser = false;
    PropertyReader reader(block);
    Property property;
    while (reader.next(&property)) {
        switch (property.id) {
        case PropertyId::PayloadFormat:
            break;
        case PropertyId::ContentType:
            object.text("content_type", property.value);
            break;
        case PropertyId::ResponseTopic:
            object.text("response_topic", property.value);
            break;
        case PropertyId::CorrelationData:
            object.bytes("correlation", property.value);
            break;
        case PropertyId::UserProperty:
            hasUser = true;
            break;
        }
    }
    if (hasUser) {
        QByteArray pairs = "[";
        PropertyReader again(block);
        while (again.next(&property)) {
            if (property.id != PropertyId::UserProperty)
                continue;
            pairs += pairs.size() > 1 ? ",[" : "[";
            appendQuoted(pairs, property.name);
            pairs += ',';
            appendQuoted(pairs, property.value);
            pairs += ']';
        }
        object.json("user", spanOf(pairs + ']'));
    }
    object.close();
}

} // namespace

void Subscribing::subscribe(const JsonValue &message, quint32 id)
{
    const QByteArray filter = stringOf(message.member("filter"));
    const QByteArray from = textMember(message, "from").value_or(QByteArray());
    SubscribeRequest request;
    request.filter = spanOf(filter);
    request.replayFrom = spanOf(from);
    request.showPositions = true;
    readNumber(message, "qos", request.qos);
    readMember(message, "no_local", request.noLocal);
    request.replay = retainedOf(textMember(message, "retained").value_or(QByteArray()));
    const bool isManual = textMember(message, "ack") == QByteArrayLiteral("manual");
    request.subscriptionId = isManual ? kManualAck : kAutoAck;
    Error error;
    if (!TopicFilter::parse(spanOf(filter))) {
        error = badMember("/filter", QStringLiteral("must be a topic filter"));
    } else if (isManual && request.qos == 0) {
        error = badMember("/ack", QStringLiteral("can be manual with qos 1 only"));
    } else if (const auto name = textMember(message, "overflow")) {
        const std::optional<OverflowChoice> choice = parseOverflow(spanOf(*name));
        if (choice)
            request.overflow = *choice;
        else
            error = badMember("/overflow", QStringLiteral("names no policy"));
    }
    if (!error.isNull())
        m_core.sendError(error, id);
    else if (m_core.lease)
        m_core.lease->subscribe(&request, 1, id);
}

void Subscribing::unsubscribe(const JsonValue &message, quint32 id)
{
    const QByteArray filter = stringOf(message.member("filter"));
    const ByteSpan span = spanOf(filter);
    if (!TopicFilter::parse(span))
        m_core.sendError(badMember("/filter", QStringLiteral("must be a topic filter")), id);
    else if (m_core.lease)
        m_core.lease->unsubscribe(&span, 1, id);
}

void Subscribing::acknowledge(const JsonValue &message, quint32 id)
{
    quint64 number = 0;
    readNumber(message, "delivery", number);
    const auto found = m_awaited.find(number);
    if (found == m_awaited.end()) {
        m_core.sendError(
            Error(ErrorCode::NotFound,
                  QStringLiteral("delivery %1 waits for no acknowledgement").arg(number)),
            id);
        return;
    }
    const Settle settle{found->second, Settle::How::Acked};
    m_awaited.erase(found);
    if (m_core.lease)
        m_core.lease->settle(&settle, 1);
}

void Subscribing::handleSubscribed(quint32 id, const SubscribeOutcome *outcomes, int count)
{
    for (int i = 0; i < count; ++i) {
        if (const Error error = errorOf(outcomes[i].outcome); !error.isNull()) {
            m_core.sendError(error, id);
            continue;
        }
        JsonLine line("subscribed");
        m_core.send(line.number("re", id).number("qos", outcomes[i].qos));
    }
}

void Subscribing::handleUnsubscribed(quint32 id, const UnsubscribeOutcome *outcomes, int count)
{
    for (int i = 0; i < count; ++i) {
        Error error = errorOf(outcomes[i]);
        if (outcomes[i] == Outcome::NoReceiver)
            error = Error(ErrorCode::NotFound, QStringLiteral("there is no such subscription"));
        if (!error.isNull()) {
            m_core.sendError(error, id);
            continue;
        }
        JsonLine line("unsubscribed");
        m_core.send(line.number("re", id));
    }
}

void Subscribing::pull(Lease &lease)
{
    while (m_core.lease && m_core.context.stream.space() > 0) {
        const Window window{std::max(0, m_core.window - int(m_awaited.size())),
                            m_core.context.stream.space()};
        if (sendSome(lease, window, kSendBatch, [this](const Delivery &one) { return send(one); })
            == 0) {
            return;
        }
    }
}

std::optional<Settle::How> Subscribing::send(const Delivery &delivery)
{
    const Message &message = delivery.message;
    if (!message)
        return Settle::How::Acked;
    if (message.topic() == kGapTopic) {
        JsonLine gap("gap");
        m_core.send(gap.members(message.payload()));
        return Settle::How::Acked;
    }
    JsonLine line("message");
    line.text("topic", message.topic()).bytes("payload", message.payload());
    line.number("qos", delivery.qos);
    if (delivery.retain)
        line.flag("retain", true);
    if (delivery.resent)
        line.flag("resent", true);
    if (delivery.expirySeconds != kNever)
        line.number("expiry_s", delivery.expirySeconds);
    if (message.sequence() != 0) {
        const Position position = message.position();
        line.open("position")
            .number("epoch", position.epoch)
            .number("seq", qint64(position.sequence))
            .close();
    }
    const bool isAwaited = wantsAck(delivery);
    if (isAwaited)
        line.number("delivery", qint64(m_lastDelivery + 1));
    writeProperties(line, message.properties());
    const QByteArray &bytes = line.finish();
    if (bytes.size() > m_core.maxFrame) {
        m_core.context.logger.log(LogLevel::Warning,
                                  "tcp-message-dropped",
                                  QStringLiteral("peer=%1 reason=too-long bytes=%2")
                                      .arg(QString::fromUtf8(m_core.identity))
                                      .arg(bytes.size()));
        return Settle::How::TooLarge;
    }
    m_core.sendBytes(bytes);
    if (!isAwaited)
        return Settle::How::Acked;
    m_awaited.emplace(++m_lastDelivery, delivery.handle);
    return std::nullopt;
}

} // namespace fairlead::tcp
