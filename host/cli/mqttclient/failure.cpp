// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "mqttclient/failure.h"

namespace fairlead::cli {

QByteArray reasonName(mqtt::ReasonCode reason)
{
    return QByteArray(mqtt::toText(reason)).toLower().replace(' ', '-');
}

} // namespace fairlead::cli
