// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/control/gather.h"
#include "core/host.h"
#include "core/reactor/mainloop.h"
#include "core/reactor/reactorthread.h"

namespace fairlead::core {

/// Reactors that have not answered by then are left out.
inline constexpr qint64 kReactorNs = 2 * kNsPerSecond;

/// Asks every reactor of @p host; @p done gets the values in their order. Thread: main, but for the
/// question.
template <typename Value>
void askReactors(MainLoop &loop,
                 Host &host,
                 const std::function<Value(Reactor &)> &question,
                 const std::function<void(std::vector<std::optional<Value>>)> &done)
{
    std::vector<typename Gather<Value>::Source> sources;
    for (const auto &thread : host.reactors()) {
        Reactor &reactor = thread->reactor();
        sources.push_back({&reactor, [&reactor, question] { return question(reactor); }});
    }
    Gather<Value>::start({loop, loop.timers(), loop.clock()}, std::move(sources), kReactorNs, done);
}

} // namespace fairlead::core
