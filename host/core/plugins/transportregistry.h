// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/plugins/plugincatalogue.h"

#include <QtCore/QHash>
#include <QtCore/QString>
#include <QtCore/QStringList>

#include <fairlead/operatorcommands.h>
#include <fairlead/result.h>
#include <fairlead/transport.h>

#include <memory>
#include <vector>

namespace fairlead::core {

/// A transport that can be used.
struct Transport
{
    TransportDescription description;
    TransportFactory *factory = nullptr; ///< the registry's
};

/// The loaded plugins' transports by URL scheme. Libraries are never unloaded; the root objects die
/// with the registry, which dies before the application object. Thread: main.
class TransportRegistry
{
public:
    /// A plugin that operators can act on at run time.
    struct Commanded
    {
        PluginMetadata metadata;
        OperatorCommands *target = nullptr; ///< the registry's
    };

    TransportRegistry();
    ~TransportRegistry();
    TransportRegistry(const TransportRegistry &) = delete;
    TransportRegistry &operator=(const TransportRegistry &) = delete;

    /// Loads every accepted plugin of @p catalogue, which keeps the verdict of those that fail and
    /// must outlive the registry. Called once.
    void load(PluginCatalogue &catalogue);

    /// A transport whose factory is somebody else's, for tests and for what is built in.
    /// Errors: AlreadyExists for a scheme that is served.
    Result<> add(const TransportDescription &description, TransportFactory &factory);

    /// Those that offer commands, in the order of their loading.
    const std::vector<Commanded> &commanded() const noexcept { return m_commanded; }

    QStringList schemes() const;
    /// Errors: UnknownScheme, with the available ones (PL-01).
    Result<Transport> find(const QString &scheme) const;

private:
    class Plugin;

    const PluginCatalogue *m_catalogue = nullptr;
    std::vector<std::unique_ptr<Plugin>> m_plugins;
    std::vector<Commanded> m_commanded;
    QHash<QString, Transport> m_transports; // by scheme
};

} // namespace fairlead::core
