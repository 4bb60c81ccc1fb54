// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include <fairlead/timers.h>

namespace fairlead {

Timer::~Timer()
{
    if (m_timers)
        m_timers->disarm(*this);
}

} // namespace fairlead
