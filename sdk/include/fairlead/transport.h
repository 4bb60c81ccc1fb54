// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QJsonObject>
#include <QtCore/QObject>
#include <QtCore/QString>
#include <QtCore/QUrl>

#include <fairlead/export.h>
#include <fairlead/linkdriver.h>
#include <fairlead/result.h>

#include <memory>

namespace fairlead {

class HostServices;
class OperationTarget;

/// One configured endpoint, checked against the schema in the plugin's metadata, defaults filled
/// in.
struct EndpointConfig
{
    QString name;
    QUrl url;
    QJsonObject options; ///< the plugin's own keys
    /// Who the host is to its peers, where the metadata say "identity": "self-signed": the key
    /// identifier of its certificate, in 40 lower-case hex digits.
    QByteArray identity = {};
    /// Whom a dialler dials there, in the same form.
    QByteArray peer = {};
};

/// An endpoint that peers dial. The host owns the listening socket, accepts, and asks for a driver
/// per link; for links to peers that it wanted of PeerDials too.
///
/// Thread: created and destroyed on the main thread; createDriver() on any reactor, several at
/// once. Ownership: the host's; outlives its drivers. @since 0.1
class FAIRLEAD_SDK_EXPORT Listener
{
public:
    virtual ~Listener();

    /// A driver for one accepted link. Null refuses the link.
    virtual std::unique_ptr<LinkDriver> createDriver(const LinkContext &context) = 0;
    /// Who takes part in the host's operations for this endpoint, alive as long as it. Default:
    /// null, and the host answers NotSupported in its place. Thread: main.
    virtual OperationTarget *operations();
    /// It listens on @p port, the real one (0 in memory), and peers may come. Said anew whenever it
    /// listens again. Default: nothing. Thread: main.
    virtual void handleListening(quint16 port);
    /// It does not listen any more: to be withdrawn where it was announced. Follows each
    /// handleListening(), but for the endpoint's destruction. Default: nothing. Thread: main.
    virtual void handleStopped();
};

/// An endpoint that dials its peer; the host owns the dial and its deadline. Threads and ownership
/// as with Listener. @since 0.1
class FAIRLEAD_SDK_EXPORT Dialler
{
public:
    virtual ~Dialler();

    virtual std::unique_ptr<LinkDriver> createDriver(const LinkContext &context) = 0;
    /// As Listener::operations().
    virtual OperationTarget *operations();
};

/// The root object of a plugin: makes endpoints for the URL schemes its metadata names.
///
/// Thread: main. Ownership: the host's; stateless, one per process. Errors: coded, in the Result;
/// NotSupported for a role the transport does not have. @since 0.1
class FAIRLEAD_SDK_EXPORT TransportFactory
{
public:
    virtual ~TransportFactory();

    /// The transport types it offers; the host compares them with the metadata.
    virtual QStringList types() const = 0;
    virtual Result<std::unique_ptr<Listener>> createListener(const EndpointConfig &config,
                                                             HostServices &host)
        = 0;
    virtual Result<std::unique_ptr<Dialler>> createDialler(const EndpointConfig &config,
                                                           HostServices &host)
        = 0;
};

} // namespace fairlead

#define FAIRLEAD_TRANSPORTFACTORY_IID "org.fairlead.TransportFactory/1"
Q_DECLARE_INTERFACE(fairlead::TransportFactory, FAIRLEAD_TRANSPORTFACTORY_IID)
