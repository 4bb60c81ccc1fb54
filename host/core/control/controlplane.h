// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/control/controlapi.h"
#include "core/control/hostmethods.h"
#include "core/platform/paths.h"

#include <QtCore/QString>

#include <memory>

namespace fairlead::core {

class ControlServer;

/// Where the control socket is.
struct ControlPath
{
    QString path;
    bool isNamed = false; ///< by the operator: that it cannot be used is an error of the start
    QString folder; ///< to be made first; empty when it must be there
};

/// @p option, else @p configured, else $RUNTIME_DIRECTORY/control.sock, else
/// $XDG_RUNTIME_DIR/fairlead/control.sock. Errors: ConfigMissing when there is none of them.
Result<ControlPath> resolveControlPath(const QString &option,
                                       const QString &configured,
                                       const Environment &environment);

/// The control plane of a host: its methods and the doors to them. Thread: main.
class ControlPlane
{
public:
    ControlPlane(MainLoop &loop, Host &host, const HostView &view, const QString &version);
    ~ControlPlane();

    /// Further methods are added here.
    ControlApi &api() noexcept { return m_api; }

    /// Errors: LocalSocket::listen()'s.
    Result<> listen(const ControlPath &path);

    /// Empty while there is no socket.
    QString socketPath() const;

private:
    MainLoop &m_loop;
    ControlApi m_api;
    HostMethods m_methods;
    std::unique_ptr<ControlServer> m_server;
};

} // namespace fairlead::core
