// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "mqttclient/message.h"
#include "output/moment.h"

namespace fairlead::cli {

/// %j: the message as one JSON object, the payload as a string. User properties are the members of
/// one object, as the Mosquitto clients print them, so a name that comes twice stands there twice.
[[nodiscard]] QByteArray jsonWithText(const IncomingMessage &message, const Moment &moment);

/// %J: the same, with a payload that is JSON itself; nothing when it is not.
[[nodiscard]] std::optional<QByteArray> jsonWithJson(const IncomingMessage &message,
                                                     const Moment &moment);

/// --output: the same members, and nothing is lost: user properties are a list of pairs, and a
/// payload that is not UTF-8 is "payload_base64".
[[nodiscard]] QByteArray jsonRecord(const IncomingMessage &message,
                                    const Moment &moment,
                                    bool showOrigin);

/// Where the message came from: the user property "origin", and the position in the host's history
/// if it is told. Empty when neither is.
[[nodiscard]] QByteArray originOf(const IncomingMessage &message);

} // namespace fairlead::cli
