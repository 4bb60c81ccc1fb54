// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/storerecord.h"

#include <QByteArray>

#include <optional>
#include <vector>

namespace fairlead::core {

/// The stored form of who is owed a message. The first byte is the form's version; numbers are
/// little-endian groups of seven bits.
///
/// Thread: any; functions of their arguments. Errors: decoding yields nothing for bytes that are not
/// exactly one value of a known version.

/// Whether @p a comes before @p b in a list: by session, then copy.
bool isBefore(const DurableTarget &a, const DurableTarget &b) noexcept;

/// @p targets in the order of isBefore(), each once. What is owed was judged already, so noLocal is
/// not kept.
QByteArray encodeTargets(const std::vector<const DurableTarget *> &targets);
std::optional<std::vector<DurableTarget>> decodeTargets(const QByteArray &bytes);

/// What has changed of a message since its row was written.
struct SettledSet
{
    quint32 releasedStreams = 0; ///< streams of the row that keep it no more
    std::vector<DurableTarget> added; ///< behind those of the row, in the order of isBefore()
    std::vector<bool> settled; ///< per target of the row, then per added one; the missing are not
};

QByteArray encodeSettled(const SettledSet &set);
std::optional<SettledSet> decodeSettled(const QByteArray &bytes);

} // namespace fairlead::core
