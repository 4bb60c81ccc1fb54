// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "mqttclient/failure.h"

#include <optional>

namespace fairlead::cli {

/// What -L says.
struct BrokerUrl
{
    QByteArray host;
    quint16 port = 1883;
    std::optional<QByteArray> userName;
    std::optional<QByteArray> password;
    QByteArray topic; ///< everything after the first slash, as it stands
};

/// Takes "mqtt://[user[:password]@]host[:port]/topic" apart. User and password may hold %XX. A
/// scheme whose transport is not there fails with exitcode::kNotSupported.
[[nodiscard]] Failure parseBrokerUrl(const QByteArray &text, BrokerUrl &out);

} // namespace fairlead::cli
