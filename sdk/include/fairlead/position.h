// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

#include <compare>

namespace fairlead {

/// The place of a message in the host's history. The sequence never restarts; each start of the
/// host is another epoch. Sequence 0 means "none". @since 0.1
struct Position
{
    quint32 epoch = 0;
    quint64 sequence = 0;

    auto operator<=>(const Position &) const = default;
};

} // namespace fairlead
