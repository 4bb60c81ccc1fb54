// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/endpoint/dialconnector.h"
#include "core/endpoint/hostendpoint.h"
#include "core/endpoint/peerconnector.h"
#include "core/lifecycle/supervisor/discoverydelay.h"
#include "core/platform/systemrandom.h"

#include <QtCore/QObject>
#include <QtCore/QPointer>

#include <fairlead/peerdials.h>

#include <functional>
#include <map>
#include <memory>

namespace fairlead::core {

class DoubleLinkDesk;
class MainLoop;
class SupervisedEndpoint;
class Supervisor;
struct EndpointPlan;
struct EndpointEvent;

/// The links to peers that the plugin of one listener found. Each wanted peer is an endpoint of the
/// supervisor.
///
/// Thread: main. Ownership: shared by those whom the plugin was given it by.
class ListenerDials final : public QObject,
                            public PeerDials,
                            public std::enable_shared_from_this<ListenerDials>
{
    Q_OBJECT

public:
    struct Host
    {
        MainLoop &loop;
        QPointer<Supervisor> supervisor; ///< null once the host ends
        LinkPlacer &placer;
        LinkReports &reports;
        DoubleLinkDesk *doubleLinks; ///< as with DialConnector
        /// What a further endpoint of that name and transport is made of.
        std::function<HostEndpoint::Parts(const EndpointSettings &settings)> parts;
    };

    explicit ListenerDials(const Host &host);
    ~ListenerDials() override;

    /// Whose dials they are; before it nothing can be wanted.
    void setListener(const std::shared_ptr<HostEndpoint> &listener);

    /// The listener goes, or the host: everything ends, and nothing is wanted any more.
    void end();

    std::vector<std::shared_ptr<HostEndpoint>> endpoints() const;

    qint64 links() const noexcept;

    // PeerDials
    Result<> want(const PeerTarget &target) override;
    void unwant(const QByteArray &key) override;

Q_SIGNALS:
    /// An endpoint that dialled was removed; its links may still end.
    void left(const fairlead::core::EndpointRuntimePtr &runtime);

private:
    struct Entry
    {
        PeerTarget target;
        std::shared_ptr<HostEndpoint> endpoint;
        PeerConnector *connector = nullptr; ///< the supervisor's
        QByteArray path; ///< that it dials
    };

    struct Made
    {
        std::shared_ptr<HostEndpoint> endpoint;
        std::unique_ptr<PeerConnector> connector;
    };

    QString nameOf(const QByteArray &key) const;
    SupervisedEndpoint *supervised(const QByteArray &key) const;
    static EndpointPlan planFor(const PeerTarget &target, const HostEndpoint &endpoint);
    EndpointSettings settingsFor(const PeerTarget &target) const;
    Result<Made> make(const PeerTarget &target);
    Result<> add(const PeerTarget &target);
    void change(Entry &entry, const PeerTarget &target);
    void remove(const QByteArray &key);
    void renewPath(Entry &entry);
    void dialNow(const QString &delayKey);
    void handleRemoved(const QString &name);
    std::map<QByteArray, Entry>::iterator findByName(const QString &name);
    void handleEvent(const EndpointEvent &event);

    Host m_host;
    SystemRandom m_random;
    DiscoverySchedule m_delays;
    std::weak_ptr<HostEndpoint> m_listener;
    std::map<QByteArray, Entry> m_entries;
    bool m_hasEnded = false;
};

} // namespace fairlead::core
