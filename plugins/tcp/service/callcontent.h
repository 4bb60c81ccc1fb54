// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "service/jsonline.h"
#include "service/jsontree.h"

#include <fairlead/error.h>

namespace fairlead::tcp {

/// What a peer says went wrong, as the `failure` of the schema. The code is its own word.
Error failureOf(const JsonValue &failure);

/// A call's body: a JSON value, or a text that is none, or else base64.
void appendBody(JsonLine &line, const QByteArray &body);

} // namespace fairlead::tcp
