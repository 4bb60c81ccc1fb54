// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "service/serviceoptions.h"

#include <fairlead/message.h>
#include <fairlead/optionreader.h>

namespace fairlead::tcp {

namespace {

constexpr quint32 kLongestHeartbeat = 86400;
constexpr quint32 kLongestKeep = 31'536'000;
constexpr quint32 kSmallestFrame = 64 * 1024;
constexpr quint32 kLargestFrame = 16 * 1024 * 1024;

} // namespace

Result<ServiceOptions> parseServiceOptions(const EndpointConfig &config)
{
    ServiceOptions out;
    OptionReader in(config.options);
    in.read("service_session_expiry", out.sessionExpiry, 0, kNever);
    in.read("service_keep", out.keep, 0, kLongestKeep);
    in.read("service_heartbeat", out.heartbeat, 0, kLongestHeartbeat);
    in.read("service_heartbeat_max", out.heartbeatMax, 0, kLongestHeartbeat);
    in.read("service_max_frame", out.maxFrame, kSmallestFrame, kLargestFrame);
    if (!in.error().isNull())
        return in.error();
    return out;
}

} // namespace fairlead::tcp
