// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/config/hostconfig.h"
#include "core/distributor/distributor.h"
#include "core/reactor/mainloop.h"
#include "core/reactor/traffic.h"
#include "core/store/memoryengine.h"

#include <QObject>

#include <fairlead/result.h>

#include <functional>
#include <memory>
#include <vector>

namespace fairlead {
class Logger;
class TransportFactory;
} // namespace fairlead

namespace fairlead::core {

class ReactorThread;

/// What a host is made from.
struct HostSetup
{
    int reactors = 1; ///< 1 to 64
    DistributorLimits limits;
    qint64 maxLinks = 0; ///< over all endpoints; 0: no bound
    quint32 epoch = 1; ///< of this start
    QString version;
    /// A log bound to an endpoint.
    std::function<std::shared_ptr<Logger>(const QString &transport, const QString &endpoint)>
        makeLogger;
    /// The loaded factory of a transport type, null when there is none.
    std::function<TransportFactory *(const QString &type)> factory;
};

/// The running host: reactors, distributor and endpoints. Single use: a host that was shut down
/// does not start again (SH-06).
///
/// Thread: main.
class Host final : public QObject
{
    Q_OBJECT

public:
    Host(MainLoop &loop, HostSetup setup);
    ~Host() override;

    /// Starts the reactors. Errors: AlreadyStarted.
    Result<> start();
    /// Opens an endpoint. Errors: the transport's, or why its address cannot be used.
    Result<> open(const EndpointSettings &settings);

    struct Listening
    {
        QString name;
        QString url; ///< with the real port
    };

    std::vector<Listening> listeners() const;

    /// Ends in order: no further links, a last frame to each peer, then what is left is cut off.
    /// stopped() follows; further calls change nothing.
    void shutDown();

    Distributor &distributor() noexcept { return *m_distributor; }

    const std::vector<std::unique_ptr<ReactorThread>> &reactors() const noexcept
    {
        return m_reactors;
    }

    qint64 linkCount() const noexcept;

Q_SIGNALS:
    /// @p cutOff: links that did not end in time.
    void stopped(int cutOff);

private:
    struct Endpoint;

    Result<> listenTcp(Endpoint &endpoint);
    Result<> connectMemory(Endpoint &endpoint);
    void accept(Endpoint &endpoint, int fd, const QByteArray &peerAddress);
    Reactor &leastLoaded() noexcept;
    void checkStopped();
    void finishStop(int cutOff);

    MainLoop &m_loop;
    HostSetup m_setup;
    MemoryEngine m_store;
    std::unique_ptr<Distributor> m_distributor;
    std::vector<std::unique_ptr<ReactorThread>> m_reactors;
    std::vector<std::unique_ptr<Endpoint>> m_endpoints;
    enum class Phase : quint8 {
        Idle,
        Running,
        Stopping,
        Stopped
    };
    Phase m_phase = Phase::Idle;
    qint64 m_stopDeadline = 0;
    Timer m_stopTimer;
    std::size_t m_turn = 0;
};

} // namespace fairlead::core
