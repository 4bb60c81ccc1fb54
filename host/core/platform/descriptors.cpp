// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/descriptors.h"

#include <sys/resource.h>

#include <algorithm>
#include <limits>

namespace fairlead::core {

qint64 raiseDescriptorLimit() noexcept
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 1024;
    if (limit.rlim_cur < limit.rlim_max) {
        rlimit raised = limit;
        raised.rlim_cur = limit.rlim_max;
        if (::setrlimit(RLIMIT_NOFILE, &raised) == 0)
            limit = raised;
    }
    constexpr auto kMost = rlim_t(std::numeric_limits<qint32>::max());
    return qint64(std::min(limit.rlim_cur, kMost));
}

} // namespace fairlead::core
