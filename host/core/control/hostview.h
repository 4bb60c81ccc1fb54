// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/plugins/pluginrecord.h"
#include "core/store/ticket.h"

#include <QtCore/QList>
#include <QtCore/QString>
#include <QtCore/QStringList>

#include <fairlead/error.h>

#include <optional>

namespace fairlead::core {

/// One configured endpoint as the control plane shows it; times are monotonic nanoseconds.
struct EndpointView
{
    QString name;
    QString url; ///< with the real port once it listens
    QString role; ///< "listen" or "dial"
    QString transport;
    QString state; ///< "running", "failed", ...
    std::optional<qint64> links;
    qint64 since = 0; ///< of the state
    quint64 generation = 0;
    quint64 attempts = 0;
    quint64 pluginFailures = 0; ///< how often its plugin threw
    QString quiesced; ///< why it takes no new work; empty when it does
    std::optional<qint64> nextRetry;
    QString peer; ///< who is or was at the other end
    Durability durability = Durability::Disk; ///< what its peers are promised
    Error reason; ///< why the last link or attempt ended; null: none did
    bool isUp = false; ///< it does what it is there for; not while it is quiesced
    bool isWanted = true; ///< false: by configuration or by the operator it is to be down
};

/// What the control plane shows of a host beyond what it can ask the reactors. Thread: main.
class HostView
{
public:
    enum class State : quint8 {
        Starting,
        Running,
        Degraded, ///< serves, but not all that is configured
        Stopping,
    };

    virtual ~HostView() = default;

    virtual State state() const = 0;
    /// In the order of the configuration.
    virtual QList<EndpointView> endpoints() const = 0;
    virtual QList<PluginRecord> plugins() const = 0;
    /// Why it is not ready, or not whole, in plain words; endpoints tell theirs themselves.
    virtual QStringList reasons() const = 0;
};

/// "running"
const char *stateName(HostView::State state) noexcept;

} // namespace fairlead::core
