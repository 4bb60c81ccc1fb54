// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "service/jsontree.h"

#include <QtCore/QByteArray>

namespace fairlead::tcp {

/// @p raw, which stood between the quotes of a good string, with its escapes resolved to UTF-8.
QByteArray unescaped(Bytes raw);

/// What a string value says.
QByteArray stringOf(const JsonValue &value);

/// Appends @p text, which is UTF-8, as a JSON string with its quotes.
void appendQuoted(QByteArray &out, Bytes text);

/// Appends @p json, which is a good JSON text, on one line: without white space between its values.
void appendCompact(QByteArray &out, Bytes json);

} // namespace fairlead::tcp
