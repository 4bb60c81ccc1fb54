// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "service/publishing.h"

#include "service/jsontext.h"
#include "service/members.h"
#include "service/peercore.h"

#include <fairlead/bytes.h>
#include <fairlead/properties.h>
#include <fairlead/topic.h>

namespace fairlead::tcp {

namespace {

struct Content
{
    QByteArray payload;
    bool isText = true;
    bool isJson = false;
};

Result<Content> readContent(const JsonValue &message)
{
    Content content;
    if (const JsonValue json = message.member("json")) {
        appendCompact(content.payload, json.text());
        content.isJson = true;
        return content;
    }
    std::optional<QByteArray> bytes;
    if (!readBase64(message, "payload_base64", bytes))
        return badMember("/payload_base64", QStringLiteral("must be base64"));
    content.isText = !bytes;
    if (bytes)
        content.payload = *bytes;
    readMember(message, "payload", content.payload);
    return content;
}

Error tooLong(const char *place)
{
    return badMember(place, QStringLiteral("must be at most 65535 bytes, without U+0000"));
}

/// The properties as a block into @p out.
Error readProperties(const JsonValue &properties, const Content &content, PropertyWriter &out)
{
    if (content.isText)
        out.append(PropertyId::PayloadFormat, "\1");
    std::optional<QByteArray> type = textMember(properties, "content_type");
    if (!type && content.isJson)
        type = QByteArrayLiteral("application/json");
    if (type && !out.append(PropertyId::ContentType, spanOf(*type)))
        return tooLong("/properties/content_type");
    const std::optional<QByteArray> topic = textMember(properties, "response_topic");
    if (topic && !out.append(PropertyId::ResponseTopic, spanOf(*topic)))
        return badMember("/properties/response_topic", QStringLiteral("must be a topic name"));
    std::optional<QByteArray> correlation = textMember(properties, "correlation");
    if (!readBase64(properties, "correlation_base64", correlation)) {
        return badMember("/properties/correlation_base64", QStringLiteral("must be base64"));
    }
    if (correlation && !out.append(PropertyId::CorrelationData, spanOf(*correlation)))
        return tooLong("/properties/correlation");
    const JsonValue user = properties.member("user");
    if (!user)
        return {};
    for (const JsonValue &pair : user) {
        auto element = pair.begin();
        const QByteArray name = stringOf(*element);
        const QByteArray value = stringOf(*++element);
        if (!out.appendUserProperty(spanOf(name), spanOf(value)))
            return tooLong("/properties/user");
    }
    return {};
}

} // namespace

Flow Publishing::publish(const JsonValue &message, quint32 id)
{
    PublishView view;
    view.qos = id != 0 ? 1 : 0;
    readNumber(message, "qos", view.qos);
    readMember(message, "retain", view.retain);
    readNumber(message, "expiry_s", view.expirySeconds);
    const QByteArray topic = stringOf(message.member("topic"));
    const Result<Content> content = readContent(message);
    PropertyWriter properties;
    Error error;
    if (!isValidTopicName(spanOf(topic)))
        error = badMember("/topic", QStringLiteral("must be a topic name, without wildcards"));
    else if (id != 0 && view.qos == 0)
        error = badMember("/id", QStringLiteral("is for qos 1: at qos 0 there is no answer"));
    else if (!content)
        error = content.error();
    else
        error = readProperties(message.member("properties"), *content, properties);
    if (!error.isNull()) {
        m_core.sendError(error, id);
        return Flow::Continue;
    }
    view.topic = spanOf(topic);
    view.properties = properties.block();
    view.payload = spanOf(content->payload);
    view.completionTag = id;
    return m_core.context.bus.publish(view);
}

void Publishing::handleCompletions(const Completion *completions, int count)
{
    for (int i = 0; i < count; ++i) {
        const Completion &completion = completions[i];
        if (completion.kind != Completion::Kind::Publish)
            continue;
        if (const Error error = errorOf(completion.outcome); !error.isNull()) {
            m_core.sendError(error, completion.tag);
            continue;
        }
        if (completion.tag == 0)
            continue;
        JsonLine line("published");
        line.number("re", completion.tag);
        const bool isHeard = completion.outcome != Outcome::NoReceiver;
        m_core.send(line.text("outcome", Bytes(isHeard ? "done" : "no-receiver")));
    }
}

Error errorOf(Outcome outcome)
{
    switch (outcome) {
    case Outcome::Done:
    case Outcome::NoReceiver:
    case Outcome::Duplicate:
        break;
    case Outcome::NotAuthorized:
        return Error(ErrorCode::NotAuthorized, QStringLiteral("that is not allowed here"));
    case Outcome::Quota:
        return Error(ErrorCode::LimitReached, QStringLiteral("there is no room for it now"));
    case Outcome::Invalid:
        return Error(ErrorCode::InvalidArgument, QStringLiteral("the host does not accept that"));
    case Outcome::Failed:
        return Error(ErrorCode::StorageFailed, QStringLiteral("it could not be kept"));
    }
    return {};
}

} // namespace fairlead::tcp
