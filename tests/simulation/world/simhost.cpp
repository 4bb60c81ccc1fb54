// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "simhost.h"

#include "core/security/anonymousaccess.h"

namespace fairlead::sim {

namespace {

class SilentLogger final : public Logger
{
public:
    bool isEnabled(LogLevel) const noexcept override { return false; }

    void log(LogLevel, const char *, const QString &) override { }
};

} // namespace

SimHost::SimHost(int reactors,
                 quint64 seed,
                 const core::DistributorLimits &limits,
                 core::Store *store)
    : SimHost(Setup{reactors, seed, limits, store, {1, 1}, nullptr})
{ }

SimHost::SimHost(const Setup &setup)
    : m_clock(setup.clock ? *setup.clock : m_ownClock)
    , m_random(setup.seed)
    , m_distributor(setup.next, setup.limits, setup.store)
    , m_endpoint(std::make_shared<core::EndpointRuntime>())
{
    m_endpoint->name = QStringLiteral("sim");
    m_endpoint->authenticator = std::make_shared<core::AnonymousAuthenticator>(true);
    m_endpoint->accessControl = std::make_shared<core::UnrestrictedAccess>();
    m_endpoint->logger = std::make_shared<SilentLogger>();
    for (int i = 0; i < setup.reactors; ++i) {
        m_wakes.push_back(std::make_unique<Wake>());
        m_reactors.push_back(
            std::make_unique<core::Reactor>(i, m_distributor, m_clock, m_random, *m_wakes.back()));
    }
}

SimHost::~SimHost() = default;

std::unique_ptr<SimLink> SimHost::open(int reactor,
                                       const MakeDriver &make,
                                       Link::Direction direction,
                                       const Error &refusal)
{
    auto link = std::make_unique<SimLink>();
    SimLink *raw = link.get();
    auto endpoint = std::make_shared<core::EndpointRuntime>();
    endpoint->name = m_endpoint->name;
    endpoint->authenticator = m_endpoint->authenticator;
    endpoint->accessControl = m_endpoint->accessControl;
    endpoint->logger = m_endpoint->logger;
    endpoint->follower = m_endpoint->follower;
    endpoint->gate = m_endpoint->gate;
    endpoint->seats = m_endpoint->seats;
    endpoint->serviceVersions = m_endpoint->serviceVersions;
    endpoint->maxLinks = m_endpoint->maxLinks;
    endpoint->handshakeTimeoutNs = m_endpoint->handshakeTimeoutNs;
    endpoint->durability = m_endpoint->durability;
    endpoint->overflow = m_endpoint->overflow;
    endpoint->notices = m_endpoint->notices;
    endpoint->peerKind = m_endpoint->peerKind;
    endpoint->createDriver
        = [raw, make](const LinkContext &context) { return make(context, *raw); };
    auto stream = std::make_unique<SimStream>(m_reactors[std::size_t(reactor)]->chunks());
    link->stream = stream.get();
    stream->watch(&raw->stream);
    link->reactor = reactor;
    link->host = m_reactors[std::size_t(reactor)]->adopt(
        endpoint, std::move(stream), direction, 0, refusal);
    link->generation = link->host ? link->host->generation() : 0;
    return link;
}

std::unique_ptr<SimLink> SimHost::open(int reactor)
{
    return open(reactor, [](const LinkContext &context, SimLink &link) {
        return std::make_unique<ProbeDriver>(context, link.record);
    });
}

std::unique_ptr<SimLink> SimHost::connect(int reactor,
                                          const std::string &peerKey,
                                          quint32 expirySeconds,
                                          bool clean)
{
    auto link = open(reactor);
    (*link)->connect(peerKey, expirySeconds, clean);
    settle();
    return link;
}

bool SimHost::step()
{
    ++s_steps;
    std::vector<std::size_t> ready;
    for (std::size_t i = 0; i < m_reactors.size(); ++i) {
        if (m_wakes[i]->woken || m_reactors[i]->hasPendingWork())
            ready.push_back(i);
    }
    if (ready.empty())
        return false;
    const std::size_t chosen = ready[m_random.below(ready.size())];
    m_wakes[chosen]->woken = false;
    m_reactors[chosen]->turn();
    return true;
}

bool SimHost::settle(int maxSteps)
{
    while (maxSteps-- > 0) {
        if (!step())
            return true;
    }
    return false;
}

void SimHost::advance(qint64 ns)
{
    const qint64 end = m_clock.now() + ns;
    settle();
    for (;;) {
        qint64 next = -1;
        for (const auto &reactor : m_reactors) {
            const qint64 deadline = reactor->nextDeadline();
            if (deadline >= 0 && (next < 0 || deadline < next))
                next = deadline;
        }
        if (next < 0 || next > end)
            break;
        m_clock.advance(std::max<qint64>(0, next - m_clock.now()));
        for (const auto &reactor : m_reactors)
            reactor->turn();
        settle();
    }
    m_clock.advance(end - m_clock.now());
}

void SimHost::fireDue()
{
    for (const auto &reactor : m_reactors) {
        const qint64 deadline = reactor->nextDeadline();
        if (deadline >= 0 && deadline <= m_clock.now())
            reactor->turn();
    }
}

void SimHost::wakeAll()
{
    for (const auto &reactor : m_reactors)
        reactor->wake();
}

quint64 SimHost::drops(core::DropReason reason) const
{
    quint64 sum = 0;
    for (const auto &reactor : m_reactors)
        sum += reactor->traffic().drop(reason).value();
    return sum;
}

} // namespace fairlead::sim
