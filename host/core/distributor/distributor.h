// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/limits.h"
#include "core/distributor/sequencer.h"
#include "core/distributor/sessiondirectory.h"
#include "core/registry/generationsource.h"

#include <vector>

namespace fairlead::core {

class Reactor;

/// What all reactors share to route messages: index, history, retained messages, sessions by peer.
/// Thread: each part says. Ownership: outlives the reactors.
struct Distributor
{
    Distributor(quint32 epoch, const DistributorLimits &bounds, TicketStore &engine)
        : limits(bounds)
        , store(engine)
        , retained(bounds.retained)
        , sequencer(epoch, retained, engine)
        , index(sequencer)
        , directory(links, bounds.sessions)
    { }

    const DistributorLimits limits;
    TicketStore &store;
    GenerationSource generations;
    LinkRegistry links;
    RetainedStore retained;
    Sequencer sequencer;
    TopicIndex index;
    SessionDirectory directory;
    std::vector<Reactor *> reactors;
};

} // namespace fairlead::core
