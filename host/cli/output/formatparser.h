// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "output/formatstring.h"

namespace fairlead::cli {

/// Takes a format string apart.
[[nodiscard]] Failure parseFormat(const QByteArray &text, std::vector<FormatString::Piece> &pieces);

} // namespace fairlead::cli
