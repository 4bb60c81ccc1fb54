// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/config/configerror.h"
#include "core/config/confignode.h"
#include "core/platform/paths.h"

#include <QtCore/QString>
#include <QtCore/QStringList>

namespace fairlead::core {

/// What a configuration is made of.
struct ConfigSources
{
    QString file; ///< with conf.d/*.toml beside it; empty for none
    bool fileIsNamed = false; ///< by the user: then its absence is an error
    Environment environment;
    QStringList settings; ///< "key.path=value", from the command line
};

/// The name an endpoint or a stream may have.
bool isEndpointName(const QString &name);

/// Lays the layers over each other: the file, conf.d in the order of the names, the environment, the
/// command line. "endpoint" and "stream" become tables by name, so that their entries merge by name;
/// without an endpoint in a file there is the default one. Thread: main; reads files.
ConfigNode readLayers(const ConfigSources &sources, ConfigErrors *errors);

} // namespace fairlead::core
