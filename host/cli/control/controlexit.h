// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

namespace fairlead::cli::exitcode {

// How the commands that talk to the daemon end, beside those of Failure.
inline constexpr int kRefused = 4; ///< the daemon said no
inline constexpr int kNotReady = 5; ///< health: it runs and is not ready
inline constexpr int kPartial = 6; ///< a part of the host did not answer in time, or could not
inline constexpr int kNobody = 8; ///< nobody was there to do it

} // namespace fairlead::cli::exitcode
