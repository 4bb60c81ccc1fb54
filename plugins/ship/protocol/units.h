// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

namespace fairlead::ship {

constexpr qint64 kNsPerMs = 1'000'000;

} // namespace fairlead::ship
