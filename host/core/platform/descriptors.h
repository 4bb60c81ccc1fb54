// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

namespace fairlead::core {

/// Raises the number of descriptors this process may open to what the system lets it, and returns
/// that number. Thread: main, before the reactors start.
qint64 raiseDescriptorLimit() noexcept;

} // namespace fairlead::core
