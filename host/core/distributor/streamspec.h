// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QByteArray>

#include <fairlead/clock.h>
#include <fairlead/topic.h>

namespace fairlead::core {

/// How much of the past one stream keeps; 0: this does not limit it. A stream that is limited neither
/// by count nor by bytes keeps nothing, since nothing would bound its memory.
struct ReplayLimits
{
    quint64 count = 1024;
    qint64 ageNs = 300 * kNsPerSecond;
    quint64 bytes = quint64(16) * 1024 * 1024;

    bool isOff() const noexcept { return count == 0 && bytes == 0; }

    bool operator==(const ReplayLimits &) const = default;
};

/// A part of the history that is kept on terms of its own.
struct StreamSpec
{
    QByteArray name;
    TopicFilter filter;
    bool durable = false;
    ReplayLimits limits;
    /// How many sessions may subscribe to its topics at once; 1: it is exclusive, 0: any number.
    quint32 maxSubscribers = 0;

    bool operator==(const StreamSpec &) const = default;
};

/// The stream of all topics that there always is.
inline constexpr char kDefaultStream[] = "default";

/// The most streams there may be, the default one included: a bit of a mask for each.
inline constexpr int kMostStreams = 32;

} // namespace fairlead::core
