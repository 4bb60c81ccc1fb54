// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>

#include <vector>

namespace fairlead::ship::samples {

struct Sample
{
    const char *name; ///< who sent it, and what it is
    QByteArray bytes;
};

/// What other stacks were seen to send, and what the schema allows beyond that: strict in form, so
/// reading one and writing it again gives the same bytes.
[[nodiscard]] std::vector<Sample> strict();

/// The same messages as other writers put them: order, white space, objects, unknown members.
[[nodiscard]] std::vector<Sample> tolerable();

/// What no peer should send.
[[nodiscard]] std::vector<Sample> broken();

} // namespace fairlead::ship::samples
