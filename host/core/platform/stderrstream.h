// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/platform/paths.h"

#include <QtCore/QByteArray>

namespace fairlead::core {

/// What the standard error stream leads to.
enum class StderrKind : quint8 {
    Journal, ///< the system's journal, which reads a priority before each line
    Terminal, ///< a person
    Other,
};

/// Thread: any.
StderrKind stderrKind(const Environment &environment) noexcept;

/// Writes @p line in one piece, so that lines of several threads do not mix. What cannot be written
/// is dropped: a full pipe must not stop the host. Thread: any.
void writeToStderr(const QByteArray &line) noexcept;

} // namespace fairlead::core
