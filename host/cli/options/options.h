// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "mqttclient/packets.h"

#include <QList>

#include <chrono>

namespace fairlead::cli {

enum class Tool : quint8 {
    Pub = 1,
    Sub = 2,
    Rr = 4
};

/// Where the message of pub and rr comes from.
enum class MessageSource : quint8 {
    None,
    Argument,
    File,
    StandardInput, ///< all of it
    Lines, ///< of standard input, each a message
    Null
};

enum class OutputStyle : quint8 {
    Text,
    Json, ///< one array
    Ndjson ///< one object per line
};

/// What the user asked for, checked.
struct Options
{
    Tool tool = Tool::Pub;

    // Connection.
    QByteArray host = QByteArrayLiteral("localhost");
    quint16 port = 1883;
    QByteArray bindAddress;
    bool noDelay = false;
    bool noTls = false;
    mqtt::Version version = mqtt::Version::V311;
    std::optional<QByteArray> clientId;
    std::optional<QByteArray> clientIdPrefix;
    bool cleanStart = true;
    std::optional<quint32> sessionExpiry;
    quint16 keepAlive = 60;
    std::optional<QByteArray> userName;
    std::optional<QByteArray> password;
    quint16 maxInflight = 20;
    quint16 enforcedReceiveMaximum = mqtt::kDefaultReceiveMaximum;
    std::optional<WillSettings> will;

    // Properties by packet.
    PropertySet connectProperties;
    PropertySet publishProperties;
    PropertySet subscribeProperties;
    PropertySet unsubscribeProperties;
    PropertySet disconnectProperties;

    // Messages.
    QByteArray topic;
    quint8 qos = 0;
    bool retain = false;
    MessageSource source = MessageSource::None;
    QByteArray message;
    QByteArray file;
    quint32 repeat = 1;
    std::chrono::milliseconds repeatDelay{0};
    QByteArray responseTopic;

    // Subscriptions.
    QList<QByteArray> filters;
    QList<QByteArray> unsubscribes;
    QList<QByteArray> filterOuts;
    QByteArray replay; ///< where history begins; empty: none is wanted
    bool retainAsPublished = false;
    quint8 retainHandling = 0;
    bool noRetained = false;
    bool retainedOnly = false;
    bool removeRetained = false;
    bool exitAfterSubscribe = false;
    quint32 messageCount = 0; ///< 0 = no limit
    std::chrono::seconds timeout{0}; ///< 0 = none
    double randomFilter = 100.0; ///< per cent

    // Output.
    bool debug = false;
    bool quiet = false;
    bool verbose = false;
    bool lineEnd = true;
    bool pretty = false;
    bool watch = false;
    bool messageRate = false;
    bool latency = false;
    bool showOrigin = false;
    OutputStyle output = OutputStyle::Text;
    std::optional<QByteArray> format;

    [[nodiscard]] ClientSettings clientSettings() const;
};

} // namespace fairlead::cli
