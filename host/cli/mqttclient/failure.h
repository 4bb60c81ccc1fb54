// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/reasons.h"

#include <QByteArray>
#include <QString>

namespace fairlead::cli {

/// How a program of this family ends; the numbers are those of the Mosquitto clients where they
/// have one. A refusal by the broker ends with its reason code (128 and above in MQTT 5, the
/// return code 1 to 5 of CONNACK in MQTT 3).
namespace exitcode {
inline constexpr int kOk = 0;
inline constexpr int kUsage = 1; ///< also: no connection at the start
inline constexpr int kNotSupported = 2; ///< an option whose transport or feature is not there
inline constexpr int kProtocol = 3; ///< the broker broke the protocol
inline constexpr int kConnectionLost = 7;
inline constexpr int kOutput = 14; ///< standard output or an input file failed
inline constexpr int kKeepAlive = 19;
inline constexpr int kTimeout = 27;
} // namespace exitcode

/// Why something went wrong: a stable name, a text for people, and how the program ends.
struct Failure
{
    int exitCode = exitcode::kOk;
    QByteArray name; ///< "connection-refused"
    QString text;
    bool retryable = false; ///< a later attempt may well succeed

    [[nodiscard]] explicit operator bool() const noexcept { return exitCode != exitcode::kOk; }
};

/// The words of a reason code with dashes, fit for Failure::name: "not-authorized".
[[nodiscard]] QByteArray reasonName(mqtt::ReasonCode reason);

} // namespace fairlead::cli
