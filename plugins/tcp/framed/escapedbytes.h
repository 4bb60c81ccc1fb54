// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QString>

#include <optional>
#include <string>

namespace fairlead::tcp {

/// The bytes that a text of the configuration means: its UTF-8, in which \r, \n, \t, \0, \\ and
/// \xHH stand for one byte each. Empty when a backslash begins something else.
std::optional<std::string> parseEscapedBytes(const QString &text);

} // namespace fairlead::tcp
