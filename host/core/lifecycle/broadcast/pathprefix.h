// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QString>

#include <fairlead/result.h>

namespace fairlead::core {

/// @p path without dot segments, repeated and trailing slashes; "/" stays. Nothing is looked up on
/// disk: a link in the path is the caller's matter. Errors: InvalidArgument for one that is empty,
/// not absolute or contains a null.
Result<QString> normalisedPath(const QString &path);

/// Whether @p path is @p prefix or lies below it, by whole components (BC-08): "/a/b" covers "/a/b/c"
/// and not "/a/bc". @p prefix is normalised, @p path need not be; one that cannot be is not covered.
bool coversPath(const QString &prefix, const QString &path);

} // namespace fairlead::core
