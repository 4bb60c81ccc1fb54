// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QByteArray>

#include <optional>
#include <utility>
#include <vector>

namespace fairlead::core {

/// The bits that a message's row has for the durable streams that keep it.
inline constexpr int kStreamSlots = 32;

/// What is stored of one durable stream beside its messages.
struct StreamState
{
    int slot = 0; ///< its bit in the messages' rows
    QByteArray filter; ///< by which they were selected
    /// Somebody who was shown a position up to here may have been shown messages that are not stored.
    quint64 unprovenUpTo = 0;
    /// Starts of the host at which it was logged, with the first sequence of each, ascending.
    std::vector<std::pair<quint32, quint64>> epochs;
};

QByteArray encodeStreamState(const StreamState &state);
std::optional<StreamState> decodeStreamState(const QByteArray &text);

/// The spaces of the values about streams; their keys are the streams' names.
inline constexpr char kStreamSpace[] = "fairlead.stream";
inline constexpr char kTrimmedSpace[] = "fairlead.stream.trimmed";

} // namespace fairlead::core
