// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/control/controlapi.h"
#include "core/control/controltime.h"

namespace fairlead::core {

class Host;
class HostView;
class MainLoop;

/// The methods about what the reactors hold: links, sessions, disconnect. Thread: main. Ownership:
/// outlives the API's use of it.
class LinkMethods
{
public:
    static constexpr qint64 kMaxPage = 1000;

    LinkMethods(MainLoop &loop, Host &host, const HostView &view);

    void addTo(ControlApi &api);

private:
    void listLinks(const Call &call) const;
    void listSessions(const Call &call) const;
    void disconnect(const Call &call) const;

    MainLoop &m_loop;
    Host &m_host;
    const HostView &m_view;
    const ControlTime m_time;
};

} // namespace fairlead::core
