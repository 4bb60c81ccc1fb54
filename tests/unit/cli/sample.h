// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "mqttclient/message.h"

/// A message with every property that a PUBLISH can have.
inline fairlead::cli::IncomingMessage sampleMessage()
{
    using namespace fairlead::mqtt;
    char memory[256];
    Writer writer(memory);
    writeProperty(writer, PropertyId::SubscriptionIdentifier, 7);
    writeProperty(writer, PropertyId::ContentType, Bytes("text/plain"));
    writeProperty(writer, PropertyId::CorrelationData, Bytes("co"));
    writeUserProperty(writer, "k", "v1");
    writeProperty(writer, PropertyId::PayloadFormatIndicator, 1);
    writeProperty(writer, PropertyId::ResponseTopic, Bytes("re"));
    writeUserProperty(writer, "k", "v2");
    writeProperty(writer, PropertyId::MessageExpiryInterval, 77);
    writeProperty(writer, PropertyId::TopicAlias, 3);
    fairlead::cli::IncomingMessage message;
    message.topic = QByteArrayLiteral("a/b");
    message.payload = QByteArrayLiteral("h\xC3\xA9llo");
    message.properties = fairlead::cli::copyOf(writer.bytes());
    message.packetId = 42;
    message.topicAlias = 3;
    message.qos = 1;
    message.retain = true;
    return message;
}
