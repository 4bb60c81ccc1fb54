// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/endpoint/dialconnector.h"

#include <functional>

namespace fairlead::core {

/// Dials a listener of this host by its name. Thread: main.
class MemoryConnector final : public DialConnector
{
public:
    /// The open listener of that name, null when there is none.
    using Find = std::function<const HostEndpoint *(const QString &name)>;

    MemoryConnector(std::shared_ptr<HostEndpoint> endpoint, const Host &host, Find find);

private:
    void startDial(qint64 deadline) override;

    void abortDial() noexcept override { }

    const Find m_find;
};

} // namespace fairlead::core
