// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QJsonObject>

namespace fairlead::core {

/// The last line of DS-12's defence: in the details of an event, values whose name says that they
/// are secret or a payload are masked, and long texts are cut. Whoever fills an event leaves both
/// out in the first place.
void guardDetails(QJsonObject &details);

} // namespace fairlead::core
