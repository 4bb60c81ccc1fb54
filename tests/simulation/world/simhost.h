// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/distributor.h"
#include "core/reactor/reactor.h"
#include "probedriver.h"
#include "simclock.h"
#include "simrandom.h"
#include "simstream.h"

#include <memory>
#include <vector>

namespace fairlead::sim {

/// One link of the simulation, seen from outside.
struct SimLink
{
    SimLink() = default;
    SimLink(const SimLink &) = delete;
    SimLink &operator=(const SimLink &) = delete;

    ~SimLink()
    {
        if (stream)
            stream->watch(nullptr);
    }

    std::shared_ptr<ProbeDriver::Record> record = std::make_shared<ProbeDriver::Record>();
    SimStream *stream = nullptr; ///< null once the host let it go
    core::HostLink *host = nullptr;
    int reactor = 0;
    quint64 generation = 0;

    ProbeDriver *operator->() const { return record->driver; }

    bool isOpen() const { return record->driver != nullptr; }
};

/// The host's message path with any number of reactors on one thread, in seeded order, on a clock
/// that the test moves.
class SimHost
{
public:
    struct Setup
    {
        int reactors = 1;
        quint64 seed = 1;
        core::DistributorLimits limits;
        core::Store *store = nullptr; ///< null: nothing outlives the host
        Position next = {1, 1}; ///< of its first message
        SimClock *clock = nullptr; ///< null: one of its own
    };

    explicit SimHost(const Setup &setup);
    explicit SimHost(int reactors,
                     quint64 seed = 1,
                     const core::DistributorLimits &limits = core::DistributorLimits(),
                     core::Store *store = nullptr);
    ~SimHost();
    SimHost(const SimHost &) = delete;
    SimHost &operator=(const SimHost &) = delete;

    using MakeDriver = std::function<std::unique_ptr<LinkDriver>(const LinkContext &, SimLink &)>;
    /// A link to a driver of the test's making, on @p reactor.
    std::unique_ptr<SimLink> open(int reactor,
                                  const MakeDriver &make,
                                  Link::Direction direction = Link::Direction::Accepted,
                                  const Error &refusal = Error());
    /// A link to a ProbeDriver.
    std::unique_ptr<SimLink> open(int reactor);
    /// The same, connected, with everything settled.
    std::unique_ptr<SimLink> connect(int reactor,
                                     const std::string &peerKey,
                                     quint32 expirySeconds = 0,
                                     bool clean = false);

    /// One turn of a reactor that has something to do; false when none has.
    bool step();

    /// A turn for each reactor with a timer that is due; for who moves the clock himself.
    void fireDue();
    /// The store has decided something.
    void wakeAll();

    /// By all hosts of the process.
    static quint64 stepsTaken() noexcept { return s_steps; }

    /// Turns until nothing is left to do; false when @p maxSteps did not suffice.
    bool settle(int maxSteps = 100'000);
    /// Moves the clock on, firing timers on their way.
    void advance(qint64 ns);

    SimClock &clock() noexcept { return m_clock; }

    SimRandom &random() noexcept { return m_random; }

    core::Distributor &distributor() noexcept { return m_distributor; }

    core::Reactor &reactor(int number) noexcept { return *m_reactors[std::size_t(number)]; }

    int reactorCount() const noexcept { return int(m_reactors.size()); }

    core::EndpointRuntime &endpoint() noexcept { return *m_endpoint; }

    quint64 drops(core::DropReason reason) const;

private:
    struct Wake final : core::Wakeup
    {
        bool woken = false;

        void wake() noexcept override { woken = true; }
    };

    SimClock m_ownClock;
    SimClock &m_clock;
    static inline quint64 s_steps = 0;
    SimRandom m_random;
    core::Distributor m_distributor;
    core::EndpointRuntimePtr m_endpoint;
    std::vector<std::unique_ptr<Wake>> m_wakes;
    std::vector<std::unique_ptr<core::Reactor>> m_reactors;
};

} // namespace fairlead::sim
