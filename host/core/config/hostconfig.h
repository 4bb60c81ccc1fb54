// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/carrier/carriersettings.h"
#include "core/config/confignode.h"
#include "core/distributor/overflowsettings.h"
#include "core/distributor/sessionkey.h"
#include "core/lifecycle/supervisor/endpointpolicy.h"
#include "core/observe/logformat.h"
#include "core/plugins/transportdescription.h"
#include "core/security/addressrules.h"
#include "core/store/ticket.h"

#include <QtCore/QJsonObject>
#include <QtCore/QList>
#include <QtCore/QString>
#include <QtCore/QStringList>
#include <QtCore/QUrl>
#include <QtNetwork/QHostAddress>

#include <fairlead/logger.h>

namespace fairlead::core {

// The configuration after every layer was laid over the defaults and every check has passed.
// Values; the defaults are hostschema.cpp's.

/// [host]
struct HostSettings
{
    QString stateDir; ///< absolute, or empty: see resolveStateFolder()
    int reactors = 0; ///< 0: half the processors, at least one
    QStringList pluginPath;
    QStringList disabledPlugins; ///< ids
    LogLevel logLevel = LogLevel::Info;
    LogFormat logFormat = LogFormat::Auto;
};

/// [limits]
struct Limits
{
    qint64 sessions = 0;
    qint64 subscriptionsPerSession = 0;
    qint64 maxSessionExpiry = 0; ///< seconds
    qint64 queueMessages = 0; ///< per session
    qint64 queueBytes = 0; ///< per session
    qint64 retainedMessages = 0;
    qint64 retainedBytes = 0;
    qint64 links = 0; ///< 0: what the descriptors allow, less 256
    qint64 linkRate = 0; ///< links that a peer may begin within a second; 0: any number
    bool linkRateLoopback = false; ///< also from this machine
};

/// [store]
struct StoreSettings
{
    bool enabled = true; ///< engine other than "none"
    QString path; ///< absolute, or empty: store.db in the state folder
    qint64 maxBytes = 0; ///< of the database
    qint64 maxWaitingBytes = 0; ///< on their way to it
    qint64 commitInterval = 0; ///< nanoseconds between two commits at least
};

/// One [[endpoint]]
struct EndpointSettings
{
    QString name;
    QUrl url; ///< with its port, unless the transport has none
    EndpointRole role = EndpointRole::Listen;
    Carrier carrier = Carrier::Tcp;
    CarrierSettings layers; ///< above the carrier
    QString transport; ///< type of the transport that serves the scheme
    QHostAddress address; ///< to listen on; null for a dialled one and in memory
    quint16 port = 0; ///< 0 on a listener: the system chooses
    QStringList command; ///< that launches the peer, the program first; empty: it is dialled
    QString workingDirectory; ///< of the command; empty: the host's
    QString serviceFloor; ///< lowest version of the services that register here; empty: none
    QStringList serviceVersions; ///< that alone may register; empty: all from the floor on
    bool allowAnonymous = false;
    qint64 handshakeTimeout = 0; ///< nanoseconds
    qint64 maxLinks = 0; ///< 0: no bound of its own
    Durability durability = Durability::Disk;
    AddressRules addressRules; ///< of a listener: from where peers may come
    qint64 idleTimeout = 0; ///< nanoseconds without traffic until it is quiesced; 0: never
    OverflowSettings overflow; ///< of its sessions' queues
    bool notices = true; ///< tell sessions what they lost
    PeerKind peerKind = PeerKind::External;
    bool enabled = true;
    EndpointPolicy policy; ///< how it is kept up
    QJsonObject options; ///< the plugin's keys, checked, defaults filled in
    ConfigOrigin origin;

    /// Whether a reload must replace the endpoint; where it was written does not matter.
    bool isSameAs(const EndpointSettings &other) const;
};

} // namespace fairlead::core
