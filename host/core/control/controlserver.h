// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/control/channel.h"
#include "core/platform/descriptorreserve.h"
#include "core/platform/localsocket.h"

#include <QtCore/QObject>

#include <memory>
#include <vector>

namespace fairlead::core {

class ControlApi;
class ControlConnection;

/// The control socket: a local stream socket of mode 0660 with a bounded number of clients.
///
/// When it is full, the client that has been idle for longest, and for a second at least, makes
/// room; when none is idle, the newcomer is told so.
///
/// Thread: main.
class ControlServer final : public QObject, private FdHandler
{
    Q_OBJECT

public:
    static constexpr int kMaxConnections = 32;
    static constexpr qint64 kIdleNs = kNsPerSecond;

    /// With a @p reserve, which outlives it, operators get in when links find no descriptor left.
    /// Errors: LocalSocket::listen()'s.
    static Result<std::unique_ptr<ControlServer>> listen(const ControlLoop &loop,
                                                         ControlApi &api,
                                                         const QString &path,
                                                         DescriptorReserve *reserve = nullptr);
    ~ControlServer() override;

    const QString &path() const noexcept { return m_socket->path(); }

    int connectionCount() const noexcept { return int(m_connections.size()); }

    quint64 refused() const noexcept { return m_refused; }

    quint64 evicted() const noexcept { return m_evicted; }

private:
    ControlServer(const ControlLoop &loop,
                  ControlApi &api,
                  std::unique_ptr<LocalSocket> socket,
                  DescriptorReserve *reserve);
    void handleFdEvents(quint32 events) noexcept override;
    void admit(int fd);
    bool makeRoom();
    void startAccepting() noexcept;

    const ControlLoop m_loop;
    ControlApi &m_api;
    std::unique_ptr<LocalSocket> m_socket;
    DescriptorReserve m_none; ///< when there is none
    DescriptorReserve &m_reserve;
    std::vector<ControlConnection *> m_connections; ///< children, in the order of their coming
    Timer m_retry;
    quint64 m_refused = 0;
    quint64 m_evicted = 0;
};

} // namespace fairlead::core
