// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>

#include <fairlead/bytes.h>
#include <fairlead/result.h>

namespace fairlead::tcp {

/// The longest peer name, as it stands in topics.
inline constexpr qsizetype kMaxPeerName = 128;

/// @p name as one level of a topic: bytes other than A-Z, a-z, 0-9, ".", "_", ":" and "-" become
/// %XX. Errors: ProtocolViolation when it is empty or longer than kMaxPeerName then.
Result<QByteArray> peerNameOf(ByteSpan name);

} // namespace fairlead::tcp
