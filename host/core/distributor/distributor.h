// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/limits.h"
#include "core/distributor/sequencer.h"
#include "core/distributor/sessiondirectory.h"
#include "core/distributor/streamlog.h"
#include "core/distributor/streamseats.h"
#include "core/distributor/streamset.h"
#include "core/registry/generationsource.h"

#include <vector>

namespace fairlead::core {

class LinkArbitration;
class Reactor;

/// What all reactors share to route messages: index, history, retained messages, sessions by peer.
/// Thread: each part says. Ownership: outlives the reactors.
struct Distributor
{
    /// @p next: the first position of this start. @p keeper null: nothing outlives the process.
    Distributor(Position next, const DistributorLimits &bounds, Store *keeper)
        : limits(bounds)
        , store(keeper)
        , first(next)
        , retained(bounds.retained)
        , streams(bounds.streams, next.sequence - 1)
        , log(streams, keeper)
        , seats(streams)
        , sequencer(next, retained, streams, keeper)
        , index(sequencer)
        , directory(links, bounds.sessions)
    { }

    const DistributorLimits limits;
    Store *const store;
    const Position first; ///< of this start
    GenerationSource generations;
    LinkRegistry links;
    RetainedStore retained;
    StreamSet streams;
    StreamLog log;
    StreamSeats seats;
    Sequencer sequencer;
    TopicIndex index;
    SessionDirectory directory;
    std::vector<Reactor *> reactors;
    LinkArbitration *arbitration = nullptr; ///< null: the newest link of a peer wins, always

    /// What sessions read what came before their live messages from.
    SessionSources sources() noexcept { return {retained, streams, index, store}; }
};

} // namespace fairlead::core
