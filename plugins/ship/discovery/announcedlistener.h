// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "discovery/discovery.h"

#include <fairlead/transport.h>

#include <memory>
#include <utility>
#include <vector>

namespace fairlead::ship {

/// A listener that others find, and that finds others.
class AnnouncedListener final : public Listener
{
public:
    /// @p ties are kept as long as others are to reach @p discovery.
    AnnouncedListener(std::unique_ptr<Listener> listener,
                      std::unique_ptr<Discovery> discovery,
                      std::vector<std::shared_ptr<void>> ties)
        : m_listener(std::move(listener))
        , m_discovery(std::move(discovery))
        , m_ties(std::move(ties))
    { }

    std::unique_ptr<LinkDriver> createDriver(const LinkContext &context) override
    {
        return m_listener->createDriver(context);
    }

    OperationTarget *operations() override { return m_listener->operations(); }

    void handleListening(quint16 port) override
    {
        m_listener->handleListening(port);
        m_discovery->listening(port);
    }

    void handleStopped() override
    {
        m_discovery->stopped();
        m_listener->handleStopped();
    }

private:
    const std::unique_ptr<Listener> m_listener;
    const std::unique_ptr<Discovery> m_discovery;
    const std::vector<std::shared_ptr<void>> m_ties; ///< end first
};

} // namespace fairlead::ship
