// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/supervisor/endpointpolicy.h"

#include <array>

namespace fairlead::core {

Result<> EndpointPolicy::validate() const
{
    if (const auto checked = BackOff::create(backOff); !checked)
        return checked.error();

    struct Span
    {
        const char *name;
        qint64 ns;
        qint64 least;
    };

    const std::array<Span, 8> spans = {{
        {"stability time", stabilityNs, 0},
        {"dial deadline", dialDeadlineNs, kNsPerMs},
        {"handshake deadline", handshakeDeadlineNs, kNsPerMs},
        {"drain deadline", drainDeadlineNs, 0},
        {"close deadline", closeDeadlineNs, 0},
        {"crash window", crash.windowNs, 0},
        {"crash retry", crash.retryNs, kNsPerMs},
        {"crash pause", crash.unavailableNs, kNsPerMs},
    }};
    for (const Span &span : spans) {
        if (span.ns < span.least || span.ns > BackOff::kLongestNs) {
            return Error(ErrorCode::ConfigRange,
                         QStringLiteral("the %1 is not between %2 ms and 30 days")
                             .arg(QLatin1String(span.name))
                             .arg(span.least / kNsPerMs));
        }
    }
    return {};
}

Result<> EndpointPlan::validate() const
{
    if (name.isEmpty())
        return Error(ErrorCode::InvalidArgument, QStringLiteral("an endpoint needs a name"));
    return policy.validate();
}

} // namespace fairlead::core
