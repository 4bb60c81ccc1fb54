// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/control/controlapi.h"

#include <functional>

namespace fairlead::core {

class Host;
struct BroadcastRequest;
struct ConfigChange;

/// The methods with which an operator steers a running host: services, quiesce, resume,
/// release-handles, reload, start, stop, restart. Thread: main. Ownership: outlives the API's use
/// of it.
class OperatorMethods
{
public:
    /// Reads the configuration again and applies it; what changed, or why nothing did.
    using Reload = std::function<Result<ConfigChange>()>;

    OperatorMethods(Host &host, Reload reload);

    void addTo(ControlApi &api);

private:
    void services(const Call &call) const;
    void broadcast(const BroadcastRequest &request, const Call &call) const;
    void quiesce(const Call &call) const;
    void resume(const Call &call) const;
    void releaseHandles(const Call &call) const;
    void reload(const Call &call) const;
    void steer(const QString &what, const Call &call) const;

    Host &m_host;
    const Reload m_reload;
};

} // namespace fairlead::core
