// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/endpoint/listenerdials.h"

#include <fairlead/hostservices.h>

#include <cstring>
#include <memory>

namespace fairlead::core {

/// What the plugin of a listener may ask the host for, dials of peers that it finds among it.
/// Thread: main.
class ListenerServices final : public HostServices
{
public:
    ListenerServices(std::unique_ptr<HostServices> others, std::shared_ptr<ListenerDials> dials)
        : m_others(std::move(others))
        , m_dials(std::move(dials))
    { }

    Logger &logger() noexcept override { return m_others->logger(); }

    QString hostVersion() const override { return m_others->hostVersion(); }

    void *service(const char *iid) noexcept override
    {
        if (std::strcmp(iid, FAIRLEAD_PEERDIALS_IID) != 0)
            return m_others->service(iid);
        return static_cast<PeerDials *>(m_dials.get());
    }

private:
    const std::unique_ptr<HostServices> m_others;
    const std::shared_ptr<ListenerDials> m_dials;
};

} // namespace fairlead::core
