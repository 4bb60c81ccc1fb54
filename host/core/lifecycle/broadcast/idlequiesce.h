// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

namespace fairlead::core {

class Broadcaster;
class IdleTracker;

/// Whoever @p tracker finds idle is quiesced through @p broadcaster, and is watched again when that
/// did not reach it (BC-07). Both may be deleted in any order.
void connectIdleQuiesce(IdleTracker &tracker, Broadcaster &broadcaster);

} // namespace fairlead::core
