// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/endpoint/linkplacer.h"

#include "core/carrier/carrierstack.h"
#include "core/reactor/memorystream.h"
#include "core/reactor/reactorthread.h"
#include "core/reactor/socketstream.h"

namespace fairlead::core {

namespace {

void adopt(Reactor &reactor,
           const EndpointRuntimePtr &endpoint,
           std::unique_ptr<MemoryStream> stream,
           Link::Direction direction,
           quint64 generation)
{
    auto shared = std::make_shared<std::unique_ptr<MemoryStream>>(std::move(stream));
    reactor.post([&reactor, endpoint, shared, direction, generation] {
        reactor.adopt(endpoint, std::move(*shared), direction, generation);
    });
}

} // namespace

ReactorThread &LinkPlacer::next() noexcept
{
    // New links weigh the same, so turns are as fair as counts and need no look at other threads.
    return *m_reactors[m_turn++ % m_reactors.size()];
}

Reactor &LinkPlacer::adoptSocket(const EndpointRuntimePtr &endpoint,
                                 int fd,
                                 const QByteArray &peerAddress,
                                 Link::Direction direction,
                                 quint64 generation,
                                 const Error &refusal)
{
    ReactorThread &thread = next();
    thread.reactor().post([&thread, endpoint, fd, peerAddress, direction, generation, refusal] {
        Reactor &reactor = thread.reactor();
        std::unique_ptr<LinkStream> stream
            = std::make_unique<SocketStream>(reactor.chunks(), thread.dispatcher(), fd, peerAddress);
        if (endpoint->carrier) {
            stream = endpoint->carrier->wrap(
                std::move(stream), reactor.chunks(), reactor.random());
        }
        reactor.adopt(
            endpoint,
            std::move(stream),
            direction,
            generation,
            refusal);
    });
    return thread.reactor();
}

Reactor &LinkPlacer::adoptMemory(const EndpointRuntimePtr &dialling,
                                 const EndpointRuntimePtr &listening,
                                 const QByteArray &name,
                                 quint64 generation)
{
    Reactor &here = next().reactor();
    Reactor &there = next().reactor();
    auto pair = MemoryStream::makePair(here, there, name);
    adopt(there, listening, std::move(pair.second), Link::Direction::Accepted, 0);
    adopt(here, dialling, std::move(pair.first), Link::Direction::Dialled, generation);
    return here;
}

void LinkPlacer::end(Reactor &reactor, quint64 generation, const Error &reason, bool abort)
{
    reactor.post([&reactor, generation, reason, abort] {
        HostLink *link = reactor.findLink(generation);
        if (!link)
            return;
        if (abort)
            link->close(reason, CloseMode::Abort, true);
        else
            link->shutDown(reason);
    });
}

void LinkPlacer::endAll(const EndpointRuntime &endpoint, const Error &reason)
{
    for (const auto &thread : m_reactors) {
        Reactor &reactor = thread->reactor();
        reactor.post([&reactor, number = endpoint.number, reason] {
            reactor.shutDownLinks(reason, number);
        });
    }
}

} // namespace fairlead::core
