// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

namespace fairlead::core {

struct Distributor;
struct Recovered;

/// Takes up what an earlier start of the host left: retained messages, sessions with their
/// subscriptions and all they are owed, spread over the reactors. The sessions' deadlines and
/// testaments begin with Reactor::beginWaiting().
///
/// Thread: one, before the reactors turn.
void restore(Distributor &distributor, const Recovered &recovered);

} // namespace fairlead::core
