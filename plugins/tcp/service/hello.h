// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "service/jsontree.h"
#include "service/peercore.h"

#include <fairlead/result.h>

#include <optional>

namespace fairlead::tcp {

/// The version of the protocol that is spoken here.
inline constexpr quint16 kProtocolVersion = 1;

/// How a peer introduces itself.
struct Hello
{
    QByteArray identity;
    QString instance;
    Features features;
    std::optional<quint32> sessionExpiry;
    std::optional<QByteArray> user;
    std::optional<QByteArray> password;
    qint64 maxFrame = 16 * 1024 * 1024;
    int window = 64;
    bool isClean = false;
};

/// Reads a `hello`. Whether there is a version in common is judged before all else: VersionRefused, with
/// the own range in the details. Then InvalidArgument, with the place of what is wrong.
Result<Hello> readHello(const JsonValue &message);

} // namespace fairlead::tcp
