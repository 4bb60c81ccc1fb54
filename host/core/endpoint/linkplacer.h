// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/reactor/endpointruntime.h"

#include <memory>
#include <vector>

namespace fairlead::core {

class Reactor;
class ReactorThread;

/// Puts connections on reactors and reaches the links that came of them. Thread: main.
class LinkPlacer
{
public:
    using Reactors = std::vector<std::unique_ptr<ReactorThread>>;

    explicit LinkPlacer(const Reactors &reactors) noexcept
        : m_reactors(reactors)
    { }

    /// A link over the connected socket @p fd, which is taken over. @p generation is that of the
    /// attempt it came from, 0: none. @p refusal: see Reactor::adopt(). The reactor it lives on.
    Reactor &adoptSocket(const EndpointRuntimePtr &endpoint,
                         int fd,
                         const QByteArray &peerAddress,
                         Link::Direction direction,
                         quint64 generation = 0,
                         const Error &refusal = Error());
    /// Two links over a pair of streams in memory; the reactor of the dialling one.
    Reactor &adoptMemory(const EndpointRuntimePtr &dialling,
                         const EndpointRuntimePtr &listening,
                         const QByteArray &name,
                         quint64 generation);

    /// Ends one link with its protocol's last frame, or (@p abort) at once.
    static void end(Reactor &reactor, quint64 generation, const Error &reason, bool abort);
    /// Ends every link of an endpoint with its protocol's last frame.
    void endAll(const EndpointRuntime &endpoint, const Error &reason);

private:
    ReactorThread &next() noexcept;

    const Reactors &m_reactors;
    std::size_t m_turn = 0;
};

} // namespace fairlead::core
