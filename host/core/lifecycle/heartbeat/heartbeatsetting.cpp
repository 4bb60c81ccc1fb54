// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/heartbeat/heartbeatsetting.h"

namespace fairlead::core {

namespace {

constexpr qint64 kMaxMs = 366LL * 24 * 3600 * 1000;

Error checkRange(const char *what, qint64 ms)
{
    if (ms >= 0 && ms <= kMaxMs)
        return {};
    return {ErrorCode::InvalidArgument,
            QStringLiteral("the heartbeat's %1 is 0 to %2 ms, not %3")
                .arg(QLatin1String(what))
                .arg(kMaxMs)
                .arg(ms)};
}

Error checkRanges(const HeartbeatWish &wish)
{
    struct Value
    {
        const char *what;
        qint64 ms;
    };

    for (const Value &value : {Value{"configured timeout", wish.configuredMs.value_or(0)},
                               Value{"protocol timeout", wish.protocolMs.value_or(0)},
                               Value{"probe interval", wish.probeMs.value_or(0)},
                               Value{"grace", wish.graceMs},
                               Value{"suspension", wish.suspensionMs.value_or(0)},
                               Value{"keep alive", wish.keepAliveSeconds.value_or(0) * 1000LL}}) {
        if (Error error = checkRange(value.what, value.ms); !error.isNull())
            return error;
    }
    return {};
}

} // namespace

Result<HeartbeatSetting> resolveHeartbeat(const HeartbeatWish &wish)
{
    if (const Error error = checkRanges(wish); !error.isNull())
        return error;
    HeartbeatSetting setting;
    if (wish.keepAliveSeconds.value_or(0) > 0) {
        setting.timeoutNs = *wish.keepAliveSeconds * kNsPerSecond * 3 / 2;
        setting.suspensionNs = 0;
        return setting;
    }
    setting.timeoutNs = wish.configuredMs.value_or(wish.protocolMs.value_or(0)) * kNsPerMs;
    if (!setting.isEnabled())
        return HeartbeatSetting();
    setting.probeNs = wish.probeMs ? *wish.probeMs * kNsPerMs : setting.checkPeriodNs();
    if (wish.probeMs && setting.probeNs >= setting.timeoutNs) {
        return Error(ErrorCode::InvalidArgument,
                     QStringLiteral("a probe after %1 ms comes too late for a timeout of %2 ms")
                         .arg(*wish.probeMs)
                         .arg(setting.timeoutNs / kNsPerMs));
    }
    setting.graceNs = wish.graceMs * kNsPerMs;
    if (wish.suspensionMs)
        setting.suspensionNs = *wish.suspensionMs * kNsPerMs;
    return setting;
}

} // namespace fairlead::core
