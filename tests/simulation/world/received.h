// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "simhost.h"

#include <memory>
#include <string>
#include <vector>

namespace fairlead::sim {

/// Of all that the link's peer got, in order.
inline std::vector<std::string> payloads(const SimLink &link)
{
    std::vector<std::string> list;
    for (const auto &got : link.record->got)
        list.push_back(got.payload);
    return list;
}

inline std::vector<std::string> payloads(const std::unique_ptr<SimLink> &link)
{
    return payloads(*link);
}

/// The payloads "first" to the one before "end".
inline std::vector<std::string> numbers(int first, int end)
{
    std::vector<std::string> list;
    for (int i = first; i < end; ++i)
        list.push_back(std::to_string(i));
    return list;
}

} // namespace fairlead::sim
