// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "control/controlcommands.h"

#include <QByteArray>
#include <QJsonObject>

namespace fairlead::cli {

/// What the daemon answered, for people.
[[nodiscard]] QByteArray resultText(ControlCommandId command, const QJsonObject &result);
/// One line of an event.
[[nodiscard]] QByteArray eventText(const QJsonObject &event);

} // namespace fairlead::cli
