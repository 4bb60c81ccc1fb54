// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

namespace fairlead::core {

/// The bytes of this process that are in memory; -1 where the system does not tell. Thread: any.
qint64 residentMemory();

} // namespace fairlead::core
