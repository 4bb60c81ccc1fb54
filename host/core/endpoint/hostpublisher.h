// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/publisher.h>

namespace fairlead::core {

class Reactor;

/// Publishes for plugins, on one reactor, so that the order stays. Thread: main. Ownership: shared;
/// the reactor lives until close().
class HostPublisher final : public Publisher
{
public:
    explicit HostPublisher(Reactor &reactor) noexcept
        : m_reactor(&reactor)
    { }

    Result<> publish(const PublishView &view) override;

    /// The host ends.
    void close() noexcept { m_reactor = nullptr; }

private:
    Reactor *m_reactor;
};

} // namespace fairlead::core
