// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/config/hostconfig.h"
#include "core/endpoint/dialconnector.h"
#include "core/endpoint/linkplacer.h"
#include "core/endpoint/linkreports.h"
#include "core/endpoint/pluginoffers.h"
#include "core/reactor/acceptor.h"
#include "core/security/linkadmission.h"

#include <QObject>

#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace fairlead {
class HostServices;
class Logger;
class OperationTarget;
class TransportFactory;
} // namespace fairlead

namespace fairlead::core {

class DoubleLinkDesk;
class HostEndpoint;
class ListenerDials;
class MainLoop;
class Supervisor;
struct OfferedServices;

/// The order in which to open them: who dials may dial one of our own.
QList<EndpointSettings> listenersFirst(QList<EndpointSettings> endpoints);

/// The configured endpoints of the running host: made here, kept up by the supervisor.
///
/// Thread: main. Ownership: the host's. What it is made with outlives it.
class EndpointSet final : public QObject
{
    Q_OBJECT

public:
    struct Setup
    {
        QString version;
        QString stateFolder; ///< of what the host keeps for its endpoints
        qint64 maxLinks = 0; ///< over all endpoints; 0: no bound
        AdmissionSettings admission;
        /// A log bound to an endpoint.
        std::function<std::shared_ptr<Logger>(const QString &transport, const QString &endpoint)>
            makeLogger;
        /// The loaded factory of a transport type, null when there is none.
        std::function<TransportFactory *(const QString &type)> factory;
        /// The id of the plugin that offers a transport type; none: the type counts as such.
        std::function<QString(const QString &type)> plugin;
        /// What a plugin may ask the host for, by interface id; null when the host lacks it.
        std::function<std::shared_ptr<void>(const char *iid, const ServiceAsker &asker)> service;
        /// Where links register as services; null: they cannot. Outlives the links.
        SeatDesk *seats = nullptr;
        /// Who is connected by links of another endpoint; null: nobody asks. Outlives the set.
        DoubleLinkDesk *doubleLinks = nullptr;
    };

    EndpointSet(MainLoop &loop,
                Supervisor &supervisor,
                const LinkPlacer::Reactors &reactors,
                const EventFeed &listeners,
                DescriptorReserve &reserve,
                Setup setup);
    ~EndpointSet() override;

    /// What the plugin of transport type @p transport may ask the host for, with a log that is bound to
    /// no endpoint.
    std::unique_ptr<HostServices> services(const QString &transport) const;

    /// Makes and starts an endpoint. Errors: UnknownScheme, the plugin's, AlreadyExists,
    /// ShuttingDown. That it cannot be opened now is told by its state.
    Result<> add(const EndpointSettings &settings);
    /// Another endpoint takes the place of the one with its name; the links of that one end.
    /// Errors: as add(), NotFound.
    Result<> replace(const EndpointSettings &settings);
    /// It stops, and its links end. Errors: NotFound.
    Result<> remove(const QString &name);

    struct Listening
    {
        QString name;
        QString url; ///< with the real port
    };

    /// What listens now, in the order of configuration.
    std::vector<Listening> listeners() const;

    /// Reads certificates and keys again, for the links that come; what could not be read, by
    /// endpoint: there those from before stay in use.
    std::vector<std::pair<QString, Error>> renewCertificates();

    /// What is configured, in order.
    QList<EndpointSettings> settings() const;
    /// Those for peers that plugins found, by listener.
    QList<EndpointSettings> foundSettings() const;

    /// One that is configured, or for a peer that was found. Null when there is none.
    std::shared_ptr<HostEndpoint> find(const QString &name) const;

    /// Of the endpoint with that number; empty when it is gone.
    QString nameOf(int number) const;

    qint64 linkCount() const noexcept;

    /// "endpoint: key at address" of every open connection, those of removed endpoints included.
    QStringList openPeers() const;

    /// Connections that a listener may have beyond its bound: of those that have not said yet who
    /// they are, some take the place of another, and the others are told that there is none.
    static constexpr qint64 kRoomToAsk = 64;

    /// Whoever connects from here on is told that the host ends.
    void refuseLinks() noexcept { m_refusing = true; }

    LinkReports &reports() noexcept { return m_reports; }

    const LinkAdmission &admission() const noexcept { return m_admission; }

    LinkPlacer &placer() noexcept { return m_placer; }

Q_SIGNALS:
    /// Each may be asked to take part in operations; @p target is null when it does not.
    void added(const QString &name, const std::shared_ptr<fairlead::OperationTarget> &target);
    void removed(const QString &name);

private:
    ServiceAsker askerOf(const QString &transport) const;
    Result<std::shared_ptr<HostEndpoint>> make(const EndpointSettings &settings);
    std::unique_ptr<EndpointConnector> connectorFor(const std::shared_ptr<HostEndpoint> &endpoint);
    std::shared_ptr<ListenerDials> dialsFor(const EndpointSettings &settings);
    void endDials(const HostEndpoint *listener);
    std::vector<std::shared_ptr<HostEndpoint>> all() const;
    void noteLeaving(const EndpointRuntimePtr &runtime);
    void accept(HostEndpoint &endpoint, const AcceptedSocket &socket);
    std::optional<RefusalReason> judge(const HostEndpoint &endpoint, const QHostAddress &peer);
    void noteRefused(HostEndpoint &endpoint, RefusalReason reason, const QByteArray &peer);
    const HostEndpoint *findMemoryListener(const QString &name) const;

    MainLoop &m_loop;
    Supervisor &m_supervisor;
    const Setup m_setup;
    const std::shared_ptr<OfferedServices> m_offered;
    DescriptorReserve &m_reserve;
    LinkAdmission m_admission;
    LinkReports m_reports;
    LinkPlacer m_placer;
    std::vector<std::shared_ptr<HostEndpoint>> m_endpoints;
    /// Of listeners whose plugins may find peers.
    std::map<const HostEndpoint *, std::shared_ptr<ListenerDials>> m_dials;
    /// Removed or replaced, with links that still end; counted until then.
    std::vector<std::weak_ptr<EndpointRuntime>> m_leaving;
    int m_nextNumber = 0;
    bool m_refusing = false;
};

} // namespace fairlead::core
