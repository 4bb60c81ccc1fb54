// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QString>

#include <fairlead/error.h>

namespace fairlead::core {

/// The system's words for @p number, an errno value. Thread: any.
QString systemText(int number);

/// "<what>: <system's words>" under the code that fits @p number, else @p fallback.
Error systemError(int number, const QString &what, ErrorCode fallback = ErrorCode::Internal);

} // namespace fairlead::core
