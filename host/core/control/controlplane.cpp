// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/controlplane.h"

#include "core/control/controlserver.h"
#include "core/platform/files.h"
#include "core/reactor/mainloop.h"

#include <QtCore/QDir>

namespace fairlead::core {

Result<ControlPath> resolveControlPath(const QString &option,
                                       const QString &configured,
                                       const Environment &environment)
{
    if (!option.isEmpty())
        return ControlPath{QDir::cleanPath(QDir::current().absoluteFilePath(option)), true, {}};
    if (!configured.isEmpty())
        return ControlPath{QDir::cleanPath(configured), true, {}};
    // The service manager may list several folders; the first is the service's own.
    const QString runtime
        = environment.value(QStringLiteral("RUNTIME_DIRECTORY")).section(QLatin1Char(':'), 0, 0);
    if (QDir::isAbsolutePath(runtime))
        return ControlPath{QDir::cleanPath(runtime + QStringLiteral("/control.sock")), false, {}};
    const QString xdg = environment.value(QStringLiteral("XDG_RUNTIME_DIR"));
    if (QDir::isAbsolutePath(xdg)) {
        const QString folder = QDir::cleanPath(xdg + QStringLiteral("/fairlead"));
        return ControlPath{folder + QStringLiteral("/control.sock"), false, folder};
    }
    return Error(ErrorCode::ConfigMissing,
                 QStringLiteral("there is no $RUNTIME_DIRECTORY and no $XDG_RUNTIME_DIR for the "
                                "control socket; write socket in [control] or give --control"));
}

ControlPlane::ControlPlane(MainLoop &loop, Host &host, const HostView &view, const QString &version)
    : m_loop(loop)
    , m_methods(loop, host, view, version)
{
    m_methods.addTo(m_api);
}

ControlPlane::~ControlPlane() = default;

Result<> ControlPlane::listen(const ControlPath &path)
{
    if (!path.folder.isEmpty()) {
        if (const Result<> made = makeFolder(path.folder); !made)
            return made;
    }
    auto server = ControlServer::listen(
        {m_loop.dispatcher(), m_loop.timers(), m_loop.clock()}, m_api, path.path);
    if (!server)
        return server.error();
    m_server = std::move(*server);
    return {};
}

QString ControlPlane::socketPath() const
{
    return m_server ? m_server->path() : QString();
}

} // namespace fairlead::core
