// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/config/configerror.h"

#include <QtCore/QJsonObject>
#include <QtNetwork/QHostAddress>

namespace fairlead::core {

/// [control]
struct ControlSettings
{
    QString socket; ///< absolute, or empty: see resolveControlPath()
    bool httpEnabled = true;
    bool httpIsNamed = false; ///< by the operator: that it cannot be used is an error of the start
    QHostAddress httpAddress;
    quint16 httpPort = 0; ///< 0: the system chooses
    int eventBuffer = 0;
};

/// @p values are the table's, with defaults; @p node is the table as it was written, null if it was
/// not. Errors: ConfigRange, ConfigInsecure for HTTP that other machines reach without
/// http_anywhere.
ControlSettings readControlSettings(const QJsonObject &values,
                                    const ConfigNode *node,
                                    ConfigErrors *errors);

} // namespace fairlead::core
