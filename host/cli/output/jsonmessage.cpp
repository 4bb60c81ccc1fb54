// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "output/jsonmessage.h"

#include "codec/topic.h"
#include "output/jsontext.h"

namespace fairlead::cli {

using namespace fairlead::mqtt;

namespace {

[[nodiscard]] const char *jsonName(PropertyId id) noexcept
{
    switch (id) {
    case PropertyId::PayloadFormatIndicator:
        return "payload-format-indicator";
    case PropertyId::MessageExpiryInterval:
        return "message-expiry-interval";
    case PropertyId::ContentType:
        return "content-type";
    case PropertyId::ResponseTopic:
        return "response-topic";
    case PropertyId::CorrelationData:
        return "correlation-data";
    case PropertyId::SubscriptionIdentifier:
        return "subscription-identifier";
    case PropertyId::TopicAlias:
        return "topic-alias";
    default:
        return nullptr;
    }
}

class ObjectWriter
{
public:
    explicit ObjectWriter(QByteArray &out, char open = '{')
        : m_out(out)
        , m_close(open == '{' ? '}' : ']')
    {
        m_out += open;
    }

    ObjectWriter(const ObjectWriter &) = delete;
    ObjectWriter &operator=(const ObjectWriter &) = delete;

    ~ObjectWriter() { m_out += m_close; }

    QByteArray &element()
    {
        if (!m_first) {
            m_out += ',';
        }
        m_first = false;
        return m_out;
    }

    QByteArray &member(Bytes name)
    {
        appendJsonString(element(), name);
        m_out += ':';
        return m_out;
    }

private:
    QByteArray &m_out;
    char m_close;
    bool m_first = true;
};

void writeUserProperties(QByteArray &out, const IncomingMessage &message, bool asPairs)
{
    ObjectWriter all(out, asPairs ? '[' : '{');
    for (auto it = message.firstProperty(); it != std::default_sentinel; ++it) {
        if (it->id != PropertyId::UserProperty) {
            continue;
        }
        if (asPairs) {
            ObjectWriter pair(all.element(), '[');
            appendJsonString(pair.element(), it->name);
            appendJsonString(pair.element(), it->value);
        } else {
            appendJsonString(all.member(it->name), it->value);
        }
    }
}

void writeProperties(QByteArray &out, const IncomingMessage &message, bool asPairs)
{
    ObjectWriter properties(out);
    bool userPropertiesWritten = false;
    for (auto it = message.firstProperty(); it != std::default_sentinel; ++it) {
        if (it->id == PropertyId::UserProperty) {
            if (!userPropertiesWritten) {
                userPropertiesWritten = true;
                writeUserProperties(properties.member("user-properties"), message, asPairs);
            }
            continue;
        }
        const char *name = jsonName(it->id);
        if (name == nullptr) {
            continue;
        }
        QByteArray &value = properties.member(name);
        if (it->type == PropertyType::String || it->type == PropertyType::Binary) {
            appendJsonString(value, it->value);
        } else {
            value += QByteArray::number(it->number);
        }
    }
}

void writeHead(ObjectWriter &object,
               const IncomingMessage &message,
               const Moment &moment,
               bool record)
{
    appendJsonString(object.member("tst"), view(moment.iso8601()));
    appendJsonString(object.member("topic"), view(message.topic));
    object.member("qos") += QByteArray::number(message.qos);
    if (record) {
        object.member("retain") += message.retain ? "true" : "false";
    } else {
        object.member("retain") += message.retain ? '1' : '0';
    }
    object.member("payloadlen") += QByteArray::number(message.payload.size());
    if (message.qos > 0) {
        object.member("mid") += QByteArray::number(message.packetId);
    }
    if (!message.properties.isEmpty()) {
        writeProperties(object.member("properties"), message, record);
    }
}

} // namespace

QByteArray jsonWithText(const IncomingMessage &message, const Moment &moment)
{
    QByteArray out;
    {
        ObjectWriter object(out);
        writeHead(object, message, moment, false);
        QByteArray &payload = object.member("payload");
        if (message.payload.isEmpty()) {
            payload += "null";
        } else {
            appendJsonString(payload, view(message.payload));
        }
    }
    return out;
}

std::optional<QByteArray> jsonWithJson(const IncomingMessage &message, const Moment &moment)
{
    std::optional<QByteArray> content = QByteArrayLiteral("null");
    if (!message.payload.isEmpty()) {
        content = reformatJson(view(message.payload), JsonLayout::Compact);
    }
    if (!content) {
        return std::nullopt;
    }
    QByteArray out;
    {
        ObjectWriter object(out);
        writeHead(object, message, moment, false);
        object.member("payload") += *content;
    }
    return out;
}

QByteArray jsonRecord(const IncomingMessage &message, const Moment &moment, bool showOrigin)
{
    QByteArray out;
    {
        ObjectWriter object(out);
        writeHead(object, message, moment, true);
        if (showOrigin) {
            const QByteArray origin = originOf(message);
            QByteArray &value = object.member("origin");
            if (origin.isEmpty()) {
                value += "null";
            } else {
                appendJsonString(value, view(origin));
            }
        }
        if (isValidUtf8(view(message.payload))) {
            appendJsonString(object.member("payload"), view(message.payload));
        } else {
            appendJsonString(object.member("payload_base64"), view(message.payload.toBase64()));
        }
    }
    return out;
}

QByteArray originOf(const IncomingMessage &message)
{
    QByteArray origin;
    if (const std::optional<Bytes> name = message.userProperty("origin")) {
        origin = copyOf(*name);
    }
    if (const std::optional<Bytes> sequence = message.userProperty("stream-seq")) {
        origin += '@';
        if (const std::optional<Bytes> epoch = message.userProperty("stream-epoch")) {
            origin += copyOf(*epoch) + ':';
        }
        origin += copyOf(*sequence);
    }
    return origin;
}

} // namespace fairlead::cli
